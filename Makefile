# Everything sets itself up from Python 3.11, pip and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ROOMS := stockwright features forecasting replenishment pipelines experiments planner
# Each in an environment of its own: what they want does not go together.
SIMULATION_PEERS := stockpyl stockcast replenishment
SOURCES := $(ROOMS) tests benchmarks examples

# Two LightGBM threads beside another busy process are slow unless waiting threads sleep.
export OMP_WAIT_POLICY ?= PASSIVE

# The store of runs/ in a browser: make ui PORT=5001 where 5000 is taken.
PORT ?= 5000

.PHONY: setup peers nightly ui check test test-all wheel-test lock clean help

help:
	@echo "make nightly   demo shop -> tonight's plan under runs/"
	@echo "make ui        MLflow on the store of runs/, http://127.0.0.1:$(PORT)"
	@echo "make test      checks, tests, and the built wheel tried in a clean environment"
	@echo "make test-all  the same with the slow matrix"
	@echo "make check     ruff, format, mypy --strict, import contracts, size limits"
	@echo "make peers     the environments of the benchmarks' peers"
	@echo "make lock      pin the dependencies again"

setup: $(STAMP)

$(STAMP): requirements/dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("stockwright needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

peers: .peers/.installed $(SIMULATION_PEERS:%=.peers-replenishment/%/.installed)

.peers/.installed: requirements/peers.lock
	test -x .peers/bin/python || $(PYTHON) -m venv .peers
	.peers/bin/python -m pip install --quiet --require-hashes -r requirements/peers.lock
	touch $@

.peers-replenishment/%/.installed: requirements/replenishment-peers/%.lock
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --require-hashes -r $<
	touch $@

demo-shop/.written: | $(STAMP)
	$(BIN)/stockwright demo demo-shop
	touch $@

nightly: $(STAMP) demo-shop/.written
	$(BIN)/stockwright nightly --data demo-shop --date $$($(BIN)/python -c 'from pipelines.demo import DEMO_LAST_DATE; print(DEMO_LAST_DATE)') --out runs

ui: $(STAMP)
	@test -f runs/mlflow.db || { echo "nothing is tracked in runs/ yet: run make nightly first"; exit 1; }
	MLFLOW_DISABLE_TELEMETRY=true MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false $(BIN)/mlflow server --backend-store-uri sqlite:///runs/mlflow.db --default-artifact-root runs/mlflow-artifacts --host 127.0.0.1 --port $(PORT) --workers 1

check: $(STAMP)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest tests/architecture

test: check
	$(BIN)/pytest -n 2 --dist loadfile -m "not slow" --ignore tests/architecture
	$(MAKE) wheel-test

test-all: check
	$(BIN)/pytest -n 2 --dist loadfile --ignore tests/architecture
	$(MAKE) wheel-test

wheel-test: $(STAMP)
	bash tests/wheel/try_wheel.sh $(BIN)/python

lock: $(STAMP)
	$(BIN)/python requirements/compile.py

clean:
	rm -rf $(VENV) .peers .peers-replenishment dist build demo-shop demo-shop-truth runs
