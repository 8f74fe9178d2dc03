"""What MLflow has of a night and of an experiment, and that it has each of them once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments.record import Record, Segment
from experiments.tracking.attempt import track
from experiments.tracking.log import Tracked, Tracker
from experiments.tracking.store import store_of
from experiments.tracking.waiting import WaitingList, runs_of
from experiments.tracking.written import Written, track_one
from pipelines.config.tracking import TrackingConfig
from stockwright.errors import ConfigError

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("tracking")]


def runs_in(folder: Path, experiment: str, nested: bool) -> list[Any]:
    """Runs of an experiment in the store of a folder of runs."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{folder.resolve() / 'mlflow.db'}")
    found = client.get_experiment_by_name(experiment)
    every = client.search_runs([found.experiment_id])
    return [run for run in every if ("mlflow.parentRunId" in run.data.tags) == nested]


def log(runs: Path, folder: Path) -> Tracked:
    """Track a folder in this process."""
    folder = folder.resolve()
    with Written([folder]) as written:
        return track_one(Tracker(store_of(TrackingConfig(), runs)), folder, written)


def artifacts_of(folder: Path, run: Any) -> set[str]:
    place = Path(run.info.artifact_uri)
    return {str(file.relative_to(place)) for file in place.rglob("*") if file.is_file()}


def test_a_night_is_one_run_with_its_figures_settings_data_plots_and_model(stored: Path) -> None:
    assert [log(stored, stored / "latest").new for _ in range(2)] == [True, False]
    (run,) = runs_in(stored, "stockwright/night", nested=False)
    summary = json.loads((stored / "latest" / "summary.json").read_text())
    manifest = json.loads((stored / "latest" / "manifest.json").read_text())
    figures = {name: one["value"] for name, one in summary["kpis"].items()}
    known = {name: value for name, value in figures.items() if value is not None}
    assert {name: run.data.metrics[name] for name in known} == pytest.approx(known)
    assert run.data.params["model.trees"] == "5"
    assert run.info.status == "FINISHED"
    data = {one.dataset.name: one.dataset.digest for one in run.inputs.dataset_inputs}
    assert data == {one["name"]: one["sha256"][:36] for one in manifest["inputs"]}
    wanted = {"run.json", "report.md", "keys.parquet", "model/MLmodel", "model/requirements.txt"}
    wanted |= {f"plots/{name}.png" for name in ("fans", "trade_off", "staircase", "calibration")}
    assert wanted <= artifacts_of(stored, run)


def test_keys_of_segments_add_up_to_those_of_the_night(stored: Path) -> None:
    log(stored, stored / "latest")
    (run,) = runs_in(stored, "stockwright/night", nested=False)
    segments = runs_in(stored, "stockwright/night", nested=True)
    for kind in ("abc", "category", "location"):
        own = [one for one in segments if one.data.params["segment_kind"] == kind]
        assert sum(one.data.metrics["keys"] for one in own) == run.data.metrics["keys"]
    assert {one.data.tags["mlflow.parentRunId"] for one in segments} == {run.info.run_id}


@pytest.mark.slow
def test_what_waited_is_tracked_by_the_next_night(stored: Path) -> None:
    store = (stored / "mlflow.db").read_bytes()
    (stored / "mlflow.db").write_bytes(b"torn " * 4096)
    earlier, latest = (stored / str(date) for date in sorted(dates(stored)))
    assert track(stored, TrackingConfig(), earlier).waiting == 1
    (stored / "mlflow.db").write_bytes(store)
    answer = track(stored, TrackingConfig(), latest)
    assert (answer.tracked, answer.waiting) == (2, 0)
    assert len(runs_in(stored, "stockwright/night", nested=False)) == 2
    assert track(stored, TrackingConfig()).sentence(stored) == ""


def dates(runs: Path) -> list[str]:
    return [path.name for path in runs.iterdir() if path.name[:2] == "20"]


@pytest.mark.slow
def test_a_run_that_was_cut_off_is_logged_anew_and_a_whole_one_is_left(stored: Path) -> None:
    from mlflow import MlflowClient

    log(stored, stored / "latest")
    (run,) = runs_in(stored, "stockwright/night", nested=False)
    client = MlflowClient(f"sqlite:///{stored.resolve() / 'mlflow.db'}")
    client.update_run(run.info.run_id, status="RUNNING")
    log(stored, stored / "latest")
    (anew,) = runs_in(stored, "stockwright/night", nested=False)
    assert anew.info.run_id != run.info.run_id
    nested = runs_in(stored, "stockwright/night", nested=True)
    assert {one.data.tags["mlflow.parentRunId"] for one in nested} == {anew.info.run_id}


def test_an_experiment_is_tracked_from_its_folder_and_anew_when_it_came_out_otherwise(
    stored: Path,
) -> None:
    folder = stored / "experiments" / "backtest-base-0123456789ab"
    folder.mkdir(parents=True)
    pd.DataFrame({"sku": ["a"], "wape": [0.5]}).to_parquet(folder / "series.parquet")
    part = Segment("origin 2025-01-05", {"wape": 0.25}, {"origin": "2025-01-05"})
    many = {f"metric.{number}": float(number) for number in range(1200)}
    for wape in (0.5, 0.5, 0.4):
        Record("backtest", "base", {"origins": 2}, {"wape": wape} | many, {}, (part,)).write(folder)
        log(stored, folder)
    found = runs_in(stored, "stockwright/backtest", nested=False)
    assert sorted(run.data.metrics["wape"] for run in found) == [0.4, 0.5]
    assert found[0].data.metrics["metric.1199"] == 1199.0
    assert artifacts_of(stored, found[0]) == {"run.json", "series.parquet"}
    (nested, _) = runs_in(stored, "stockwright/backtest", nested=True)
    assert nested.data.metrics == {"wape": 0.25}


def test_a_folder_that_is_gone_no_longer_waits(runs: Path) -> None:
    waiting = WaitingList(runs)
    gone = runs / "experiments" / "replay-x"
    gone.mkdir(parents=True)
    waiting.add(gone)
    assert [one.folder for one in waiting.all()] == ["experiments/replay-x"]
    gone.rmdir()
    assert waiting.all() == []


def test_a_folder_that_no_run_or_experiment_ended_in_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no published run and no finished experiment"):
        runs_of(tmp_path)


@pytest.mark.slow
def test_the_registered_model_forecasts_from_a_table_of_sales(stored: Path, shop: Path) -> None:
    import mlflow

    log(stored, stored / "latest")
    mlflow.set_tracking_uri(f"sqlite:///{stored.resolve() / 'mlflow.db'}")
    model = mlflow.pyfunc.load_model("models:/stockwright-demand/1")
    sales = pd.read_parquet(shop / "sales.parquet")
    kinds = {"sku": str, "location": str, "units": "float64"}
    history = sales[["sku", "location", "date", "units"]].astype(kinds)
    history["date"] = pd.to_datetime(history["date"])
    found = model.predict(history, params={"horizon": 7})
    assert set(found.columns) == {"sku", "location", "date", "mean", *QUANTILES}
    assert found.groupby(["sku", "location"]).size().eq(7).all()
    assert (found["mean"] >= 0).all()
    assert found[QUANTILES].diff(axis=1).iloc[:, 1:].ge(0).all().all()


QUANTILES = ["q50", "q80", "q90", "q95", "q99"]
