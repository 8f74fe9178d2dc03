"""Which stock is slow, and how urgent it is: grades S, A, B and C, S the most urgent.

Stock is slow when the mean demand takes longer than the turnover threshold of its grade of value,
and more than a share of it is expected to be left then, or to expire before it is sold. Points from
0 to 3 for each of sell-through, age and margin then tell how urgent that is: what has hardly sold
since it came will not start to by itself, what is old has had its time, and a thin margin is gone
after the first weeks of holding.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from replenishment.clearance.health import Health
from replenishment.clearance.holdings import Holdings
from stockwright.errors import ConfigError

Floats = NDArray[np.float64]
# Expected units are fractions: less than half a unit left is not worth a word.
_LEAST_UNITS = 0.5
_STEPS = 3


class SlowGrade(IntEnum):
    """How urgent stock is; the name is what the published files say, NONE is empty there."""

    NONE = 0  #: not slow
    S = 1  #: clear at once
    A = 2
    B = 3
    C = 4  #: watch


@dataclass(frozen=True)
class SlowGradeParams:
    """left_share: expected left at the threshold over the stock, above which it is slow, in [0, 1].
    least_age_days: younger stock is not slow, >= 0.

    sell_through, margin: shares, falling, below each of which a point is given. age_days: days,
    rising, from each of which on a point is given. s, a, b: least points of a grade, falling.
    """

    left_share: float = 0.10
    least_age_days: float = 28.0
    sell_through: tuple[float, ...] = (0.70, 0.50, 0.25)
    age_days: tuple[float, ...] = (60.0, 90.0, 180.0)
    margin: tuple[float, ...] = (0.50, 0.30, 0.10)
    s: float = 7.0
    a: float = 5.0
    b: float = 3.0

    def __post_init__(self) -> None:
        if not 0 <= self.left_share <= 1:
            raise ConfigError(f"left_share must lie in [0, 1], not {self.left_share}")
        if not self.least_age_days >= 0:
            raise ConfigError(f"least_age_days must be 0 or more, not {self.least_age_days}")
        falling = {"sell_through": self.sell_through, "margin": self.margin}
        falling["age_days"] = tuple(-days for days in self.age_days)
        for name, steps in falling.items():
            if len(steps) != _STEPS or any(np.diff(steps) > 0):
                way = "rising" if name == "age_days" else "falling"
                raise ConfigError(f"{name} must be {_STEPS} numbers, {way}, not {steps}")
        if not self.s > self.a > self.b:
            raise ConfigError(f"points must fall from s to b, not {self.s}, {self.a}, {self.b}")


def slow_grades(
    holdings: Holdings, health: Health, params: SlowGradeParams | None = None
) -> NDArray[np.uint8]:
    """SlowGrade of each item, (items,) uint8.

    A hit, and stock that has come lately, is slow only where its end falls within the weeks looked
    at: of what has just begun to sell, too little is known. What came lately for an event that is
    over, or for a season that ends, may be slow. An unknown age or price takes the points of the
    worse of the other two.
    """
    params = params or SlowGradeParams()
    points = slow_points(holdings, health, params)
    grade = np.select(
        [points >= params.s, points >= params.a, points >= params.b],
        [SlowGrade.S, SlowGrade.A, SlowGrade.B],
        SlowGrade.C,
    )
    slow = is_slow(holdings, health, params)
    return np.where(slow, grade, SlowGrade.NONE).astype(np.uint8)


def slow_units(holdings: Holdings, health: Health) -> Floats:
    """Units expected to be left at the threshold or to expire unsold, (items,)."""
    return np.maximum(health.left_threshold, holdings.perishing)


def is_slow(holdings: Holdings, health: Health, params: SlowGradeParams) -> NDArray[np.bool_]:
    """Whether too much of the stock of each item is expected to be left, (items,)."""
    left = slow_units(holdings, health)
    much = (left > params.left_share * holdings.units) & (left >= _LEAST_UNITS)
    young = (holdings.age_days < params.least_age_days) & (holdings.perishing == 0)
    # What was bought for an event that is over, or for a season that is, has had its time.
    young &= (holdings.event == 0) & ~holdings.fading
    # Units left of an uncertain demand are no reason where the mean demand takes the stock in time;
    # but at the end of a season it would be too late to wait and see.
    lasts = (health.cover_days > health.threshold) | (holdings.perishing > 0) | holdings.fading
    return np.asarray(much & (lasts & ~(holdings.hit | young) | holdings.ending), np.bool_)


def slow_points(holdings: Holdings, health: Health, params: SlowGradeParams) -> Floats:
    """Points of each item, 0 to 9, (items,)."""
    sold = _below(health.sell_through, params.sell_through)
    age = _below(-holdings.age_days, tuple(-days for days in params.age_days), at=True)
    margin = _below(health.margin, params.margin)
    parts = np.stack([sold, age, margin])
    worst = np.nanmax(parts, axis=0)
    return np.asarray(np.where(np.isnan(parts), worst, parts).sum(axis=0), np.float64)


def _below(values: Floats, steps: tuple[float, ...], at: bool = False) -> Floats:
    """How many of the ``steps`` each value lies below (``at``: or on), NaN where it is unknown."""
    limits = np.asarray(steps)[:, None]
    count = ((values <= limits) if at else (values < limits)).sum(axis=0).astype(np.float64)
    return np.where(np.isnan(values), np.nan, count)
