"""Emergency lines of a pulse: which keys need help, and from where it comes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.pulse.position import Position, Watch
from pipelines.store.files import digest
from replenishment.pulse.emergency import Help, Ways, book, buy_fast, move_spare, spare_of

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
    moves = np.flatnonzero(open_ways.source >= 0)
    got = np.zeros(n)
    transfers, wished, waiting = _moves(position, open_ways.take(moves), spare_stock, free, got)
    fast = np.flatnonzero(open_ways.source < 0)
    by_lane = open_ways.take(fast)
    orders = buy_fast(position.exposure(by_lane.key), by_lane, got)
    return Emergency(_lines(orders, rows[fast]), _lines(transfers, rows[moves]), wished, waiting)


def _moves(
    position: Position, ways: Ways, spare_stock: Floats, free: Floats, got: Floats
) -> tuple[Help, Floats, float]:
    n = len(got)
    exposure = position.exposure(ways.key)
    sources = np.unique(ways.source)
    spare = np.zeros(n)
    spare[sources] = np.minimum(
        spare_of(position.exposure(sources), SOURCE_LEVEL),
        np.floor(np.maximum(spare_stock[sources], 0.0)),
    )
    help_ = move_spare(exposure, ways, spare, got)
    gain = exposure.shortage - ways.premium
    now = book(help_.units, gain, ways, free)
    wished = np.bincount(ways.source, help_.units, minlength=n).astype(np.float64)
    part = np.divide(now, help_.units, out=np.zeros_like(now), where=help_.units > 0)
    waiting = float((help_.units - now).sum())
    return Help(help_.way, now, help_.avoided * part, help_.benefit * part), wished, waiting


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
    kept = help_.units > 0
    return Lines(rows[kept], help_.units[kept], help_.avoided[kept], help_.benefit[kept])


def needs_help(position: Position, seen: Watch, level: float, least: float) -> NDArray[np.bool_]:
    """Keys below the warning line, and those that run short later, before ordinary help comes."""
    state = position.state
    stocked = state.columns["stocked"]
    below = (seen.chance > 1.0 - level) & (seen.missed >= least)
    # Mean demand up to the resupply against stock and all arrivals: cheap, and finds the rest.
    mean = state.daily["mean"].sum(axis=1) * np.maximum(seen.rate, 1.0)
    later = mean > np.maximum(position.free, 0.0)
    rows = np.flatnonzero(stocked & ~below & later)
    if len(rows):
        face = position.exposure(rows)
        day = np.arange(face.arrivals.shape[1])
        gap = np.where(day < face.resupply[:, None], face.outlook.mean - face.arrivals, 0.0)
        below[rows] = gap.max(axis=1) - face.stock >= max(least, 1e-9)
    return np.asarray(below & stocked)


def line_names(day: str, kind: str, sequence: int, columns: list[list[str]]) -> list[str]:
    """A stable name for each line of a pulse."""
    start = f"E{kind}{day.replace('-', '')}-"
    rows = zip(*columns, strict=True)
    return [start + digest(day, kind, str(sequence), *row)[:12] for row in rows]
