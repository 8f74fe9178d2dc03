"""Time and memory of a forecast with distributions, from ten thousand to a million series.

    python benchmarks/forecasting/million.py [--series 10000 ...] [--days 365] [--horizon 28]
        [--workers 2]

A synthetic shop of 10 locations: daily demand from intermittent to fast movers with weekdays, a
trend, events for the whole shop with a discount, 5 % of the days cut short by a stock-out, and 5 %
of the SKUs launched on the way. Every size is generated, fitted, and forecast in a process of its
own, and the total of a 14-day protection interval gets its quantiles. Memory is the peak resident
set after each part, with the panel in it; ``growth`` is the exponent between two sizes.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import numpy as np

from forecasting.model import fit
from forecasting.params import ModelParams
from pipelines.night.blocks import BlockRun, forecast_in_blocks
from stockwright.calendar import Calendar
from stockwright.panel import Covariates, DemandPanel, SeriesIndex, Status

SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
LOCATIONS, CATEGORIES, BRANDS, CHUNK = 10, 60, 200, 10_000
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)
PROTECTION, BLOCK = 14, 2000
PARTS = ("panel", "fit", "context", "predict", "totals")
#: First days of events, their length and uplift.
EVENTS, EVENT_DAYS, UPLIFT, CUT = (80, 168, 300, 370), 7, 3.0, 0.3


def shop_index(series: int) -> SeriesIndex:
    """SKUs at 10 locations each."""
    skus = -(-series // LOCATIONS)
    return SeriesIndex(
        tuple(f"{i:07d}" for i in range(skus)),
        tuple(f"w{i}" for i in range(LOCATIONS)),
        np.repeat(np.arange(skus, dtype=np.int32), LOCATIONS)[:series],
        np.tile(np.arange(LOCATIONS, dtype=np.int32), skus)[:series],
    )


def shop_events(days: int) -> Covariates:
    """Events of the whole shop, with a discount; prices are not known."""
    event = np.zeros((1, days), np.int16)
    for first in EVENTS:
        event[:, first : first + EVENT_DAYS] = 1
    return Covariates(
        price=np.full((1, days), np.nan, np.float32),
        discount=np.where(event > 0, CUT, 0).astype(np.float32),
        event=event,
        phase=event,
        event_names=("festival",),
        phase_names=("burst",),
    )


def shop_panel(series: int, days: int, horizon: int, seed: int = 1) -> DemandPanel:
    """The synthetic shop's panel."""
    rng = np.random.default_rng(seed)
    index, covariates = shop_index(series), shop_events(days + horizon)
    sku, skus, date = index.sku, len(index.skus), np.arange(days)
    shape = 1 + 0.25 * np.sin(2 * np.pi * date / 7) + 0.1 * np.sin(2 * np.pi * date / 364)
    shape *= np.where(covariates.event[0, :days] > 0, UPLIFT, 1.0)
    popular = rng.normal(-2, 1.6, skus)
    born = np.where(rng.random(skus) < 0.05, rng.integers(30, days - 7, skus), 0)
    demand = np.empty((series, days), np.float32)
    in_stock, status = np.ones_like(demand), np.full(demand.shape, Status.OBSERVED, np.uint8)
    for first in range(0, series, CHUNK):
        part = slice(first, min(first + CHUNK, series))
        share, kind = in_stock[part], status[part]
        short = rng.random(share.shape, np.float32) < 0.05
        share[short] = rng.random(int(short.sum()), np.float32)
        kind[short] = Status.CENSORED
        before = date < born[sku[part]][:, None]
        kind[before], share[before] = Status.NOT_LISTED, 0.0
        rate = np.exp(popular[sku[part]] + rng.normal(0, 0.5, len(share)))
        demand[part] = rng.poisson(rate[:, None] * (shape * share))
    fine = rng.integers(0, CATEGORIES, skus)
    codes = {"category_1": fine // 6, "category_2": fine, "brand": rng.integers(0, BRANDS, skus)}
    return DemandPanel(
        index=index,
        calendar=Calendar("day", np.datetime64("2025-01-06", "D")),
        demand=demand,
        status=status,
        in_stock=in_stock,
        covariates=covariates,
        launch=born[sku].astype(np.int32),
        attributes={name: values[sku].astype(np.int32) for name, values in codes.items()},
    )


class Watch:
    """Seconds and peak gigabytes of the process at the end of each part."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.gigabytes: dict[str, float] = {}
        self._began = time.perf_counter()

    def done(self, part: str) -> None:
        """A part has ended."""
        now = time.perf_counter()
        self.seconds[part] = now - self._began
        self.gigabytes[part] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        self._began = now


def measured(given: argparse.Namespace, series: int) -> dict[str, Any]:
    """One size, in this process."""
    watch = Watch()
    panel = shop_panel(series, given.days, given.horizon)
    watch.done("panel")
    params = ModelParams.for_period("day", given.horizon)
    model = fit(panel, replace(params, threads=given.workers))
    watch.done("fit")
    context = model.context(panel)
    watch.done("context")
    # Blocks run side by side, so each has one thread.
    alone = replace(model, params=replace(model.params, threads=1))
    forecast, failed = forecast_in_blocks(
        lambda block: alone.predict(block, given.horizon, context),
        panel,
        given.horizon,
        BlockRun(BLOCK, given.workers, 0.0),
        lambda _: None,
    )
    watch.done("predict")
    quantiles = forecast.total(1, PROTECTION).quantile(LEVELS)
    watch.done("totals")
    ordered = bool((np.diff(quantiles, axis=1) >= 0).all() and np.isfinite(quantiles).all())
    if failed or not ordered:
        raise SystemExit(f"{len(failed)} series failed; quantiles rise: {ordered}")
    return {
        "series": series,
        "seconds": watch.seconds,
        "gigabytes": watch.gigabytes,
        "units": float(forecast.mean.sum() / given.horizon),
        "sold": float(panel.demand[:, -28:].sum() / 28),
    }


def show(found: list[dict[str, Any]]) -> None:
    """The last size as a row, with growth since the one before."""
    here = found[-1]
    seconds, peak = here["seconds"], here["gigabytes"]["totals"]
    whole = sum(seconds[part] for part in PARTS[1:])
    cells = [f"{seconds[part]:.1f}" for part in PARTS] + [f"{whole:.1f}", f"{peak:.2f}"]
    if len(found) > 1:
        before = found[-2]
        scale = math.log(here["series"] / before["series"])
        slower = whole / sum(before["seconds"][part] for part in PARTS[1:])
        larger = peak / before["gigabytes"]["totals"]
        cells += [f"{math.log(slower) / scale:.2f}", f"{math.log(larger) / scale:.2f}"]
    print(f"{here['series']} | " + " | ".join(cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, nargs="+", default=SIZES)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--horizon", type=int, default=28)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--alone", action="store_true", help="one size in this process, as JSON")
    given = parser.parse_args()
    if given.alone:
        print(json.dumps(measured(given, given.series[0])))
        return
    print("series | " + " | ".join(PARTS) + " | without panel s | peak GB | growth s | growth GB")
    found = []
    for series in given.series:
        command = [sys.executable, __file__, "--alone", "--series", str(series)]
        for name in ("days", "horizon", "workers"):
            command += [f"--{name}", str(getattr(given, name))]
        run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found.append(json.loads(run.stdout))
        show(found)


if __name__ == "__main__":
    main()
