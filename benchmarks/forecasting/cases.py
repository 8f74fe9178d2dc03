"""The cases of the forecast benchmark: which panels, origins and sums are forecast.

The report looks at the origins that nothing was chosen on; ``earlier`` gives those to tune with.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from freshretail import freshretail_panel, told_by_the_hour
from rounds import ROOT, Round, aligned, cut, outcome, sources_hash

from pipelines.assemble.build import assemble
from pipelines.config.load import load_config
from pipelines.demo import Truth, write_demo
from pipelines.ingest.read import read_tables
from stockwright.panel import DemandPanel, Status

REPORT_SEEDS, EARLIER_SEEDS = (11, 12, 13), (1, 2, 5)
DEMO_SKUS, DEMO_DAYS = 500, 1120
LEAST_LIFE = 26


@dataclass(frozen=True)
class Asked:
    """earlier: origins to tune with. seeds: of the demo shop. cache: folder for what is kept."""

    earlier: bool
    seeds: tuple[int, ...]
    cache: Path


def tables_panel(folder: Path, as_of: np.datetime64) -> DemandPanel:
    """The panel of the night of ``as_of``."""
    config = load_config(folder=folder)
    situation = assemble(read_tables(str(folder), config, as_of), config, as_of)
    # The whole demand: what was promised beforehand is not told apart here.
    return replace(situation.panel, demand=situation.sold)


def converted(example: str, as_of: np.datetime64, cache: Path) -> DemandPanel:
    """The panel of an example's tables as of a Sunday; the tables are kept."""
    scripts = ROOT / "examples" / example
    folder = cache / f"{example}-{as_of}-{sources_hash(list(scripts.glob('*.py')))}"
    if not (folder / "stockwright.toml").is_file():
        command = [sys.executable, str(scripts / "convert.py"), str(folder), "--as-of", str(as_of)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return tables_panel(folder, as_of)


def weekly_rounds(
    case: str,
    last: str,
    back: Sequence[int],
    spans: tuple[int, ...],
    least_life: int,
    country: str,
    asked: Asked,
) -> Iterator[Round]:
    """Origins ``back`` weeks before the last week of the file, converted as of each of them."""
    end = np.datetime64(last, "D")
    whole = converted(case, end, asked.cache)
    horizon = max(spans)
    for weeks in back:
        as_of = end - np.timedelta64(7 * weeks, "D")
        panel = converted(case, as_of, asked.cache)
        panel = cut(panel, panel.origin, horizon)
        place = aligned(panel, whole)
        came = outcome(whole.take(place), whole.origin - weeks, horizon)
        started = place >= 0
        listed = panel.status[:, -1] != Status.NOT_LISTED
        old = panel.launch <= panel.origin + 1 - max(least_life, 1)
        yield Round(case, str(as_of), panel, country, spans, *came, started & listed & old)


def vn2(asked: Asked) -> Iterator[Round]:
    """The starts of six consecutive eight-week windows."""
    first = 96 if asked.earlier else 48
    return weekly_rounds(
        "vn2", "2024-04-14", range(first, first - 48, -8), (1, 2, 3, 4), 1, "", asked
    )


def online_retail(asked: Asked) -> Iterator[Round]:
    """Six origins four weeks apart, the last of them eight weeks before the end of the report."""
    first = 56 if asked.earlier else 28
    back = range(first, first - 24, -4)
    spans = (1, 2, 3, 4, 8)
    return weekly_rounds("online_retail", "2011-10-09", back, spans, LEAST_LIFE, "GB", asked)


def freshretail(asked: Asked) -> Iterator[Round]:
    """Three windows of seven days: the last ones, or those before."""
    whole = freshretail_panel()
    last = whole.origin - (21 if asked.earlier else 0)
    for end in (last - 14, last - 7, last):
        origin = end - 7
        told = told_by_the_hour(whole, whole.until(origin))
        came, panel = outcome(told, origin, 7), cut(told, origin, 7)
        scored = np.ones(panel.n_series, np.bool_)
        label = str(panel.calendar.last_day(origin))
        yield Round("freshretail", label, panel, "CN", (1, 3, 7), *came, scored)


#: An ordinary fortnight; before Double 11; after its first burst; at its eve; after its encore.
DEMO_ORIGINS = ("2024-09-25", "2024-10-26", "2024-11-05", "2024-11-09", "2024-11-14")
DEMO_SPANS = (7, 14, 21, 28)


def demo(asked: Asked) -> Iterator[Round]:
    """The demo shop before, in and after a Double 11 against its true demand."""
    key = sources_hash([*(ROOT / "pipelines" / "demo").glob("*.py")])
    for seed in asked.seeds:
        folder = asked.cache / f"demo-{key}-{seed}"
        if not (folder / "stockwright.toml").is_file():
            write_demo(folder, skus=DEMO_SKUS, days=DEMO_DAYS, seed=seed)
        truth = Truth.load(folder)
        for date in DEMO_ORIGINS:
            yield _demo_round(tables_panel(folder, np.datetime64(date)), truth, f"{seed}-{date}")


def _demo_round(panel: DemandPanel, truth: Truth, label: str) -> Round:
    horizon = max(DEMO_SPANS)
    panel = cut(panel, panel.origin, horizon)
    rows = truth.rows(panel.index.sku_names(), panel.index.location_names())
    dates = panel.calendar.dates(panel.origin + 1, horizon)
    units = truth.demand(dates[0], horizon).reshape(-1, horizon)[rows].astype(np.float64)
    mean = truth.mean(dates).reshape(-1, horizon)[rows]
    scored = (rows >= 0) & (panel.launch <= panel.origin)
    scored &= panel.status[:, -1] != Status.NOT_LISTED
    known = np.ones(units.shape, np.bool_)
    came = (units, known, ~known, units)
    return Round("demo", label, panel, "CN", DEMO_SPANS, *came, scored, true_mean=mean)


#: Sums that the tables pool: those that an order of the case must cover.
POOLED: dict[str, tuple[int, ...]] = {
    "vn2": (1, 2, 3, 4),
    "online_retail": (4, 8),
    "freshretail": (7,),
    "demo": DEMO_SPANS,
}
CASES: dict[str, Callable[[Asked], Iterator[Round]]] = {
    "vn2": vn2,
    "online_retail": online_retail,
    "freshretail": freshretail,
    "demo": demo,
}
