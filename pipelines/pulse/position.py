"""Where every key stands now: what is free, what comes in, how long it lasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.pulse.state import DAYS, PulseState
from pipelines.pulse.today import Today
from replenishment.pulse.day import DayProfile
from replenishment.pulse.emergency import Exposure
from replenishment.pulse.outlook import Outlook, hours_of_cover, look_ahead
from replenishment.pulse.rates import DayPrior, Rates, largest_ordinary_order, update_rates
from replenishment.pulse.surge import time_to_last

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_BLOCK = 1 << 16
# Gamma demand beyond this many standard deviations above its mean is rarer than any warning.
_FAR = 8.0
# Days that a unit bought for a surge waits at most: nobody keeps it longer.
_LONGEST_WAIT = 365.0


@dataclass(frozen=True)
class Moment:
    """When a pulse looks. second: of the day. restock: second by which goods due today are in."""

    second: int
    restock: int
    profile: DayProfile

    @property
    def hour(self) -> float:
        """Hour of the day."""
        return self.second / 3600.0

    @property
    def passed(self) -> float:
        """Share of the day's demand that should have been asked for by now."""
        return self.profile.share_by(self.hour)

    @property
    def late(self) -> bool:
        """Whether goods due today are overdue."""
        return self.second >= self.restock


@dataclass(frozen=True)
class Position:
    """Where the keys stand; all (keys,) but ``booked_in`` (keys, DAYS).

    free: units on hand that nobody has bought, is promised or holds; may lie below 0. counted:
    units asked for today that tell of further demand, orders beyond the ordinary cut.
    overdue: units due today or before and not in. booked_in: of emergency lines, by day.
    """

    state: PulseState
    today: Today
    moment: Moment
    free: Floats
    counted: Floats
    overdue: Floats
    booked_in: Floats

    def outlook(self, rows: slice | Ints) -> tuple[Outlook, Rates]:
        """Demand ahead of some keys."""
        prior = prior_of(self.state, rows)
        rates = update_rates(prior, self.counted[rows], self.moment.passed)
        promised = self.state.daily["committed"][rows].copy()
        promised[:, 0] = np.maximum(promised[:, 0] - self.today.served[rows], 0.0)
        means = self.state.daily["mean"][rows]
        return look_ahead(means, promised, prior, rates, 1.0 - self.moment.passed), rates

    def arrivals(self, rows: slice | Ints) -> Floats:
        """Units still to come in up to each day, running totals; what is late comes tomorrow."""
        daily = self.state.daily["arrivals"][rows] + self.booked_in[rows]
        running = np.cumsum(daily, axis=1) - self.today.received[rows, None]
        running = np.maximum(running, 0.0)
        if self.moment.late:
            running[:, 0] = 0.0
        return running

    def exposure(self, rows: Ints) -> Exposure:
        """What some keys face."""
        columns = self.state.columns
        outlook, rates = self.outlook(rows)
        daily = np.maximum(self.state.daily["mean"][rows].mean(axis=1), 1e-9)
        lasts, _ = time_to_last(self.moment.passed, DAYS)
        return Exposure(
            outlook,
            self.arrivals(rows),
            np.maximum(self.free[rows], 0.0),
            columns["resupply_days"][rows].astype(np.int64),
            columns["shortage_cost"][rows],
            columns["holding_cost"][rows],
            np.minimum(rates.surge * lasts[-1] / daily, _LONGEST_WAIT),
        )


def prior_of(state: PulseState, rows: slice | Ints) -> DayPrior:
    """What the night expected of today, of some keys."""
    names = ("linear_dispersion", "level_variance", "step_variance")
    spread = (state.columns[name][rows] for name in names)
    return DayPrior(state.daily["mean"][rows, 0], *spread)


def _counted(state: PulseState, today: Today) -> Floats:
    """Units asked for, of each order as many as are ordinary, (keys,)."""
    rows = np.unique(today.order_key)
    most = np.zeros(len(state))
    most[rows] = largest_ordinary_order(prior_of(state, rows))
    beyond = np.maximum(today.order_units - most[today.order_key], 0.0)
    return today.demanded - np.bincount(today.order_key, beyond, minlength=len(state))


