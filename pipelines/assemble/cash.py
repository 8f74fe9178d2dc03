"""When orders are paid, and what is left of the cash of each week."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.decisions import Promised
from pipelines.assemble.demand import days_of
from pipelines.assemble.keys import Ints, Keys
from pipelines.config import Config
from stockwright.calendar import Dates, mondays
from stockwright.network import LaneKind, Lanes

Floats = NDArray[np.float64]
Texts = NDArray[np.object_]


def payment_dates(
    suppliers: pd.DataFrame, source: Texts, ordered: Dates, available: Dates
) -> Dates:
    """When orders of some ``source`` are paid, (orders,): so many days after they are available,
    or with the order where the supplier has no ``payment_days``.
    """
    told = suppliers.drop_duplicates("supplier").set_index("supplier")["payment_days"]
    told.index = told.index.astype(object)
    days = told.reindex(source).to_numpy(np.float64)
    later = available + np.ceil(np.nan_to_num(days)).astype("timedelta64[D]")
    out: Dates = np.where(np.isnan(days), ordered, later)
    return out


def cash_of(
    tables: dict[str, pd.DataFrame],
    lanes: Lanes,
    sources: pd.DataFrame,
    unit_cost: Floats,
    lines: Promised,
    keys: Keys,
    config: Config,
    order_date: np.datetime64,
) -> tuple[Dates, Floats]:
    """Weeks in which orders of tonight may be paid and whose cash is limited, and what is left.

    sources: columns series, source (name), by lane. unit_cost: (series,). lines: approved lines
    that ``inbound`` does not carry.
    """
    weeks = np.unique(mondays(lanes.payment_date[~np.isnat(lanes.payment_date)]))
    cash = _limits(weeks, config)
    weeks, cash = weeks[np.isfinite(cash)], cash[np.isfinite(cash)]
    if not len(weeks):
        return weeks, cash
    series, source, units, available = _ordered(tables["inbound"], lines, keys)
    lane = _cheapest(lanes, sources, series, source)
    # What no lane explains is taken to have been ordered before tonight's weeks.
    wait = np.append(lanes.available_date - order_date, np.timedelta64(36_500, "D"))[lane]
    paid = payment_dates(tables["suppliers"], source, available - wait, available)
    cost = np.where(lane >= 0, np.append(lanes.unit_cost, 0.0)[lane], unit_cost[series])
    week = mondays(paid)
    place = np.minimum(np.searchsorted(weeks, week), len(weeks) - 1)
    due = weeks[place] == week
    spent = np.bincount(place[due], (units * cost)[due], len(weeks))
    return weeks, np.maximum(cash - spent, 0.0)


def _limits(weeks: Dates, config: Config) -> Floats:
    """Money for each week, inf where there is no limit."""
    weekly = config.cash.weekly
    out = np.full(len(weeks), np.inf if weekly is None else weekly)
    for day, amount in config.cash.week.items():
        out[weeks == mondays(np.array([day], "datetime64[D]"))] = amount
    return out


def _ordered(
    inbound: pd.DataFrame, lines: Promised, keys: Keys
) -> tuple[Ints, Texts, Floats, Dates]:
    """Series, source, units and date of what was bought before and is still to come."""
    series = keys.series(inbound, "destination")
    place = keys.locations(inbound["source"])
    bought = (inbound["kind"] == "purchase").to_numpy(dtype=bool) & (place < 0) & (series >= 0)
    bought &= (inbound["status"] != "draft").to_numpy(dtype=bool)
    own = lines.source < 0
    return (
        np.concatenate([series[bought], lines.series[own]]),
        np.concatenate([inbound["source"].to_numpy(object)[bought], lines.supplier[own]]),
        np.concatenate([inbound["units"].to_numpy(np.float64)[bought], lines.units[own]]),
        np.concatenate([days_of(inbound["available_date"])[bought], lines.available[own]]),
    )


def _cheapest(lanes: Lanes, sources: pd.DataFrame, series: Ints, source: Texts) -> Ints:
    """The cheapest lane from a supplier for each row of a key and a source, -1 for none; that of
    any supplier where the row names none.
    """
    frame = sources[["series", "source"]].assign(lane=np.arange(len(lanes)), cost=lanes.unit_cost)
    frame = frame[lanes.kind != LaneKind.TRANSFER].sort_values(["cost", "lane"])
    named = frame.drop_duplicates(["series", "source"]).set_index(["series", "source"])["lane"]
    usual = frame.drop_duplicates("series").set_index("series")["lane"]
    index = pd.MultiIndex.from_arrays([series, source], names=["series", "source"])
    found = np.where(source == "", usual.reindex(series), named.reindex(index))
    lane: Ints = np.nan_to_num(found.astype(np.float64), nan=-1.0).astype(np.int64)
    return lane
