"""What is lost with units that take too long to sell.

The cost of one cycle counts on the next order to take up what is left, as long as targets do not
fall (Karlin 1960). After a peak they fall: what was bought for it and is not asked for lies for
weeks, and is marked down. A unit of tonight's
order that is not sold some periods after its protection interval therefore loses a share of its
cost, as a unit does that outlasts the life of its item.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stockwright.forecast import Forecast

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Steps at the end of a forecast whose mean goes on beyond it.
_LAST_STEPS = 7


@dataclass(frozen=True)
class Leftover:
    """All (keys,).

    last: last step within the forecast in which a unit still sells at its price, >= L + R.
    after: units that sell between the end of the forecast and the day of the markdown.
    loss: money per unit left then.
    """

    last: Ints
    after: Floats
    loss: Floats

    @classmethod
    def of(cls, forecast: Forecast, protection: Ints, days: int, loss: Floats) -> Leftover:
        """Units left ``days`` periods after the protection interval lose ``loss``, (keys,)."""
        wanted = protection + days
        horizon = forecast.horizon
        tail = forecast.expected[:, -_LAST_STEPS:].mean(axis=1, dtype=np.float64)
        last = np.maximum(np.minimum(wanted, horizon), protection)
        return cls(last, np.maximum(wanted - horizon, 0) * tail, loss)

    def take(self, keys: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Leftover:
        """Those of some of the keys."""
        return Leftover(self.last[keys], self.after[keys], self.loss[keys])
