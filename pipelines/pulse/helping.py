"""Emergency lines of a pulse: which keys need help, and from where it comes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.pulse.position import Position, Watch
from replenishment.pulse.emergency import Help, Ways, best_help, book, spare_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Probability with which a source can still meet its own demand after giving units away.
SOURCE_LEVEL = 0.95


@dataclass(frozen=True)
class Lines:
    """Emergency lines, all (lines,): row of the state's ways, units, what they bring."""

    way: Ints
    units: Floats
    avoided: Floats
    benefit: Floats


@dataclass(frozen=True)
class Emergency:
    """orders, transfers: proposed now. wished: (keys,) units that transfers want of each source,
    proposed or waiting until channels have given them back. waiting: units not yet proposed.
    """

    orders: Lines
    transfers: Lines
    wished: Floats
    waiting: float


def emergency(
    position: Position, in_need: NDArray[np.bool_], spare_stock: Floats, free: Floats,
    booked: pd.DataFrame,
) -> Emergency:  # fmt: skip
    """Lines for the keys in need. spare_stock: (keys,) what may leave a source at all. free: what
    of it no channel holds now. booked: lines of earlier pulses, which use up what a way carries.
    """
    state, n = position.state, len(position.state)
    ways = state.ways
    key, source = ways["key"].astype(np.int64), ways["source_key"].astype(np.int64)
    stocked = state.columns["stocked"]
    useful = in_need[key] & stocked[key] & ((source < 0) | stocked[source])
    rows = np.flatnonzero(useful)
    open_ways = Ways(
        key[rows], source[rows], ways["lead_days"][rows].astype(np.int64), ways["premium"][rows],
        ways["moq"][rows], ways["multiple"][rows], _most(position, rows, booked),
    )  # fmt: skip
    sources = np.unique(open_ways.source[open_ways.source >= 0])
    spare = np.zeros(n)
    spare[sources] = np.minimum(
        spare_of(position.exposure(sources), SOURCE_LEVEL),
        np.floor(np.maximum(spare_stock[sources], 0.0)),
    )
    help_ = best_help(position.exposure(open_ways.key), open_ways, spare)
    moves, fast = np.flatnonzero(open_ways.source >= 0), np.flatnonzero(open_ways.source < 0)
    wanted, by_road = help_.take(moves), open_ways.take(moves)
    gain = state.columns["shortage_cost"][by_road.key] - by_road.premium
    now = book(wanted.units, gain, by_road, free)
    part = np.divide(now, wanted.units, out=np.zeros_like(now), where=wanted.units > 0)
    transfers = Help(wanted.way, now, wanted.avoided * part, wanted.benefit * part)
    return Emergency(
        orders=_lines(help_.take(fast), rows),
        transfers=_lines(transfers, rows),
        wished=np.bincount(by_road.source, wanted.units, minlength=n).astype(np.float64),
        waiting=float((wanted.units - now).sum()),
    )


def _most(position: Position, rows: Ints, booked: pd.DataFrame) -> Floats:
    """Units that each way can still carry today."""
    state = position.state
    most = np.array(state.ways["max_units"][rows], np.float64)
    if booked.empty or not np.isfinite(most).any():
        return most
    target = state.names.find(booked["sku"], booked["destination"])
    used = pd.DataFrame({"key": target, "source": booked["source"], "units": booked["units"]})
    total = used.groupby(["key", "source"])["units"].sum()
    wanted = pd.MultiIndex.from_arrays([state.ways["key"][rows], state.ways["source"][rows]])
    return np.asarray(np.maximum(most - total.reindex(wanted, fill_value=0.0).to_numpy(), 0.0))


def _lines(help_: Help, rows: Ints) -> Lines:
    """The lines of what helps; rows: (open ways,) rows of the state's ways."""
    kept = help_.units > 0
    return Lines(rows[help_.way[kept]], help_.units[kept], help_.avoided[kept], help_.benefit[kept])


def needs_help(position: Position, seen: Watch, level: float, least: float) -> NDArray[np.bool_]:
    """Keys below the warning line, and those that run short later, before ordinary help comes."""
    state = position.state
    stocked = state.columns["stocked"]
    below = (seen.chance > 1.0 - level) & (seen.missed >= least)
    # Only where mean demand of all days exceeds the stock can it do so before an arrival.
    rows = np.flatnonzero(stocked & ~below & (seen.ahead > np.maximum(position.free, 0.0)))
    if len(rows):
        face = position.exposure(rows)
        day = np.arange(face.arrivals.shape[1])
        gap = np.where(day < face.resupply[:, None], face.outlook.mean - face.arrivals, 0.0)
        below[rows] = gap.max(axis=1) - face.stock >= max(least, 1e-9)
    return np.asarray(below & stocked)
