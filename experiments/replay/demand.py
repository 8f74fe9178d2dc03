"""What customers asked for on the days of a replay: recorded sales, and what was missed of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from experiments.replay.chance import uniform, whole
from forecasting.recovered import recovered_demand
from pipelines.assemble import Situation
from pipelines.assemble.demand import days_of
from pipelines.config import Config
from stockwright.calendar import Dates
from stockwright.panel import Status

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
# Days before and after a day without stock that say what would have been sold on it.
_AROUND_DAYS = 28
_ROUNDING = 1e-5


@dataclass(frozen=True)
class Asked:
    """The days of a replay, all (series, nights) but ``replayed`` and ``whole``.

    units: asked for. filled: of them, what was not sold for want of stock, as it is recovered.
    censored: whether stock ran out. price: money per unit. returned: units that came back and can
    be sold again. replayed: (series,) what a plan keeps in stock; of the others nothing is asked.
    whole: goods are counted in whole units.
    """

    units: Floats
    filled: Floats
    censored: Bools
    price: Floats
    returned: Floats
    replayed: Bools
    whole: bool


def asked_of(
    situation: Situation, sales: pd.DataFrame, config: Config, first: np.datetime64, nights: int
) -> Asked:
    """What was asked for in the ``nights`` periods after the close of ``first``.

    situation: of the last of them. sales: the table. The units of a period in which stock ran out
    are recovered from the share of it that was in stock (``forecasting.recovered``); where that
    share says too little, they are drawn around what was asked for on the days around it.
    """
    panel, network = situation.panel, situation.network
    start = int(panel.calendar.index_of(np.array([first]))[0]) + 1
    periods = np.arange(start, start + nights)
    cells = np.s_[:, start : start + nights]
    replayed = _replayed(situation)
    nearest = np.rint(situation.sold)
    # Units are kept in 32 bits, and promised ones in parts that add up to whole units but for that.
    counted = bool((np.abs(situation.sold - nearest) <= _ROUNDING * (1 + nearest)).all())
    sold = (nearest if counted else situation.sold)[cells].astype(np.float64)
    lost = _lost(situation, periods, config.seed, counted)
    price = np.broadcast_to(panel.covariates.price, (panel.n_series, panel.covariates.n_periods))
    usual = np.where(np.isnan(network.items.price), network.items.unit_cost, network.items.price)
    paid = price[cells].astype(np.float64)
    returned = _returned(situation, sales, start, nights) * config.returns.resalable
    if counted:
        dates = panel.calendar.dates(start, nights)
        returned = whole(returned, uniform(panel.index, dates, "returns", config.seed))
    kept = replayed[:, None]
    return Asked(
        units=np.where(kept, sold + lost, 0.0),
        filled=np.where(kept, lost, 0.0),
        censored=np.asarray(kept & (panel.status[cells] == Status.CENSORED), np.bool_),
        price=np.where(np.isnan(paid), usual[:, None], paid),
        returned=np.where(kept, returned, 0.0),
        replayed=replayed,
        whole=counted,
    )


def _replayed(situation: Situation) -> Bools:
    """Series that a plan keeps in stock: something supplies them, and their stock counts."""
    network, index = situation.network, situation.panel.index
    supplied = np.zeros(index.n_series, np.bool_)
    supplied[network.lanes.series] = True
    counts = network.locations.counts_stock[index.location]
    return np.asarray(supplied & counts & network.items.stock_mode, np.bool_)


def _lost(situation: Situation, periods: NDArray[np.int64], seed: int, counted: bool) -> Floats:
    """Units asked for and not sold, (series, periods)."""
    panel = situation.panel
    cells = np.s_[:, periods[0] : periods[-1] + 1]
    found, known, _ = recovered_demand(panel, cells)
    demand, censored = panel.demand[cells], panel.status[cells] == Status.CENSORED
    partly = np.where(censored & known, found - demand, 0.0)
    blind = np.where(censored & ~known, _around(situation, periods), 0.0)
    if not counted:
        return np.asarray(partly + np.maximum(blind - demand * (blind > 0), 0.0), np.float64)
    dates = panel.calendar.dates(int(periods[0]), len(periods))
    drawn = uniform(panel.index, dates, "lost demand", seed)
    more = _poisson(blind, drawn)
    return np.where(blind > 0, np.maximum(more - demand, 0.0), whole(partly, drawn))


def _around(situation: Situation, periods: NDArray[np.int64]) -> Floats:
    """Mean units of the days around each period on which demand is known; 0 where none is."""
    panel = situation.panel
    reach = max(_AROUND_DAYS // panel.calendar.days, 1)
    first = max(int(periods[0]) - reach, 0)
    found, known, _ = recovered_demand(panel, np.s_[:, first:])
    sums = [_running(np.where(known, found, 0.0)), _running(known.astype(np.float64))]
    low = np.maximum(periods - first - reach, 0)
    high = np.minimum(periods - first + reach + 1, panel.n_periods - first)
    units, days = (each[:, high] - each[:, low] for each in sums)
    return np.divide(units, days, out=np.zeros_like(units), where=days > 0)


def _running(values: Floats) -> Floats:
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)


def _poisson(mean: Floats, drawn: Floats) -> Floats:
    """Quantile ``drawn`` of a Poisson law of each mean."""
    out = np.zeros_like(mean)
    some = mean > 0
    k = np.ceil(special.pdtrik(drawn[some], mean[some]))
    # pdtrik inverts the law between whole numbers: the one below may reach the level as well.
    below = np.maximum(k - 1, 0)
    out[some] = np.where(special.pdtr(below, mean[some]) >= drawn[some], below, np.maximum(k, 0))
    return out


def _returned(situation: Situation, sales: pd.DataFrame, start: int, nights: int) -> Floats:
    """Units sent back, (series, nights)."""
    panel = situation.panel
    index, units = panel.index, sales["units"].to_numpy(np.float64)
    kind = sales["order_type"]
    back = ((kind == "return") & (sales["units"] != 0)) | ((kind == "sale") & (sales["units"] < 0))
    rows = np.flatnonzero(back.to_numpy(np.bool_))
    codes: list[Any] = [
        pd.Index(names).get_indexer(sales[column].iloc[rows].astype(object))
        for names, column in ((index.skus, "sku"), (index.locations, "location"))
    ]
    series = index.find(*codes)
    period = panel.calendar.index_of(_dates(sales, rows)) - start
    inside = (series >= 0) & (period >= 0) & (period < nights)
    flat = series[inside] * nights + period[inside]
    total = np.bincount(flat, np.abs(units[rows][inside]), index.n_series * nights)
    return np.asarray(total.reshape(index.n_series, nights), np.float64)


def _dates(sales: pd.DataFrame, rows: NDArray[np.int64]) -> Dates:
    return days_of(sales["date"].iloc[rows])
