"""Policies with fixed parameters (Snyder & Shen 2019, sections 4.3 to 4.5)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replenishment.simulate.state import ShopState

Floats = NDArray[np.float64]


class BaseStock:
    """Order up to a fixed position every period (Snyder & Shen 2019, section 4.3)."""

    def __init__(self, target: ArrayLike) -> None:
        self._target = np.asarray(target, np.float64)

    def __call__(self, period: int, state: ShopState) -> Floats:
        """Units that raise the position to the target."""
        return np.maximum(self._target - state.position(), 0.0)
