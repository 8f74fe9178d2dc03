"""What the watch of one night has found, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from forecasting.watch.alerts import ALERT

#: Kind of the rows on inputs; all others are kinds of segments of the forecast.
INPUT = "input"


@dataclass(frozen=True)
class DriftRow:
    """One measure of one segment of the forecast, or of one input of the model.

    value, low, high: see ``Scores``; of an input its stability index, without an interval.
    periods: how many ``value`` is of. alert: none, watch or alert. nights: in a row that it has
    been in alert, or out of it. fallback: the segment takes the plain forecast. money: at stake.
    told: further numbers for a sentence.
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

    @property
    def refit(self) -> tuple[DriftRow, ...]:
        """Alerts for which a stored model is fitted anew: of a forecast as long as they last, of an
        input, which stays in the window for four weeks, on the first night.
        """
        return tuple(row for row in self.alerts if row.kind != INPUT or row.nights == 1)

    @property
    def fallbacks(self) -> tuple[DriftRow, ...]:
        """Rows of the segments that take the plain forecast."""
        return tuple(row for row in self.rows if row.fallback)


@dataclass(frozen=True)
class Before:
    """What the night before said of a row: whether it was in alert, for how many nights in a row it
    had been so or not so, and whether its segment took the plain forecast."""

    alert: bool
    nights: int
    fallback: bool

    @staticmethod
    def after(before: Before | None, alert: bool) -> int:
        """Nights in a row, tonight included."""
        return before.nights + 1 if before is not None and before.alert == alert else 1


def falls_back(before: Before | None, alert: bool, nights: int, least: int) -> bool:
    """Whether a segment takes the plain forecast tonight.

    It begins when the segment has been in alert for ``least`` nights in a row, and ends when it
    has been out of it for as many. 0: never.
    """
    if least <= 0:
        return False
    begun = before is not None and before.fallback
    return alert or nights < least if begun else alert and nights >= least
