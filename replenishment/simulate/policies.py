"""Policies with fixed parameters (Snyder & Shen 2019, sections 4.3 to 4.5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replenishment.simulate.state import ShopState
from stockwright.arrays import require
from stockwright.errors import ConfigError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OrderUpTo:
    """Raise the position to a target, each parameter a number or (series,).

    target: S, units. reorder_point: s; orders only at a position <= s. most: no order is above
    this (capped base-stock, Xin 2021). review: R; orders only at the closes -1, R - 1, 2 R - 1 ...

    (R, S): target and review. (s, S): target and reorder_point. (R, s, S): all three.
    """

    target: ArrayLike
    reorder_point: ArrayLike = np.inf
    most: ArrayLike = np.inf
    review: int = 1

    def __post_init__(self) -> None:
        for name in ("target", "reorder_point", "most"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), np.float64))
        if self.review < 1:
            raise ConfigError(f"review must be >= 1 period, not {self.review}")
        require(np.asarray(self.most) >= 0, "most", ">= 0 units")

    def reviews(self, period: int) -> bool:
        """Whether there are orders at the close of ``period``."""
        return (period + 1) % self.review == 0

    def units(self, position: Floats) -> Floats:
        """What is ordered at a review, (series,)."""
        target, point, most = map(np.asarray, (self.target, self.reorder_point, self.most))
        wanted = np.minimum(np.maximum(target - position, 0.0), most)
        return np.asarray(np.where(position <= point, wanted, 0.0), np.float64)

    def __call__(self, period: int, state: ShopState) -> Floats:
        """Units ordered at the close of ``period``, (series,)."""
        if not self.reviews(period):
            return np.zeros(len(state.on_hand))
        return self.units(state.position())


class BaseStock(OrderUpTo):
    """Order up to a fixed position every period (Snyder & Shen 2019, section 4.3)."""
