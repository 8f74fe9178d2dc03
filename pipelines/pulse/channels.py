"""The channels of the shop, and what each claims of the stock of every key."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.pulse.ledger import Ledger
from pipelines.pulse.position import Position
from pipelines.pulse.state import PulseState
from pipelines.pulse.today import Today
from replenishment.pulse.quota import Claims, Quotas, divide

Floats = NDArray[np.float64]
_BLOCK = 1 << 17


@dataclass(frozen=True)
class Channels:
    """names: "" stands for whatever names no channel. Terms by location, (locations, channels).

    platform: of each channel. buffer: units of each key. share: of the pool, 0 where a channel
    has none. sells: gets a part of the pool.
    """

    names: list[str]
    platform: list[str]
    buffer: Floats
    share: Floats
    sells: NDArray[np.bool_]


def channels_of(state: PulseState, ledger: Ledger) -> Channels:
    """The shop's channels, those with locked units, and those that still hold a quota."""
    table = state.channels
    held = [name for name, told in ledger.told.items() if told.any()]
    names = ["", *sorted({*table["channel"], *state.locks["channel"], *held} - {""})]
    shape = (len(state.names.locations), len(names))
    buffer, share = np.zeros(shape), np.zeros(shape)
    sells, told = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    # A location's own row goes before the general one.
    for row in table.sort_values("location", kind="stable").itertuples():
        place = state.names.locations == row.location if row.location else slice(None)
        column = names.index(row.channel)
        buffer[place, column], sells[place, column] = row.buffer_units, True
        known = row.share == row.share
        share[place, column], told[place, column] = row.share if known else 0.0, known
    if table.empty:
        sells[:, 0] = True
    platform = table.groupby("channel")["platform"].first().to_dict()
    share = _filled(share, sells & ~told, told)
    return Channels(names, [platform.get(n, "") for n in names], buffer, share, sells)


def _filled(share: Floats, untold: NDArray[np.bool_], told: NDArray[np.bool_]) -> Floats:
    """Channels without a share have equal parts of what the others leave."""
    count = untold.sum(axis=1, keepdims=True)
    rest = np.maximum(1.0 - np.where(told, share, 0.0).sum(axis=1, keepdims=True), 0.0)
    return np.where(untold, np.divide(rest, np.maximum(count, 1)), share)


def by_channel(today: Today, names: list[str], n: int) -> Floats:
    """Units taken today, (keys, channels); sales of unknown channels count under ""."""
    place = {name: number for number, name in enumerate(names)}
    known, codes = np.unique(today.channel.astype(str), return_inverse=True)
    column = np.array([place.get(name, 0) for name in known.tolist()], np.int64)
    column = column[codes] if len(codes) else np.empty(0, np.int64)
    cells = today.key * len(names) + column
    total = np.bincount(cells, today.units, minlength=n * len(names))
    return np.asarray(total.reshape(n, len(names)).astype(np.float64))


def outstanding(ledger: Ledger, names: list[str], sold: Floats) -> Floats:
    """Units of earlier quotas that are not sold yet, (keys, channels)."""
    left = np.zeros_like(sold)
    for column, name in enumerate(names):
        if name in ledger.told:
            since = sold[:, column] - ledger.sold.get(name, 0.0)
            left[:, column] = np.maximum(ledger.told[name] - np.maximum(since, 0.0), 0.0)
    return left


def locked_units(locks: pd.DataFrame, names: list[str], n: int) -> Floats:
    """Units that only one channel may sell, (keys, channels)."""
    column = locks["channel"].map({name: place for place, name in enumerate(names)})
    cells = locks["key"].to_numpy(np.int64) * len(names) + column.to_numpy(np.int64)
    total = np.bincount(cells, locks["units"].to_numpy(np.float64), minlength=n * len(names))
    return np.asarray(total.reshape(n, len(names)).astype(np.float64))


def promised_ahead(position: Position, next_day: NDArray[np.int64]) -> Floats:
    """Committed units to be kept back until more comes in, (keys,)."""
    committed = position.state.daily["committed"]
    if not committed.any():
        return np.zeros(len(next_day))
    due = committed.copy()
    due[:, 0] = np.maximum(due[:, 0] - position.today.served, 0.0)
    inside = np.arange(due.shape[1]) < np.maximum(next_day, 1)[:, None]
    return np.asarray(np.where(inside, due, 0.0).sum(axis=1))


@dataclass(frozen=True)
class Division:
    """What is divided, and how: (keys,) stock; (keys, channels) the rest."""

    stock: Floats
    sold: Floats
    old: Floats
    quotas: Quotas


def divided(
    position: Position, channels: Channels, stock: Floats, sold: Floats, old: Floats
) -> Division:
    """Quotas of every key, block by block. stock: (keys,) units that may be sold."""
    state, n = position.state, len(position.state)
    locked = locked_units(state.locks, channels.names, n)
    place = state.names.location
    open_ = (state.columns["stocked"] & state.columns["sells"])[:, None]
    parts = []
    for first in range(0, max(n, 1), _BLOCK):
        rows = slice(first, first + _BLOCK)
        claims = Claims(
            sold[rows], old[rows], locked[rows], channels.buffer[place[rows]],
            channels.share[place[rows]], channels.sells[place[rows]] & open_[rows],
        )  # fmt: skip
        parts.append(divide(stock[rows], claims, position.moment.passed))
    names = list(Quotas.__dataclass_fields__)
    whole = Quotas(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))
    return Division(stock, sold, old, whole)
