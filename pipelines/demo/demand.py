"""The mean demand of every SKU, regional location and day, and the demand drawn from it.

mean = rate x location's share x weekday x season x life stage x slow waves x events
       x (price / list price) ** -elasticity.
demand = the quantile, at a uniform number keyed by (seed, SKU, location, date), of a negative
binomial with m = mean * shock and Var = m (1 + lump) + alpha m**2; the shock, keyed by (seed,
SKU, location, week), has mean 1 and hangs together over three weeks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.demo.catalog import Items, column
from pipelines.demo.events import HOLIDAY_BY_SITE, DayTable
from pipelines.demo.params import REGIONAL, DemoParams
from pipelines.demo.streams import (
    Floats,
    Keys,
    count_quantile,
    mixed,
    normal,
    stream_key,
    uniform,
    whole_keys,
)
from stockwright.panel import text_hash

Ints = NDArray[np.int64]

#: Days of one slot of the price-cut calendar; a slot holds one cut at most.
SLOT_DAYS = 28
_DEPTHS = np.array([0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.40])
_YEAR = 365.25
_LAST_DECLINE = 60


@dataclass(frozen=True)
class Cuts:
    """Price cuts by SKU and slot, all (skus, slots): slot i starts SLOT_DAYS * i after ``start``.

    off: share off the list price, 0 for no cut. first, last: days since 1970.
    """

    start: int
    off: Floats
    first: Ints
    last: Ints

    def off_on(self, days: Ints) -> Floats:
        """Share off the list price, (days, skus)."""
        slot = (days - self.start) // SLOT_DAYS
        day = days[:, None]
        inside = (day >= self.first.T[slot]) & (day <= self.last.T[slot])
        return np.where(inside, self.off.T[slot], 0.0)


def make_cuts(items: Items, table: DayTable, seed: int, params: DemoParams) -> Cuts:
    """Draw the price cuts; none falls on a day with an event discount of its category."""
    slots = len(table.traffic) // SLOT_DAYS + 1
    keys = mixed(items.key[:, None], whole_keys(range(slots))[None, :])

    def draw(stream: str) -> Floats:
        return uniform(mixed(keys, stream_key(seed, stream)))

    first = np.arange(slots) * SLOT_DAYS + (draw("cut day") * 14).astype(np.int64)
    last = first + 2 + (draw("cut days") * 11).astype(np.int64)
    depth = _DEPTHS[(draw("cut depth") * len(_DEPTHS)).astype(np.int64)]
    # No cut gives away more than four fifths of the margin.
    most = np.floor(80 * (1 - items.cost / items.price)) / 100
    depth = np.minimum(depth, most[:, None])
    busy = np.concatenate([[0], np.cumsum(table.off.max(axis=1) > 0)])
    end = len(table.traffic)
    clear = busy[np.minimum(last + 1, end)] == busy[np.minimum(first, end)]
    wanted = (draw("cut") < params.cut_share) & clear
    return Cuts(table.start, np.where(wanted, depth, 0.0), first + table.start, last + table.start)


def price_on(items: Items, table: DayTable, cuts: Cuts, days: Ints) -> Floats:
    """The price planned for each day, CNY, (days, skus), to the cent."""
    off = table.off[days - table.start][:, items.category] + cuts.off_on(days)
    return np.round(items.price * (1 - off), 2)


def mean_on(items: Items, table: DayTable, price: Floats, seed: int, params: DemoParams,
            days: Ints) -> Floats:  # fmt: skip
    """Mean demand at ``price`` (days, skus): (days, skus, regional), units a day."""
    national = items.rate * _life(items, days)
    national *= _weekday(items, days) * _season(items, days)
    national *= _waves(items, seed, params, days)
    traffic = table.traffic[days - table.start][:, None]
    national *= np.maximum(1 + (traffic - 1) * items.response, 0.2)
    national *= (price / items.price) ** -items.elasticity
    holiday = table.holiday[days - table.start]
    site = np.where(holiday[:, None], HOLIDAY_BY_SITE, 1.0)
    return np.asarray(national[:, :, None] * items.split * site[:, None, :], np.float64)


def _life(items: Items, days: Ints) -> Floats:
    """0 before launch and after the end; a ramp with a novelty peak; a decline before the end."""
    age = days[:, None] - items.launch
    left = items.end - days[:, None]
    ramp = (1 - np.exp(-(age + 4) / 12.0)) * (1 + 0.4 * np.exp(-age / 45.0))
    new = np.where((age >= 0) & (age < 400), ramp, 1.0)
    old = np.clip(0.15 + 0.85 * left / _LAST_DECLINE, 0.15, 1.0)
    return np.where((age >= 0) & (left >= 0), new * old, 0.0)


def _weekday(items: Items, days: Ints) -> Floats:
    """Saturday and Sunday against the rest, mean 1 over a week."""
    factor = column("weekend")[items.category]
    weekend = ((days + 3) % 7 >= 5)[:, None]
    return np.asarray(np.where(weekend, factor, 1.0) * 7 / (5 + 2 * factor), np.float64)


def _season(items: Items, days: Ints) -> Floats:
    """A von Mises curve over the year, mean 1."""
    date = days.astype("datetime64[D]")
    day_of_year = (date - date.astype("datetime64[Y]")).astype(np.int64)
    angle = 2 * np.pi * (day_of_year[:, None] - items.peak_day) / _YEAR
    return np.asarray(np.exp(items.season * np.cos(angle)) / np.i0(items.season), np.float64)


def _waves(items: Items, seed: int, params: DemoParams, days: Ints) -> Floats:
    """Slow changes of a SKU's popularity: two waves of 150 to 700 days."""
    log = np.zeros((len(days), len(items.key)))
    for wave in ("wave one", "wave two"):
        key = mixed(items.key, stream_key(seed, wave))
        period = 150 + 550 * uniform(key)
        shift = uniform(mixed(key, np.uint64(1)))
        size = params.drift * uniform(mixed(key, np.uint64(2))) * np.sqrt(2)
        log += size * np.sin(2 * np.pi * (days[:, None] / period + shift))
    return np.asarray(np.exp(log - params.drift**2 / 3), np.float64)


