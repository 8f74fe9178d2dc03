"""The variants of a study in one table: rank, money, what is certain of it, and error beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from experiments.studies.halving import Course
from experiments.studies.plan import BASE
from experiments.studies.scores import Scores, difference, ranked

RAN, DROPPED, NOT_RUN = "ran", "dropped", "not run"
#: Columns in front of the figures of the shop.
HEAD = (
    *("rank", "variant", "state", "rung", "worth", "unit"),
    *("to_base", "to_base_low", "to_base_high", "to_best", "to_best_low", "to_best_high"),
)


def variants_table(course: Course) -> pd.DataFrame:
    """One row for each variant, the best first and those that were not run last.

    rung: the one that worth and figures are of, counted from 1. to_base, to_best: worth less that
    of the base, and of the best variant, at this rung, with 95 % intervals paired by SKU.
    """
    rows = [_row(number, name, course) for number, name in enumerate(course.order(), start=1)]
    rows += [{"variant": name, "state": NOT_RUN} for name in course.not_run()]
    table = pd.DataFrame(rows)
    return table.reindex(columns=[*HEAD, *(name for name in table if name not in HEAD)])


def rungs_table(course: Course) -> pd.DataFrame:
    """What every variant scored at each rung that it ran: variant, rung, worth, to_base and its
    interval.
    """
    rows: list[dict[str, Any]] = []
    for number, scores in enumerate(course.scores, start=1):
        for name, one in scores.items():
            row: dict[str, Any] = {"variant": name, "rung": number, "worth": one.total}
            rows.append(row | _against("to_base", scores[BASE], one))
    return pd.DataFrame(rows)


def _row(rank: int, name: str, course: Course) -> dict[str, Any]:
    rung = course.rung_of(name) or 0
    scores: Mapping[str, Scores] = course.scores[rung]
    one = scores[name]
    best = ranked(scores)[0]
    return {
        "rank": rank,
        "variant": name,
        "state": DROPPED if name in course.dropped else RAN,
        "rung": rung + 1,
        "worth": one.total,
        "unit": one.unit,
        **_against("to_base", scores[BASE], one),
        **_against("to_best", scores[best], one),
        **one.metrics,
    }


def _against(name: str, base: Scores, one: Scores) -> dict[str, float]:
    if base is one:
        return {name: 0.0, f"{name}_low": 0.0, f"{name}_high": 0.0}
    found = difference(base, one)
    ends = (found.value, found.low, found.high)
    named = dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))
    return {key: value if np.isfinite(value) else np.nan for key, value in named.items()}
