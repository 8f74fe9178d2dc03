"""Forecasts of the demo shop with and without the seasons that its products name.

    python benchmarks/forecasting/named_seasons.py [--seeds 2 3] [--skus 400]
    python benchmarks/forecasting/named_seasons.py --report       seeds 21, 22, 23

At the close of each date of DATES a model is fitted twice on the recorded sales, once with the
attribute ``attr_season`` and once as if the products had none. Told are absolute error, error and
overestimate of each SKU's sums over days 1-14, 15-42, 43-91 and 1-91 against its true mean demand,
each over the true mean demand of all.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features.context import SEASON_GROUP
from forecasting.model import fit
from forecasting.params import ModelParams
from pipelines.assemble import assemble
from pipelines.config import load_config
from pipelines.demo import Truth, write_demo
from pipelines.ingest import read_tables
from stockwright.panel import DemandPanel

DATES = ("2024-12-08", "2025-02-09", "2025-04-27", "2025-06-22", "2025-08-10", "2025-10-05")
SPANS = {"1-14": (0, 14), "15-42": (14, 42), "43-91": (42, 91), "1-91": (0, 91)}
HORIZON, DAYS = 91, 1200
DAY = np.timedelta64(1, "D")


def panel_of(folder: Path, date: np.datetime64) -> DemandPanel:
    """The panel at the close of a date, with what is known for 91 days ahead."""
    config = load_config(folder=folder)
    model = config.model.model_copy(update={"history_days": DAYS})
    config = config.model_copy(update={"horizon": HORIZON, "model": model})
    situation = assemble(read_tables(str(folder), config, date), config, date)
    return replace(situation.panel, demand=situation.sold)


def errors(panel: DemandPanel, truth: Truth, date: np.datetime64) -> NDArray[np.float64]:
    """Absolute error, error, overestimate and true mean of each span, (spans, 4) units."""
    params = replace(ModelParams.for_period("day", HORIZON), country="CN", threads=1)
    model = fit(panel, params)
    forecast = model.predict(panel, HORIZON, model.context(panel)).expected
    index, skus = panel.index, len(panel.index.skus)
    rows = truth.rows(index.sku_names(), index.location_names())
    first = int((date - truth.first_date) / DAY) + 1
    means = truth.means[first : first + HORIZON].transpose(1, 2, 0).reshape(-1, HORIZON)
    means = means[np.maximum(rows, 0)] * (rows >= 0)[:, None]
    found = []
    for start, stop in SPANS.values():
        told, true = (
            np.bincount(index.sku, each[:, start:stop].sum(axis=1), skus)
            for each in (forecast, means)
        )
        miss = told - true
        found.append([np.abs(miss).sum(), miss.sum(), np.maximum(miss, 0).sum(), true.sum()])
    return np.array(found)


def without_seasons(panel: DemandPanel) -> DemandPanel:
    """The panel as if the products did not name a season."""
    left = {k: v for k, v in panel.attributes.items() if k not in (SEASON_GROUP, "attr_season")}
    return replace(panel, attributes=left)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--report", action="store_true", help="the seeds that are reported")
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3])
    parser.add_argument("--skus", type=int, default=400)
    call = parser.parse_args()
    for seed in (21, 22, 23) if call.report else call.seeds:
        total = {"without": np.zeros((len(SPANS), 4)), "with": np.zeros((len(SPANS), 4))}
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "shop"
            write_demo(folder, skus=call.skus, days=DAYS, seed=seed)
            truth = Truth.load(folder)
            for text in DATES:
                date = np.datetime64(text)
                panel = panel_of(folder, date)
                total["with"] += errors(panel, truth, date)
                total["without"] += errors(without_seasons(panel), truth, date)
        for name, sums in total.items():
            share = sums[:, :3] / sums[:, 3:]
            told = " | ".join(
                f"days {span}: {a:.3f} {b:+.3f} {c:.3f}"
                for span, (a, b, c) in zip(SPANS, share, strict=True)
            )
            print(f"seed {seed} {name:>7}: {told}", flush=True)


if __name__ == "__main__":
    main()
