"""How much of tonight's order can be sold within its shelf life."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replenishment.needs.keys import Keys
from stockwright.forecast import Forecast

Floats = NDArray[np.float64]


def sold_in_time(forecast: Forecast, keys: Keys, level_cap: float) -> Floats:
    """Demand of the steps in which tonight's order can be sold, L + 1 ... ends, (keys,).

    Its quantile at ``level_cap``, or at a service level that is asked for and higher. Beyond the
    horizon demand goes on at its mean.
    """
    last = np.minimum(keys.ends, forecast.horizon)
    total = forecast.total(keys.lead_time + 1, last)
    asked = np.fmax(np.fmax(keys.service_level, keys.fill_rate), level_cap)
    # What ends before the order arrives has no step to sell in.
    rate = total.mean / np.maximum(last - keys.lead_time, 1)
    beyond = rate * np.maximum(keys.ends - forecast.horizon, 0)
    return np.asarray(total.quantile_at(np.minimum(asked, 1 - 1e-9)) + beyond, np.float64)