@dataclass(frozen=True)
class Streams:
    """The random streams of demand.

    key: (skus, regional) hashes of seed, SKU and location. alpha, lump: (skus,), of
    Var = m (1 + lump) + alpha m**2. shock: standard deviation of the log of the weekly shock.
    """

    key: Keys
    alpha: Floats
    lump: Floats
    shock: float

    def shock_on(self, days: Ints) -> Floats:
        """The weekly shock of each day, mean 1, (days, skus, regional)."""
        weeks = (days + 3) // 7
        first = int(weeks.min()) - 2
        span = np.arange(first, int(weeks.max()) + 1)
        keys = mixed(whole_keys(span)[:, None, None], self.key ^ stream_key(0, "shock"))
        noise = normal(keys)
        # A moving average with weights 0.8, 0.5, 0.332: unit variance.
        smooth = 0.8 * noise[2:] + 0.5 * noise[1:-1] + np.sqrt(0.11) * noise[:-2]
        factor = np.exp(self.shock * smooth - self.shock**2 / 2)
        return np.asarray(factor[weeks - first - 2], np.float64)

    def demand_on(self, days: Ints, mean: NDArray[Any]) -> NDArray[np.int32]:
        """Units demanded for a mean (days, skus, regional); never falls when a mean rises."""
        level = uniform(mixed(whole_keys(days)[:, None, None], self.key))
        units = mean.astype(np.float64) * self.shock_on(days)
        alpha = np.broadcast_to(self.alpha[:, None], mean.shape).ravel()
        lump = np.broadcast_to(self.lump[:, None], mean.shape).ravel()
        return count_quantile(level.ravel(), units.ravel(), alpha, lump).reshape(mean.shape)


def make_streams(sku_key: Keys, alpha: Floats, lump: Floats, seed: int, shock: float) -> Streams:
    """The demand streams of SKUs with these keys."""
    sites = text_hash([site.location for site in REGIONAL])
    keys = mixed(mixed(sku_key[:, None], sites), stream_key(seed, "demand"))
    return Streams(keys, alpha, lump, shock)