def position_now(
    state: PulseState, today: Today, moment: Moment, booked: pd.DataFrame, day: np.datetime64
) -> Position:
    """The position as of now: last night's stock, the day so far, what pulses booked."""
    leaving, coming = _booked_units(state, booked, day)
    columns = state.columns
    due = state.daily["arrivals"][:, 0] + coming[:, 0]
    free = columns["on_hand"] + today.received - today.taken - today.held
    free = free - columns["leaving"] - leaving
    overdue = np.maximum(due - today.received, 0.0) if moment.late else np.zeros(len(state))
    before = np.maximum(columns["overdue"] - today.received, 0.0)
    overdue = np.maximum(overdue, before)
    return Position(state, today, moment, free, _counted(state, today), overdue, coming)


def _booked_units(
    state: PulseState, booked: pd.DataFrame, day: np.datetime64
) -> tuple[Floats, Floats]:
    """Units that emergency lines of the day take from keys, and bring by day."""
    n = len(state)
    target = state.names.find(booked["sku"], booked["destination"])
    source = state.names.find(booked["sku"], booked["source"])
    units = booked["units"].to_numpy(np.float64)
    moved = (booked["kind"] == "transfer").to_numpy() & (source >= 0)
    leaving = np.bincount(source[moved], units[moved], minlength=n).astype(np.float64)
    ahead = (booked["available_date"].to_numpy("datetime64[D]") - day).astype(np.int64)
    inside = (target >= 0) & (ahead >= 0) & (ahead < DAYS)
    cells = target[inside] * DAYS + ahead[inside]
    coming = np.bincount(cells, units[inside], minlength=n * DAYS)
    return leaving, coming.reshape(n, DAYS).astype(np.float64)


@dataclass(frozen=True)
class Watch:
    """What is seen of every key, (keys,): see cover.parquet in docs/outputs.md.

    missed: units expected to be missed by the next arrival. below: it lies below the warning
    line. next_day: days until that arrival, or until an ordinary order could come. ahead: units
    that are asked for within DAYS.
    """

    expected: Floats
    surprise: Floats
    rate: Floats
    hours: Floats
    next_day: Ints
    until_next: Floats
    missed: Floats
    chance: Floats
    ahead: Floats

    @classmethod
    def joined(cls, parts: list[Watch]) -> Watch:
        """The watches of consecutive blocks as one."""
        names = list(cls.__dataclass_fields__)
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def watch(position: Position) -> Watch:
    """Look at every key, block by block."""
    n = len(position.state)
    blocks = [slice(first, first + _BLOCK) for first in range(0, max(n, 1), _BLOCK)]
    return Watch.joined([_watch(position, rows) for rows in blocks])


def _watch(position: Position, rows: slice) -> Watch:
    moment = position.moment
    outlook, rates = position.outlook(rows)
    running = position.arrivals(rows)
    coming = running > 0
    resupply = position.state.columns["resupply_days"][rows].astype(np.int64)
    ahead = np.where(coming.any(axis=1), coming.argmax(axis=1), DAYS)
    ahead = np.minimum(ahead, np.maximum(resupply, 1))
    demand = outlook.until(ahead)
    rest = 1.0 - moment.passed
    part = (moment.profile.share_by(moment.restock / 3600.0) - moment.passed) / max(rest, 1e-12)
    today = outlook.by(np.zeros(len(ahead), np.int64)).times(part)
    demand = today.where(ahead == 0, demand)
    stock = np.maximum(position.free[rows], 0.0)
    close = stock < demand.mean + _FAR * np.sqrt(demand.variance)
    missed, chance = np.zeros(len(stock)), np.zeros(len(stock))
    near = demand.take(close)
    chance[close], missed[close] = near.chance_short(stock[close]), near.missed(stock[close])
    hours = hours_of_cover(outlook, stock, moment.hour, rest, moment.profile)
    return Watch(
        rates.expected, rates.surprise, rates.pace, hours, ahead, demand.mean, missed, chance,
        outlook.mean[:, -1],
    )  # fmt: skip
