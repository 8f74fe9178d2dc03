"""How much forecasts change from night to night, with and without a refit.

    STOCKWRIGHT_DATA=... python benchmarks/forecasting/stability.py [--case demo vn2] [--nights 14]

Consecutive nights on the demo shop (seed 5, days, a refit every 7 nights) and on VN2's earlier
weeks (a refit every 4). Of two nights the forecasts of the same target periods are compared: sum
of absolute changes over the sum of means, of single periods and of the totals of a protection
interval.
``path over net`` adds up the changes of the targets that all nights forecast, and divides by the
change from the first to the last night: news moves a forecast one way, noise back and forth. A
perfect forecast changes by 0.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import numpy as np
from cases import converted, tables_panel
from numpy.typing import NDArray

from forecasting.model import FittedModel, fit
from forecasting.params import ModelParams
from pipelines.demo import write_demo
from stockwright.panel import DemandPanel

Floats = NDArray[np.float64]
#: Last night, steps forecast, protection interval and nights from refit to refit of each case.
LAST = {"demo": "2024-09-25", "vn2": "2023-05-07"}
STEPS, PROTECTION, REFIT = {"demo": 28, "vn2": 10}, {"demo": 14, "vn2": 3}, {"demo": 7, "vn2": 4}
SEED, DAYS = 5, 1120


@dataclass(frozen=True)
class Change:
    """From one night to the next: of single periods and of totals; whether a fit lay between."""

    single: float
    total: float
    refitted: bool


def shop(case: str, skus: int, cache: Path) -> DemandPanel:
    """The panel of a case as of its last night."""
    last = np.datetime64(LAST[case], "D")
    if case == "vn2":
        return converted("vn2", last, cache)
    folder = cache / f"stability-{skus}"
    if not (folder / "stockwright.toml").is_file():
        write_demo(folder, skus=skus, days=DAYS, seed=SEED)
    return tables_panel(folder, last)


def cut(panel: DemandPanel, origin: int) -> DemandPanel:
    """The panel as it stood at an earlier origin."""
    return panel.until(origin) if origin < panel.origin else panel


def walk(
    panel: DemandPanel, models: Sequence[FittedModel], steps: int, nights: Sequence[int]
) -> list[Floats]:
    """The means of each night with the model that it uses."""
    pairs = zip(models, nights, strict=True)
    return [m.predict(cut(panel, o), steps).mean.astype(np.float64) for m, o in pairs]


def changes(means: Sequence[Floats], refits: Sequence[bool], protection: int) -> list[Change]:
    """Of each night but the first against the one before."""
    found = []
    for (before, after), refitted in zip(pairwise(means), refits[1:], strict=True):
        old, new = before[:, 1:], after[:, :-1]
        level = (old + new).sum() / 2
        reach = protection - 1
        sums = old[:, :reach].sum(axis=1), new[:, :reach].sum(axis=1)
        single = np.abs(new - old).sum() / level
        total = np.abs(sums[1] - sums[0]).sum() / (sums[0] + sums[1]).sum() * 2
        found.append(Change(float(single), float(total), refitted))
    return found


def path_over_net(means: Sequence[Floats]) -> float:
    """Sum of the changes of the targets common to all nights over the change from end to end."""
    nights = len(means)
    width = means[0].shape[1] - nights + 1
    same = [mean[:, nights - 1 - k :][:, :width].sum(axis=1) for k, mean in enumerate(means)]
    path = sum(np.abs(b - a).sum() for a, b in pairwise(same))
    return float(path / np.abs(same[-1] - same[0]).sum())


def report(case: str, name: str, means: Sequence[Floats], refits: Sequence[bool]) -> None:
    """A row: nights with a refit beside the others."""
    found = changes(means, refits, PROTECTION[case])
    cells = []
    for refitted in (False, True):
        some = [each for each in found if each.refitted is refitted]
        cells += [f"{100 * np.mean([each.single for each in some]):.2f}" if some else "-"]
        cells += [f"{100 * np.mean([each.total for each in some]):.2f}" if some else "-"]
    print(f"{case} | {name} | " + " | ".join([*cells, f"{path_over_net(means):.2f}"]), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", nargs="+", choices=tuple(LAST), default=list(LAST))
    parser.add_argument("--nights", type=int, default=14)
    parser.add_argument("--skus", type=int, default=500)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "stability")
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    print("case | refit | other nights % | of totals | refit nights % | of totals | path over net")
    for case in given.case:
        panel = shop(case, given.skus, given.cache)
        steps = min(STEPS[case], panel.horizon)
        count = min(given.nights, steps - 1)
        nights = [panel.origin - count + 1 + night for night in range(count)]
        params = ModelParams.for_period(panel.calendar.period, steps)
        params = replace(params, threads=2, country="CN" if case == "demo" else "")
        began = time.perf_counter()
        models = [fit(cut(panel, origin), params) for origin in nights]
        spent = (time.perf_counter() - began) / count
        every = REFIT[case]
        report(case, "each night", walk(panel, models, steps, nights), [True] * count)
        held = [models[night // every * every] for night in range(count)]
        refits = [night % every == 0 for night in range(count)]
        report(case, f"each {every} nights", walk(panel, held, steps, nights), refits)
        report(case, "never", walk(panel, models[:1] * count, steps, nights), [False] * count)
        print(f"{case}: a fit took {spent:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
