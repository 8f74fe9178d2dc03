"""What the watch of one night has found, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from forecasting.watch.alerts import ALERT
from forecasting.watch.sums import DaySums, Floats

#: Kind of the rows on inputs; all others are kinds of segments of the forecast.
INPUT = "input"


@dataclass(frozen=True)
class DriftRow:
    """One measure of one segment of the forecast, or of one input of the model.

    value, low, high: see ``Scores``; of an input its stability index, without an interval.
    periods: how many ``value`` is of. alert: none, watch or alert. nights: in a row that it has
    been in alert, or out of it. fallback: the segment takes the plain forecast. money: at stake.
    told: further numbers for a sentence. nights and since: of a fallback how long it has lasted.
    since: the first of these nights, as far as published nights tell.
    """

    kind: str
    segment: str
    measure: str
    value: float
    low: float
    high: float
    usual: float
    score: float
    periods: int
    alert: str
    nights: int
    fallback: bool = False
    money: float = 0.0
    told: Mapping[str, float] = field(default_factory=dict)
    since: np.datetime64 = field(default_factory=lambda: np.datetime64("NaT"))

    @property
    def key(self) -> tuple[str, str, str]:
        """What the row is about, from night to night."""
        return self.kind, self.segment, self.measure


@dataclass(frozen=True)
class DriftReport:
    """rows: of all segments and inputs. fallback: (series,) whether a series takes the plain
    forecast; empty where none does."""

    rows: tuple[DriftRow, ...] = ()
    fallback: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))

    @property
    def alerts(self) -> tuple[DriftRow, ...]:
        """Rows in alert."""
        return tuple(row for row in self.rows if row.alert == ALERT)

    def refit(self, fitted_on: np.datetime64) -> tuple[DriftRow, ...]:
        """Alerts that began after a stored model was fitted, for which it is fitted anew: once for
        each alert, since forecasts of models before it stay in the window for weeks. Not those of
        the plain forecast, which is not fitted.
        """
        return tuple(row for row in self.alerts if not row.fallback and fitted_on < row.since)

    @property
    def fallbacks(self) -> tuple[DriftRow, ...]:
        """Rows of the segments that take the plain forecast."""
        return tuple(row for row in self.rows if row.fallback)


@dataclass(frozen=True)
class Before:
    """What the night before said of a row: whether it was in alert, for how many nights in a row it
    had been so or not so, and whether its segment took the plain forecast, then for how many."""

    alert: bool
    nights: int
    fallback: bool

    @staticmethod
    def after(before: Before | None, alert: bool, fallback: bool = False) -> int:
        """Nights in a row, tonight included: of a fallback, or in alert, or out of it."""
        if before is None or before.fallback != fallback:
            return 1
        return before.nights + 1 if fallback or before.alert == alert else 1


def goes_on(before: Before | None, least: int) -> bool:
    """Whether a fallback lasts: for ``least`` nights, then the model is tried again."""
    return before is not None and before.fallback and before.nights < least


def may_begin(before: Before | None, alert: bool, least: int) -> bool:
    """Whether a fallback begins tonight if the plain forecast would have missed less.

    So it is after ``least`` nights in a row in alert, and whenever as many more have passed, all of
    them without a fallback. 0: never.
    """
    if least <= 0 or not alert or (before is not None and before.fallback):
        return False
    return Before.after(before, alert) % least == 0


def misses_less(plain: DaySums, published: DaySums, periods: int) -> NDArray[np.bool_]:
    """Whether the plain forecast would have missed less over the newest periods, (segments,).

    Its bias has to be smaller, and its absolute error no larger, both of the sums over the same
    cells; where these are not the same nothing is told.
    """
    (bias, error), (usual_bias, usual_error) = (
        _misses(days, periods) for days in (plain, published)
    )
    same = (plain.part("cells") == published.part("cells"))[:, :periods].all(axis=1)
    return np.asarray(same & (bias < usual_bias) & (error <= usual_error))


def _misses(days: DaySums, periods: int) -> tuple[Floats, Floats]:
    """Absolute sum of misses of the mean, and sum of absolute ones of the median, (segments,)."""
    units, mean, error = (
        days.part(name)[:, :periods].sum(axis=1) for name in ("units", "mean", "error")
    )
    return np.abs(mean - units), error
