"""Return rows of sales to what is expected back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecasting.returns import Flow, learn_returns, past_returns
from pipelines.assemble.demand import Window, days_of
from pipelines.assemble.keys import Ints, Keys
from pipelines.config import Config
from stockwright.errors import counted
from stockwright.panel import DemandPanel
from stockwright.returns import ExpectedReturns

Floats = NDArray[np.float64]
#: Longest lag between sale and return, and the history that rates are learned from, days.
LONGEST_DAYS, HISTORY_DAYS = 60, 425


def returns_of(
    tables: Mapping[str, pd.DataFrame],
    panel: DemandPanel,
    keys: Keys,
    window: Window,
    config: Config,
) -> tuple[ExpectedReturns, list[str]]:
    """What is expected back of past and future sales, fit to be sold, and a note.

    Goods come back in rows of order_type "return", and in sales of negative units; a refund
    brings nothing back, and an exchange as much as it takes. Returns that ``inbound`` announces
    are not expected a second time, unless they are given up as too late.
    """
    sales = tables["sales"]
    kind, units = sales["order_type"], sales["units"].to_numpy()
    is_return = (kind == "return").to_numpy(dtype=bool)
    sale = (kind == "sale").to_numpy(dtype=bool)
    back_rows = (is_return & (units != 0)) | (sale & (units < 0))
    if not config.returns.use or not back_rows.any():
        return ExpectedReturns.none(), []
    kept = max(window.periods - HISTORY_DAYS // window.calendar.days, 0)
    sold = _flow(sales, sale & (units > 0), keys, window, kept)
    back = _flow(sales, back_rows, keys, window, kept)
    category = _categories(panel)
    sizes = (int(category.max(initial=0)) + 1, max(len(sales["channel"].cat.categories), 1))
    longest, periods = LONGEST_DAYS // window.calendar.days, window.periods - kept
    rates = learn_returns(sold, back, category, sizes, periods, longest)
    if rates is None:
        return ExpectedReturns.none(), []
    past, rate = past_returns(sold, rates, category, periods, panel.horizon)
    good = config.returns.resalable
    announced = _announced(tables["inbound"], keys, window, config.gates.overdue_days)
    past = _less(past * good, announced)
    share = float(back.units.sum() / max(sold.units.sum(), 1.0))
    note = (
        f"returns: {share:.1%} of the units sold came back; "
        f"{counted(round(past.sum()), 'unit', 'units')} that can be sold again "
        f"{'is' if round(past.sum()) == 1 else 'are'} expected back of what is sold already"
    )
    return ExpectedReturns(past, rate * good, rates.lag, category), [note]


def _flow(
    sales: pd.DataFrame, chosen: NDArray[np.bool_], keys: Keys, window: Window, first: int
) -> Flow:
    """Units of the chosen rows from period ``first`` on, which becomes 0, each cell once."""
    rows = sales[chosen]
    series = keys.series(rows)
    period = window.calendar.index_of(days_of(rows["date"])) - first
    inside = (series >= 0) & (period >= 0) & (period < window.periods - first)
    channel = rows["channel"].cat.codes.to_numpy(np.int64)[inside]
    sizes = (keys.n_series, int(channel.max(initial=0)) + 1, window.periods - first)
    cell = np.ravel_multi_index((series[inside], channel, period[inside]), sizes)
    names, place = np.unique(cell, return_inverse=True)
    units = np.bincount(place, np.abs(rows["units"].to_numpy()[inside]), len(names))
    place_of_series, of_channel, of_period = np.unravel_index(names, sizes)
    return Flow(place_of_series, of_channel, of_period, units.astype(np.float64))


def _categories(panel: DemandPanel) -> Ints:
    """Top category of each series; 0 where it is unknown."""
    codes = panel.attributes.get("category_1", np.full(panel.n_series, -1, np.int32))
    return codes.astype(np.int64) + 1


def _announced(inbound: pd.DataFrame, keys: Keys, window: Window, overdue: int) -> Floats:
    """Units of returns under way to each series; those given up as too late are not."""
    rows = inbound[(inbound["kind"] == "return") & (inbound["status"] != "draft")]
    series = keys.series(rows, "destination")
    late = (window.as_of - days_of(rows["available_date"])).astype(np.int64)
    counts = (series >= 0) & (late <= overdue)
    units = rows["units"].to_numpy(np.float64)[counts]
    return np.asarray(np.bincount(series[counts], units, keys.n_series), np.float64)


def _less(past: Floats, announced: Floats) -> Floats:
    """What is expected beyond the returns that are under way, which come first."""
    rest = np.maximum(np.cumsum(past, axis=1) - announced[:, None], 0.0)
    return np.asarray(np.diff(rest, axis=1, prepend=0.0), np.float64)
