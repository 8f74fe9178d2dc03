"""Read what happened today: sales, units held for customers, goods received."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.config.model import Config
from pipelines.ingest.contract import check_contract
from pipelines.ingest.discover import opener_of
from pipelines.ingest.ingested import TablesError
from pipelines.ingest.raw import UnreadableError
from pipelines.ingest.read import gate_problems
from pipelines.ingest.read_one import read_one
from pipelines.ingest.references import set_aside
from pipelines.ingest.schema import DAY_TABLES
from pipelines.ingest.table import TableInHand, joined_rejected
from pipelines.pulse.state import NamedKeys
from stockwright.errors import ConfigError, counted

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Kinds of rows that take stock; only a sale is demand.
_TAKES = ("sale", "gift", "sample", "exchange")
_FAR = np.datetime64("9999-12-31", "D")


@dataclass(frozen=True)
class Today:
    """The day so far by key, all (keys,) units.

    taken: left the free stock. demanded: asked for today. served: of commitments. held: in carts
    and unpaid orders. received: came in. key, channel, units: (pairs,) taken by key and channel.
    order_key, order_units: (orders,) asked for in orders of more than one unit.
    stray: sku, location and units of sales of keys that the night does not know.
    second: of the day, as of which all this holds. newest: second of the newest sale.
    rejected: rows set aside.
    """

    taken: Floats
    demanded: Floats
    served: Floats
    held: Floats
    received: Floats
    key: Ints
    channel: NDArray[np.object_]
    units: Floats
    order_key: Ints
    order_units: Floats
    stray: pd.DataFrame
    second: int
    newest: int
    rejected: pd.DataFrame
    notes: tuple[str, ...]
    hashes: dict[str, str]


def read_today(
    files: Mapping[str, Path],
    names: NamedKeys,
    config: Config,
    day: np.datetime64,
    second: int | None,
) -> Today:
    """The day so far. ``second``: as of which, None for the newest time of the sales.

    Raises TablesError: a file breaks the contract. ConfigError: no such file, or no time to go by.
    """
    held = _read(files, config, day)
    sales = held["sales_today"].frame
    newest = _newest(sales["time"].to_numpy(), day)
    places = names.find(sales["sku"], sales["location"])
    units = sales["units"].to_numpy(np.float64)
    kind = sales["order_type"].astype("str")
    fresh = ~sales["reserved"].to_numpy(np.bool_)
    takes = kind.isin(_TAKES).to_numpy() & (units > 0) & fresh
    stray = sales[takes & (places < 0)].groupby(["sku", "location"], observed=True)["units"].sum()
    rows = takes & (places >= 0)
    key, amount = places[rows], units[rows]
    promised = sales["commitment"].to_numpy(np.bool_)[rows]
    asked = (kind == "sale").to_numpy()[rows] & ~promised
    n, orders = len(names), _orders(key[asked], sales["order_id"][rows][asked], amount[asked])
    pairs = _by_channel(key, sales["channel"][rows], amount)
    return Today(
        taken=_sum(key, amount, n),
        demanded=_sum(key, amount * asked, n),
        served=_sum(key, amount * promised, n),
        held=_held(held.get("reservations"), sales, names),
        received=_received(held.get("received"), names),
        key=pairs[0],
        channel=pairs[1],
        units=pairs[2],
        order_key=orders[0],
        order_units=orders[1],
        stray=stray.reset_index().astype({"sku": "str", "location": "str"}),
        second=_second(newest, len(sales), second),
        newest=newest,
        rejected=joined_rejected([t.all_rejected() for t in held.values() if t.rejected]),
        notes=tuple(_notes(held, units, int((~fresh).sum()))),
        hashes={name: "".join(s.sha256 for s in table.sources) for name, table in held.items()},
    )


def _sum(key: Ints, units: Floats, n: int) -> Floats:
    return np.bincount(key, units, minlength=n).astype(np.float64)


def _read(files: Mapping[str, Path], config: Config, day: np.datetime64) -> dict[str, TableInHand]:
    problems: list[str] = []
    held: dict[str, TableInHand] = {}
    for name, path in files.items():
        try:
            held[name] = read_one(DAY_TABLES[name], [opener_of(path)], config, _FAR)
        except UnreadableError as error:
            problems.append(str(error))
            continue
        check_contract(held[name])
        if name == "sales_today":
            _only_of(held[name], day)
        problems += gate_problems(held[name], config)
    if problems:
        lost = [table.all_rejected() for table in held.values() if table.rejected]
        raise TablesError(tuple(problems), joined_rejected(lost))
    return held


def _only_of(sales: TableInHand, day: np.datetime64) -> None:
    """Set aside the rows of other dates than the day after the night."""
    dates = sales.frame["time"].to_numpy().astype("datetime64[D]")
    reason = f"not of {day}, the day after the last night"
    set_aside(sales, np.asarray(dates != day, np.bool_), "time", reason)


def _newest(times: NDArray[np.datetime64], day: np.datetime64) -> int:
    """Second of the day of the newest sale; 0 where none tells a time of day."""
    if not len(times):
        return 0
    return int((times.max() - day.astype("datetime64[s]")).astype(np.int64))


def _second(newest: int, rows: int, second: int | None) -> int:
    if second is None:
        if not newest:
            what = "tell no time of day" if rows else "have no rows"
            raise ConfigError(f"the sales of today {what}; give --at, such as 14:30")
        return newest
    if second + 59 < newest:
        shown = f"{newest // 3600:02d}:{newest % 3600 // 60:02d}"
        raise ConfigError(
            f"--at lies before the newest sale, which is of {shown}; give a later one"
        )
    return second


def _by_channel(
    key: Ints, channel: pd.Series, units: Floats
) -> tuple[Ints, NDArray[np.object_], Floats]:
    """Units of each key and channel, sorted."""
    codes = channel.cat.codes.to_numpy().astype(np.int64)
    width = max(len(channel.cat.categories), 1)
    pairs, place = np.unique(key * width + np.maximum(codes, 0), return_inverse=True)
    names = np.array([*channel.cat.categories, ""], dtype=object)
    total = np.bincount(place, units, minlength=len(pairs)).astype(np.float64)
    return pairs // width, names[pairs % width], total


def _orders(key: Ints, order: pd.Series, units: Floats) -> tuple[Ints, Floats]:
    """Key and units of each order of more than one unit; a row without a number is one order."""
    names = order.cat.categories
    codes = order.cat.codes.to_numpy().astype(np.int64)
    alone = (names == "")[codes] if len(names) else np.ones(len(codes), np.bool_)
    pairs = key * max(len(names), 1) + codes
    pairs[alone] = -1 - np.arange(int(alone.sum()))
    _, first, place = np.unique(pairs, return_index=True, return_inverse=True)
    total = np.bincount(place, units, minlength=len(first)).astype(np.float64)
    large = total > 1
    return key[first[large]], total[large]


def _held(table: TableInHand | None, sales: pd.DataFrame, names: NamedKeys) -> Floats:
    """Units held; a row whose order is among the sales of its key is counted there."""
    if table is None:
        return np.zeros(len(names))
    rows = table.frame
    key = names.find(rows["sku"], rows["location"])
    columns = ["order_id", "sku", "location"]
    sold = pd.MultiIndex.from_frame(sales[columns].astype("str").drop_duplicates())
    own = pd.MultiIndex.from_frame(rows[columns].astype("str"))
    counted = own.isin(sold) & (rows["order_id"] != "").to_numpy()
    kept = (key >= 0) & ~counted
    return _sum(key[kept], rows["units"].to_numpy(np.float64)[kept], len(names))


def _received(table: TableInHand | None, names: NamedKeys) -> Floats:
    if table is None:
        return np.zeros(len(names))
    key = names.find(table.frame["sku"], table.frame["location"])
    kept = key >= 0
    return _sum(key[kept], table.frame["units"].to_numpy(np.float64)[kept], len(names))


def _notes(held: Mapping[str, TableInHand], units: Floats, shipped: int) -> list[str]:
    notes = [note for table in held.values() for note in table.notes]
    notes += [
        f"{t.table.name}: {counted(t.bad, 'bad row is', 'bad rows are')} set aside"
        for t in held.values()
        if t.bad
    ]
    if back := int((units < 0).sum()):
        rows = counted(back, "row of returns adds", "rows of returns add")
        notes.append(f"sales_today: {rows} nothing to the stock of today")
    if shipped:
        rows = counted(shipped, "row was", "rows were")
        there = "counts there" if shipped == 1 else "count there"
        notes.append(f"sales_today: {rows} reserved before today and {there}")
    return notes
