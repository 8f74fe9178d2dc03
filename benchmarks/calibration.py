"""Measure the forecast out of sample: coverage of totals, bias, WAPE, pinball loss.

    STOCKWRIGHT_DATA=... python benchmarks/calibration.py [vn2] [online_retail] [demo] [--report]

Models are fitted on everything up to the start of a window and forecast from several origins in
it. Totals run over steps 1 ... span, the protection interval of an order. Coverage is the
non-randomized PIT of Czado, Gneiting and Held (2009); a total with a stock-out is known to be at
least what was sold and enters through the Kaplan-Meier curve of the PIT values. ``--report``
looks at the last 48 weeks of VN2 instead of the 48 before them. The demo shop is held against
its true demand over all periods.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from experiments.metrics.calibration import coverage, kaplan_meier, pit_bounds  # noqa: E402
from experiments.metrics.losses import pinball  # noqa: E402
from forecasting.model import fit  # noqa: E402
from forecasting.params import ModelParams  # noqa: E402
from forecasting.recovered import recovered_demand  # noqa: E402
from pipelines.assemble.build import assemble  # noqa: E402
from pipelines.config.load import load_config  # noqa: E402
from pipelines.demo import DEMO_LAST_DATE, Truth, write_demo  # noqa: E402
from pipelines.ingest.read import read_tables  # noqa: E402
from stockwright.distribution import Distribution  # noqa: E402
from stockwright.forecast import Forecast  # noqa: E402
from stockwright.panel import DemandPanel  # noqa: E402

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)
PINBALL_LEVEL = 1 / 1.2
#: Demand (series, steps) after an origin and whether it is known: outcome(panel, origin, steps).
Outcome = Callable[[DemandPanel, int, int], tuple[Floats, Bools]]


@dataclass(frozen=True)
class Outcomes:
    """Forecast totals and what came; at_least: only a lower bound is known."""

    total: Distribution
    units: Floats
    at_least: Bools
    moving: Floats


def tables_panel(folder: Path, as_of: np.datetime64) -> DemandPanel:
    config = load_config(folder=folder)
    situation = assemble(read_tables(str(folder), config, as_of), config, as_of)
    # The whole demand: what was promised beforehand is not told apart here.
    return replace(situation.panel, demand=situation.sold)


def converted(example: str, as_of: str) -> DemandPanel:
    with tempfile.TemporaryDirectory() as folder:
        script = ROOT / "examples" / example / "convert.py"
        command = [sys.executable, str(script), folder, "--as-of", as_of]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return tables_panel(Path(folder), np.datetime64(as_of))


def recorded(panel: DemandPanel, origin: int, steps: int) -> tuple[Floats, Bools]:
    units, known, _ = recovered_demand(panel, np.s_[:, origin + 1 : origin + 1 + steps])
    return units, known


def moving_average(panel: DemandPanel, origin: int, steps: int) -> Floats:
    """Mean of 13 weeks in stock times a weekly season of the whole shop, (series, steps)."""
    week = (panel.calendar.dates(0, origin + 1 + steps).astype(np.int64) // 7) % 52
    units, known, _ = recovered_demand(panel, np.s_[:, : origin + 1])
    season = np.ones(52)
    for place in range(52):
        cells = known[:, week[: origin + 1] == place]
        if cells.any():
            season[place] = units[:, week[: origin + 1] == place][cells].mean()
    season /= season.mean()
    quiet = units / season[week[: origin + 1]]
    last = known[:, -13:]
    base = (quiet[:, -13:] * last).sum(axis=1) / np.maximum(last.sum(axis=1), 1)
    return np.asarray(base[:, None] * season[week[origin + 1 :]])


def compared(
    panel: DemandPanel, forecast: Forecast, span: int, outcome: Outcome, moving: Floats
) -> Outcomes:
    units, known = outcome(panel, forecast.origin, span)
    at_least = ~known.all(axis=1)
    seen = np.where(known, units, 0.0).sum(axis=1)
    rows = np.flatnonzero(forecast.mean[:, :span].sum(axis=1) > 0)
    total = forecast.total(1, span).take(rows)
    return Outcomes(total, seen[rows], at_least[rows], moving[rows, :span].sum(axis=1))


def joined(parts: list[Outcomes]) -> Outcomes:
    names = ("mean", "variance", "quantum", "tail_share", "tail_ratio")
    total = Distribution(*(np.concatenate([getattr(p.total, n) for p in parts]) for n in names))
    rest = (np.concatenate([getattr(p, n) for p in parts]) for n in ("units", "at_least", "moving"))
    return Outcomes(total, *rest)


def missed(quantile: Floats, units: Floats) -> float:
    """Pinball loss of the quantile that is bought, over the units."""
    return float(pinball(quantile[:, None], units, (PINBALL_LEVEL,)).sum() / units.sum())


def line(name: str, span: int, found: Outcomes) -> str:
    known = ~found.at_least
    units, mean, moving = found.units[known], found.total.mean[known], found.moving[known]
    quantiles = found.total.take(known).quantile(LEVELS)
    own = [found.total.take(known).cdf(quantiles[:, i]).mean() for i in range(len(LEVELS))]
    raw = [(units <= quantiles[:, i]).mean() for i in range(len(LEVELS))]
    bounds = pit_bounds(found.total, found.units)
    whole = [bound[known] for bound in bounds]
    bought = found.total.take(known).quantile(PINBALL_LEVEL)
    cells = [f"{name} 1..{span}", f"{len(known)}", f"{100 * found.at_least.mean():.0f} %"]
    cells += [f"{100 * (mean.sum() / units.sum() - 1):+.1f} %"]
    cells += [f"{np.abs(mean - units).sum() / units.sum():.3f}"]
    cells += [f"{missed(bought, units):.3f}"]
    cells += [" ".join(f"{coverage(*whole, level):.3f}" for level in LEVELS)]
    cells += [" ".join(f"{kaplan_meier(*bounds, found.at_least, level):.3f}" for level in LEVELS)]
    cells += [" ".join(f"{a:.2f}/{b:.2f}" for a, b in zip(raw, own, strict=True))]
    if moving.sum() > 0:
        cells += [f"{100 * (moving.sum() / units.sum() - 1):+.1f} %"]
        cells += [
            f"{np.abs(moving - units).sum() / units.sum():.3f}",
            f"{missed(moving, units):.3f}",
        ]
    return " | ".join(cells)


def rounds(
    panel: DemandPanel, starts: list[int], offsets: tuple[int, ...], horizon: int, outcome: Outcome
) -> Iterator[tuple[Forecast, Floats]]:
    """One model for each start, forecasts from the origins start + offset."""
    for start in starts:
        began = time.perf_counter()
        model = fit(panel.until(start), ModelParams.for_period(panel.calendar.period, horizon))
        fitted = time.perf_counter() - began
        for offset in offsets:
            forecast = model.predict(panel.until(start + offset), horizon)
            weekly = panel.calendar.period == "week"
            moving = moving_average(panel, start + offset, horizon) if weekly else 0 * forecast.mean
            yield forecast, np.asarray(moving, np.float64)
        date = panel.calendar.last_day(start)
        print(f"  fitted at {date} in {fitted:.0f} s", file=sys.stderr, flush=True)


def bias_of(found: Outcomes) -> float:
    """Forecast over known totals, less 1."""
    known = ~found.at_least
    return float(found.total.mean[known].sum() / found.units[known].sum() - 1)


def measure(
    name: str,
    panel: DemandPanel,
    starts: list[int],
    offsets: tuple[int, ...],
    spans: tuple[int, ...],
    outcome: Outcome = recorded,
) -> None:
    parts: dict[int, list[Outcomes]] = {span: [] for span in spans}
    horizon = 8 if panel.calendar.period == "week" else 28
    for forecast, moving in rounds(panel, starts, offsets, horizon, outcome):
        for span in spans:
            parts[span].append(compared(panel, forecast, span, outcome, moving))
    for span in spans:
        print(line(name, span, joined(parts[span])), flush=True)
        each = (bias_of(part) for part in parts[span])
        print("  bias by origin: " + " ".join(f"{bias:+.1%}" for bias in each), flush=True)


def vn2(report: bool) -> None:
    panel = converted("vn2", "2024-04-14")
    first = panel.n_periods - 48 * (1 if report else 2)
    starts = [first + 8 * k - 1 for k in range(6)]
    measure("VN2 report" if report else "VN2 earlier", panel, starts, (0, 2, 4), (3, 4))


def online_retail() -> None:
    panel = converted("online_retail", "2011-10-09")
    starts = [panel.n_periods - 1 - 8 * k for k in range(5, 0, -1)]
    measure("Online Retail", panel, starts, (0, 2, 4), (2, 3, 4))


def demo(seed: int) -> None:
    """The demo shop against truth; its horizon runs on where the tables end."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "shop"
        write_demo(folder, seed=seed)
        panel = tables_panel(folder, np.datetime64(DEMO_LAST_DATE))
        truth = Truth.load(folder)
        rows = truth.rows(panel.index.sku_names(), panel.index.location_names())

        def true_demand(panel: DemandPanel, origin: int, steps: int) -> tuple[Floats, Bools]:
            dates = panel.calendar.dates(origin + 1, steps)
            units = truth.demand(dates[0], steps).reshape(-1, steps)[rows].astype(np.float64)
            units[rows < 0] = 0
            return units, np.ones(units.shape, np.bool_)

        starts = [panel.origin - back for back in (180, 135, 90, 45, 0)]
        measure(f"demo seed {seed}", panel, starts, (0,), (5, 9, 14, 28), true_demand)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=["vn2", "online_retail", "demo"])
    parser.add_argument("--report", action="store_true", help="VN2's report windows")
    parser.add_argument("--seed", type=int, default=1, help="of the demo shop")
    asked = parser.parse_args()
    print(
        f"totals | n | cut short | bias | WAPE | pinball .833 | coverage {LEVELS} | Kaplan-Meier"
        " | raw / own F(q) | moving average: bias | WAPE | pinball of the mean"
    )
    if "vn2" in asked.what:
        vn2(asked.report)
    if "online_retail" in asked.what:
        online_retail()
    if "demo" in asked.what:
        demo(asked.seed)


if __name__ == "__main__":
    main()
