"""The first four weeks of life against the mean of like products with a fixed spread.

    STOCKWRIGHT_DATA=... python benchmarks/forecasting/cold_start.py [online_retail] [demo]
        [--earlier] [--seeds 11 12 13]

A launch counts where it lies after an origin and its first four weeks end within the horizon: the
forecast knows the product, its attributes, its price and the launch date, and none of its sales.
The yardstick knows the demand of the first four weeks of all earlier launches: the mean rate of
its category (of the whole shop where there are none) and one negative binomial dispersion, by
moments, for all. Online Retail dates no launches; the week of the first sale stands for it, which
both sides are told.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import numpy as np
from cases import (
    DEMO_DAYS,
    EARLIER_SEEDS,
    REPORT_SEEDS,
    converted,
)
from numpy.typing import NDArray
from rounds import ROOT, Bools, Floats, cut, sources_hash
from tally import ratio_interval

from experiments.metrics.calibration import coverage, pit_bounds
from experiments.metrics.losses import LEVELS, pinball
from forecasting.model import fit
from forecasting.params import ModelParams
from pipelines.assemble.build import assemble
from pipelines.config.load import load_config
from pipelines.demo import Truth, write_demo
from pipelines.ingest.read import read_tables
from stockwright.distribution import Distribution
from stockwright.panel import DemandPanel

#: A larger shop than that of the other case, and nights before a month with launches.
DEMO_SKUS = 1000
DEMO_ORIGINS = ("2024-07-27", "2024-09-21", "2024-12-28", "2025-02-22", "2025-04-26")


@dataclass(frozen=True)
class Launches:
    """An origin with launches after it.

    panel: as known at the origin. life: periods of the first four weeks. demand: (series, period)
    of the whole time, for the first weeks of earlier launches. rows: series that launch in time.
    units: (rows,) demand of their first four weeks. earlier: (series,) launches whose first four
    weeks had closed by the origin, and were not cut off by the start of the data.
    """

    label: str
    panel: DemandPanel
    country: str
    life: int
    demand: Floats
    rows: NDArray[np.int64]
    units: Floats
    earlier: Bools


def first_weeks(demand: Floats, launch: NDArray[np.int64], life: int) -> Floats:
    """Demand of the first ``life`` periods from each launch on."""
    running = np.cumsum(np.pad(demand, ((0, 0), (1, 0))), axis=1)
    width = demand.shape[1]
    start, stop = np.clip(launch, 0, width), np.clip(launch + life, 0, width)
    rows = np.arange(len(demand))
    return np.asarray(running[rows, stop] - running[rows, start])


def online_retail(earlier: bool, cache: Path) -> Iterator[Launches]:
    """Launches of the weeks after each of six origins."""
    whole = converted("online_retail", np.datetime64("2011-10-09"), cache)
    demand = whole.demand.astype(np.float64)
    launch = whole.launch.astype(np.int64)
    first = 56 if earlier else 28
    for back in range(first, first - 24, -4):
        origin = whole.origin - back
        panel = cut(whole, origin, 8)
        yield _launches(str(panel.calendar.last_day(origin)), panel, "GB", 4, demand, launch, 8)


def demo(seeds: tuple[int, ...], cache: Path) -> Iterator[Launches]:
    """Launches of the five weeks after each of five origins of each seed."""
    key = sources_hash([*(ROOT / "pipelines" / "demo").glob("*.py")])
    for seed in seeds:
        folder = cache / f"demo-{DEMO_SKUS}-{key}-{seed}"
        if not (folder / "stockwright.toml").is_file():
            write_demo(folder, skus=DEMO_SKUS, days=DEMO_DAYS, seed=seed)
        truth = Truth.load(folder)
        config = load_config(folder=folder)
        config = config.model_copy(update={"horizon": 63})
        for date in DEMO_ORIGINS:
            as_of = np.datetime64(date)
            situation = assemble(read_tables(str(folder), config, as_of), config, as_of)
            panel = replace(situation.panel, demand=situation.sold)
            horizon = min(63, panel.horizon)
            panel = cut(panel, panel.origin, horizon)
            rows = truth.rows(panel.index.sku_names(), panel.index.location_names())
            panel = panel.take(np.flatnonzero(rows >= 0))
            width = panel.n_periods + horizon
            dates = panel.calendar.dates(0, width)
            shift = max(int((truth.first_date - dates[0]).astype(int)), 0)
            demand = np.zeros((panel.n_series, width))
            units = truth.demand(dates[shift], width - shift).reshape(-1, width - shift)
            demand[:, shift:] = units[rows[rows >= 0]]
            launch = panel.launch.astype(np.int64)
            yield _launches(f"{seed}-{date}", panel, "CN", 28, demand, launch, horizon)


def _launches(
    label: str,
    panel: DemandPanel,
    country: str,
    life: int,
    demand: Floats,
    launch: NDArray[np.int64],
    horizon: int,
) -> Launches:
    origin = panel.origin
    rows = np.flatnonzero((launch > origin) & (launch + life - 1 <= origin + horizon))
    cut_off = 13 if life == 4 else 60
    earlier = (launch >= cut_off) & (launch + life - 1 <= origin)
    units = first_weeks(demand, launch, life)[rows]
    past = replace(panel, launch=np.asarray(launch, np.int32))
    return Launches(label, past, country, life, demand, rows, units, earlier)


def yardstick(given: Launches) -> Distribution:
    """Mean of the first weeks of earlier launches of the category; one dispersion for all."""
    panel = given.panel
    launch = panel.launch.astype(np.int64)
    units = first_weeks(given.demand[:, : panel.n_periods], launch, given.life)
    unknown = np.full(panel.n_series, -1, np.int32)
    category = panel.attributes.get("category_1", unknown).astype(np.int64)
    group = (category + 1) * len(panel.index.locations) + panel.index.location
    seen = given.earlier
    size = int(group.max()) + 1
    count = np.bincount(group[seen], minlength=size)
    total = np.bincount(group[seen], units[seen], minlength=size)
    everywhere = units[seen].mean()
    mean = np.where(count >= 3, total / np.maximum(count, 1), everywhere)[group]
    square = ((units - mean)[seen] ** 2).sum() - mean[seen].sum()
    dispersion = max(square / (mean[seen] ** 2).sum(), 1e-3)
    mean = mean[given.rows]
    return Distribution(mean, mean + dispersion * mean**2, np.ones(len(mean)))


def ours(given: Launches, threads: int) -> Distribution:
    """The night's forecast of the first weeks of the launches."""
    panel = given.panel
    params = ModelParams.for_period(panel.calendar.period, panel.horizon)
    model = fit(panel, replace(params, country=given.country, threads=threads))
    forecast = model.predict(panel, panel.horizon)
    first = panel.launch.astype(np.int64) - panel.origin
    inside = np.isin(np.arange(panel.n_series), given.rows)
    first = np.where(inside, first, 1)
    last = np.where(inside, first + given.life - 1, 0)
    return forecast.total(first, last).take(given.rows)


