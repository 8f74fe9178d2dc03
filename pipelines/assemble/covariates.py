"""Events and prices to the arrays that are known ahead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.demand import Window, days_of
from pipelines.assemble.keys import Keys
from pipelines.assemble.prices import (
    category_prefixes,
    prices_by_period,
    series_of_scope,
)
from pipelines.assemble.spans import Spans, day_range, painted
from stockwright.panel import Covariates

Floats = NDArray[np.float64]
# A channel is no scope: demand is not parted by channel.
_SCOPES = ("sku", "category", "location")


@dataclass(frozen=True)
class _Painted:
    """(series or 1, periods): 1 + row of the event, 0 for none; and the discount."""

    row: NDArray[np.int32]
    discount: NDArray[np.float32]


def covariates_of(
    events: pd.DataFrame,
    prices: pd.DataFrame,
    products: pd.DataFrame,
    list_price: Floats,
    keys: Keys,
    window: Window,
    horizon: int,
    accepted: NDArray[np.float32] | None = None,
) -> Covariates:
    """What is known of every period from the start of the history to ``horizon`` beyond it.

    The price is the one of the price table, else the list price less the event's discount. The
    discount is the larger of the event's and of what the price lies below the list price. Prices
    that were paid never enter: they exist only where something was sold.

    accepted: (series, periods) clearance prices that the shop has taken up, NaN for none; where
    they are lower they hold.
    """
    periods, days = window.periods + horizon, window.calendar.days
    origin = window.calendar.start
    painted_events = _events(events, products, keys, origin, periods, days)
    planned = prices_by_period(prices, keys, origin, periods, days)
    discount = painted_events.discount
    usual = list_price[:, None].astype(np.float32)
    if planned is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            cut = np.clip(1 - planned / usual, 0.0, 1.0)
        discount = np.fmax(discount, cut).astype(np.float32)
        price = np.where(np.isnan(planned), usual * (1 - discount), planned)
    elif np.isnan(list_price).all():
        price = np.full((1, periods), np.nan, np.float32)
    else:
        price = usual * (1 - discount)
    if accepted is not None:
        price = np.fmin(price, accepted)
        with np.errstate(divide="ignore", invalid="ignore"):
            discount = np.fmax(discount, np.clip(1 - accepted / usual, 0.0, 1.0))
    event_names, event = _names(events["event"])
    phase_names, phase = _names(events["phase"])
    return Covariates(
        price=price.astype(np.float32, copy=False),
        discount=discount.astype(np.float32, copy=False),
        event=event[painted_events.row],
        phase=phase[painted_events.row],
        event_names=event_names,
        phase_names=phase_names,
    )


def _names(column: pd.Series) -> tuple[tuple[str, ...], NDArray[np.int16]]:
    """Sorted names, and for row number + 1 the name's code + 1; 0 for no row and no name."""
    names = pd.Index(sorted(set(column.astype(object)) - {""}), dtype=object)
    codes = names.get_indexer(column.astype(object)) + 1
    return tuple(names), np.concatenate([[0], codes]).astype(np.int16)


def _events(
    events: pd.DataFrame,
    products: pd.DataFrame,
    keys: Keys,
    origin: np.datetime64,
    periods: int,
    days_per_period: int,
) -> _Painted:
    """Events without a selector are painted once for all series, the others over them.

    Where two events of one scope overlap, the larger discount shows, then the later row.
    """
    days = periods * days_per_period
    off = np.nan_to_num(events["discount_off"].to_numpy(np.float64))
    scoped = np.zeros(len(events), np.bool_)
    for name in _SCOPES:
        scoped |= (events[name] != "").to_numpy(dtype=bool)
    first, last = day_range(days_of(events["start"]), days_of(events["end"]), origin, days)
    strength = np.argsort(off, kind="stable")
    shared = strength[~scoped[strength]]
    spans = Spans(np.zeros(len(shared), np.int64), first[shared], last[shared], shared)
    ((_, _, base),) = painted(spans, 1, days)
    rate = np.append(off, 0.0).astype(np.float32)
    if not scoped.any():
        return _by_period(base, rate, periods)
    special = strength[scoped[strength]]
    prefixes = category_prefixes(products, keys)
    row, series = series_of_scope(events.iloc[special], prefixes, keys)
    own = Spans(series, first[special[row]], last[special[row]], special[row])
    return _stacked(base, own, rate, keys.n_series, periods)


def _stacked(
    base: NDArray[np.int32], own: Spans, rate: NDArray[np.float32], n: int, periods: int
) -> _Painted:
    row = np.empty((n, periods), np.int32)
    discount = np.empty((n, periods), np.float32)
    for start, stop, grid in painted(own, n, base.shape[1]):
        block = _by_period(np.where(grid < 0, base, grid), rate, periods)
        general = _by_period(base, rate, periods)
        row[start:stop] = block.row
        discount[start:stop] = np.maximum(block.discount, general.discount)
    return _Painted(row, discount)


def _by_period(grid: NDArray[np.int32], rate: NDArray[np.float32], periods: int) -> _Painted:
    """Days to periods: the mean discount, and the event of the day with the largest discount."""
    daily = rate[grid]
    if grid.shape[1] == periods:
        return _Painted(grid + 1, daily)
    rows = grid.reshape(len(grid), periods, -1)
    off = daily.reshape(rows.shape)
    best = np.argmax(np.where(rows >= 0, off, -1.0), axis=2)
    row = np.take_along_axis(rows, best[:, :, None], axis=2)[:, :, 0]
    return _Painted(row + 1, off.mean(axis=2, dtype=np.float32))
