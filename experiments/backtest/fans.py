"""A few series of an origin with all that a drawing of their forecasts needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.backtest.outcome import Outcome
from pipelines.assemble import Situation
from stockwright.forecast import Forecast
from stockwright.panel import Status

Floats = NDArray[np.float64]
#: Levels of the edges of the fan, the median in the middle.
FAN = (0.05, 0.25, 0.5, 0.75, 0.95)
# Sellers by the rank of their recent sales, from the best one on: shares of all that sold.
_SELLERS = {"high": (0.0, 0.1), "medium": (0.4, 0.6), "low": (0.75, 0.95)}
_OF_EACH = 2
# Periods of history that are drawn for each step of the forecast.
_BEFORE = 2


@dataclass(frozen=True)
class Fan:
    """A series around an origin.

    name: SKU and location. seller: "high", "medium" or "low". before, short: (past,) units up to
    the origin, and whether a stock-out cut them short. quantiles: (step, FAN). after, short_after:
    (step,) what came, NaN where that is not known. dates: (past + step,) first days of the periods.
    """

    name: str
    seller: str
    dates: NDArray[np.datetime64]
    before: Floats
    short: NDArray[np.bool_]
    quantiles: Floats
    after: Floats
    short_after: NDArray[np.bool_]


def fans_of(
    situation: Situation,
    forecast: Forecast,
    rows: NDArray[np.int64],
    outcome: Outcome,
    recent: Floats,
) -> tuple[Fan, ...]:
    """Two high, two medium and two low sellers, chosen by the hash of their keys.

    forecast: of the series ``rows`` of the situation; recent: (rows,) units that they sold lately.
    """
    panel, chosen = situation.panel, _chosen(recent, forecast.index.key_hash())
    places = np.array([place for _, place in chosen], np.int64)
    mine, few = rows[places], forecast.take(places)
    came = outcome.after(panel, mine, forecast.horizon)
    quantiles = few.quantile(FAN)
    past = min(_BEFORE * forecast.horizon, panel.n_periods)
    sold = situation.sold[mine, -past:].astype(np.float64)
    status = panel.status[mine, -past:]
    before = np.where(status <= Status.CENSORED, sold, np.nan)
    after = np.where(came.known | came.at_least, came.units, np.nan)
    dates = panel.calendar.dates(panel.n_periods - past, past + forecast.horizon)
    names = zip(few.index.sku_names(), few.index.location_names(), strict=True)
    fans = [
        Fan(
            name=f"{sku} at {location}",
            seller=seller,
            dates=dates,
            before=before[k],
            short=status[k] == Status.CENSORED,
            quantiles=quantiles[k],
            after=after[k],
            short_after=came.at_least[k],
        )
        for k, ((seller, _), (sku, location)) in enumerate(zip(chosen, names, strict=True))
    ]
    return tuple(sorted(fans, key=lambda fan: list(_SELLERS).index(fan.seller)))


def _chosen(recent: Floats, keys: NDArray[np.uint64]) -> list[tuple[str, int]]:
    """Kind of seller and place of each chosen series, by place."""
    order = np.lexsort((keys, -recent))
    order = order[recent[order] > 0]
    found: dict[int, str] = {}
    for seller, (first, last) in _SELLERS.items():
        some = order[int(first * len(order)) : max(int(np.ceil(last * len(order))), 1)]
        best = some[np.argsort(keys[some], kind="stable")][:_OF_EACH]
        for place in best.tolist():
            found.setdefault(place, seller)
    return [(found[place], place) for place in sorted(found)]