def measure(name: str, cases: Iterator[Launches], threads: int) -> None:
    """Print pinball of both sides, their ratio with its interval, bias and coverage."""
    loss: list[list[Floats]] = [[], []]
    mean: list[list[Floats]] = [[], []]
    units, below, above = [], [], []
    for given in cases:
        if not len(given.rows):
            continue
        sides = (ours(given, threads), yardstick(given))
        for side, total in enumerate(sides):
            loss[side].append(pinball(total.quantile(LEVELS), given.units))
            mean[side].append(total.mean)
        low, high = pit_bounds(sides[0], given.units)
        below.append(low)
        above.append(high)
        units.append(given.units)
        each = [side[-1].sum() / given.units.sum() for side in loss]
        print(f"  {name} {given.label}: {len(given.rows)} launches, pinball {each}", flush=True)
    came = np.concatenate(units)
    pair = [np.concatenate(side) for side in loss]
    ratio, low_ratio, high_ratio = ratio_interval(pair[0], pair[1])
    print(f"\n{name}: {len(came)} launches, {came.mean():.1f} units in the first four weeks")
    for title, cost, means in zip(("stockwright", "category mean"), pair, mean, strict=True):
        bias = np.concatenate(means).sum() / came.sum() - 1
        print(f"  {title}: pinball {cost.sum() / came.sum():.4f}, bias {bias:+.1%}")
    print(f"  ratio {ratio:.3f} ({low_ratio:.3f}-{high_ratio:.3f})")
    bounds = np.concatenate(below), np.concatenate(above)
    found = " ".join(f"{coverage(*bounds, level):.3f}" for level in LEVELS)
    print(f"  coverage of stockwright at {LEVELS}: {found}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", default=["online_retail", "demo"])
    parser.add_argument("--earlier", action="store_true", help="the origins to tune with")
    parser.add_argument("--seeds", type=int, nargs="*", default=None, help="of the demo shop")
    parser.add_argument("--threads", type=int, default=int(os.environ.get("OMP_NUM_THREADS", 2)))
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "stockwright-benchmark"
    )
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    seeds = tuple(given.seeds or (EARLIER_SEEDS if given.earlier else REPORT_SEEDS))
    if not given.earlier:
        now = datetime.datetime.now().isoformat(timespec="minutes")
        print(f"The report's launches were looked at: {now}, {' '.join(given.what)}")
    if "online_retail" in given.what:
        measure("online_retail", online_retail(given.earlier, given.cache), given.threads)
    if "demo" in given.what:
        measure("demo", demo(seeds, given.cache), given.threads)


if __name__ == "__main__":
    main()
