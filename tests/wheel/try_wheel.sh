#!/usr/bin/env bash
# Build the wheel, install it into a clean environment outside the repository, and use it there:
# import every room, write a small demo shop, run a night, and look for the plan.
set -euo pipefail
python="$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"
root="$(cd "$(dirname "$0")/../.." && pwd)"
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT

cd "$root"
"$python" -m build --wheel --no-isolation --outdir "$place/dist" . >"$place/build.log" 2>&1 ||
    { cat "$place/build.log"; exit 1; }
"$python" -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --no-compile --require-hashes -r requirements/run.lock
"$place/venv/bin/python" -m pip install --quiet --no-deps "$place"/dist/*.whl

cd "$place"
venv/bin/python -c 'import stockwright, features, forecasting, replenishment, pipelines, experiments, planner
from pipelines.demo import DEMO_LAST_DATE
assert not stockwright.__file__.startswith("'"$root"'"), stockwright.__file__
print(DEMO_LAST_DATE, file=open("date", "w"))'
venv/bin/stockwright demo shop --skus 40 --days 400
venv/bin/stockwright nightly --data shop --date "$(cat date)" --out runs
for file in orders.csv transfers.csv policy.csv policy.parquet forecasts.parquet exceptions.csv \
    rejected_rows.csv plan.xlsx summary.json manifest.json; do
    test -s "runs/latest/$file" || { echo "the wheel's night wrote no $file"; exit 1; }
done
test -s runs/mlflow.db || { echo "the wheel's night was not tracked"; exit 1; }
echo "wheel: installed outside the repository, ran a night, published a whole plan"
