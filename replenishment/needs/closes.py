"""The closes at which units left have a price, and what else ends the worth of a unit.

After the closes of the review a unit left is used by the next order, so it costs nothing more
itself, unless something final comes: the end of the item's life, or the step from which a shared
stock would have served others with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from replenishment.needs.curves import CostCurves
from replenishment.needs.keys import Keys
from replenishment.needs.projection import Projection
from replenishment.needs.targets import Targets

Floats = NDArray[np.float64]


class Final(IntEnum):
    """What comes after the last close of the review."""

    NOTHING = 0
    END = 1  #: the item, or the order, can no longer be sold
    SHARED = 2  #: others would have needed the unit
    MARKED_DOWN = 3  #: it has taken too long to sell


def final_of(keys: Keys, horizon: int) -> NDArray[np.int64]:
    """What comes for each key within the forecast's ``horizon``, (keys,)."""
    other = Final.NOTHING if keys.leftover is None else Final.MARKED_DOWN
    shares = np.where(keys.shares(), Final.SHARED, other)
    return np.where(keys.ends <= horizon, Final.END, shares).astype(np.int64)


@dataclass(frozen=True)
class Closes:
    """Thresholds that have a price.

    thresholds: (keys, closes, paths). weights: (keys, closes) money per unit beyond a threshold.
    lost: column of the close at which units are lost, from the end.
    """

    thresholds: Floats
    weights: Floats
    lost: int

    @classmethod
    def of(cls, thresholds: Floats, sample: Projection, targets: Targets) -> Closes:
        """The closes of the review alone; thresholds: as in ``Projection``, corrected."""
        weights = sample.weights * targets.holding[:, None]
        return cls(thresholds[:, : weights.shape[1]], weights, -1)

    def ending(self, last: Floats, keys: Keys) -> Closes:
        """With the loss of what is left at the end; last: (keys, paths) its threshold."""
        beyond = np.maximum(last, self.thresholds[:, -1])
        return self._with([beyond], [keys.overage])

    def marked_down(self, last: Floats, keys: Keys) -> Closes:
        """With the loss of what takes too long; last: (keys, paths) its threshold so far."""
        if keys.leftover is None:
            return self
        beyond = np.maximum(last + keys.leftover.after[:, None], self.thresholds[:, -1])
        return self._with([beyond], [keys.leftover.loss])

    def shared(self, last: Floats, others: Floats, keys: Keys, price: Floats) -> Closes:
        """With what others miss; last: (keys, paths) own threshold when more of the stock comes.

        others: (keys, paths) units that they leave. price: (keys,) of a unit lost here. A unit
        beyond what they leave costs what they would have paid more for it, and beyond the own
        threshold as well all that they would have paid.
        """
        if keys.pool is None:
            return self
        idle = np.maximum(np.maximum(last, self.thresholds[:, -1]), others)
        dearer = np.maximum(keys.pool.price - price, 0.0)
        return self._with([others, idle], [dearer, keys.pool.price - dearer])

    def _with(self, thresholds: list[Floats], weights: list[Floats]) -> Closes:
        return Closes(
            np.concatenate([self.thresholds, np.stack(thresholds, axis=1)], axis=1),
            np.concatenate([self.weights, np.stack(weights, axis=1)], axis=1),
            self.lost - len(weights),
        )

    def curves(self, keys: Keys, targets: Targets, quantum: Floats) -> CostCurves:
        """Expected cost of an order of each key; quantum: (keys,) lattice of the demand."""
        first_unit = quantum - keys.on_hand - keys.inbound()
        return CostCurves.from_thresholds(
            self.thresholds, self.weights, targets.shortage, self.lost, targets.cap, first_unit
        )
