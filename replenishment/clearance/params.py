"""What clearance may do, and how far it looks."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stockwright.errors import ConfigError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ClearanceParams:
    """ladder: discounts of the list price, rising, in (0, 1). relabel_cost: money per unit whose
    price is changed. discount_budget: most money that lower prices may give away, inf for no limit.
    least_gain: money that an act must bring beyond doing nothing, and least_share: the share of
    what that brings. least_weeks: least weeks between two changes of a price.
    price_step: prices are multiples of it, 0 for any price. carry_over: share of its price that a
    unit is worth after a year's wait for its season, in (0, 1].
    """

    ladder: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7)
    relabel_cost: float = 0.0
    discount_budget: float = np.inf
    least_gain: float = 1.0
    least_share: float = 0.01
    least_weeks: int = 1
    price_step: float = 0.01
    carry_over: float = 0.2

    def __post_init__(self) -> None:
        steps = np.diff([0.0, *self.ladder, 1.0])
        if not len(self.ladder) or not (steps > 0).all():
            raise ConfigError(f"ladder is {self.ladder}; give rising discounts between 0 and 1")
        if not 0 < self.carry_over <= 1:
            raise ConfigError(f"carry_over is {self.carry_over}; give a share above 0, at most 1")
        money = (self.relabel_cost, self.discount_budget, self.least_gain, self.least_share)
        if not min(money) >= 0:
            raise ConfigError(
                "relabel_cost, discount_budget, least_gain and least_share must be 0 or more"
            )


@dataclass(frozen=True)
class Channels:
    """Channels of clearance, all (channels,).

    capacity: units that each takes, inf for no limit. cost: money per unit sold there. reach: times
    the shop's demand in the week of the event, >= 1. grades: slow grades that it is open to.
    """

    names: tuple[str, ...] = ()
    capacity: Floats = field(default_factory=lambda: np.zeros(0))
    cost: Floats = field(default_factory=lambda: np.zeros(0))
    reach: Floats = field(default_factory=lambda: np.zeros(0))
    grades: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)
