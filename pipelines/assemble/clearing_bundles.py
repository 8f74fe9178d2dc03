"""The companions of slow articles: what of the rest is most often bought with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasting.baskets.pairs import BasketParams, Pairs, find_pairs
from pipelines.assemble.orders import OrderLines
from pipelines.assemble.situation import Situation
from pipelines.config import Config
from replenishment.clearance.bundles import Bundles
from replenishment.clearance.holdings import Holdings
from replenishment.clearance.slow_grades import SlowGrade

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# A demand of less is none.
_NOTHING = 1e-12


def bundles_of(
    holdings: Holdings,
    grade: NDArray[np.uint8],
    rows: Ints,
    situation: Situation,
    channels: tuple[str, ...],
    config: Config,
) -> Bundles:
    """Companions of the items in ``rows`` that are of a grade that is sold in bundles.

    grade: (items,) SlowGrade of all holdings. A companion has stock at the same place, is not slow
    and is of another style. Of several it is the one of which most orders are expected that hold
    the item too, by the lower limit of its confidence.
    """
    rules, index = config.clearance.bundles, situation.panel.index
    wanted = np.isin(grade[rows], [SlowGrade[letter] for letter in rules.grades])
    slow = np.flatnonzero(wanted & (holdings.price_group[rows] == -1))
    orders = situation.orders
    if not rules.use or orders is None or not len(slow):
        return Bundles.none(len(rows))
    found = BasketParams(least_orders=rules.least_orders)
    pairs = find_pairs(orders.order, orders.sku, orders.units, found)
    links = _Links.of(pairs, _styles(situation))
    item, link = links.meet(index.sku[holdings.series[rows[slow]]].astype(np.int64))
    item = slow[item]
    partner = _held(holdings, links.fast[link], rows[item], situation, config)
    kept = (partner >= 0) & (grade[partner] == SlowGrade.NONE)
    item, link, partner = item[kept], link[kept], partner[kept]
    asked = _wanted(holdings, partner, rows[item])
    together = asked / _units_per_order(orders, len(index.skus))[links.fast[link]]
    together *= links.low[link]
    order = np.lexsort((link, -together, item))
    best = order[np.diff(item[order], prepend=-1) > 0]
    item, link = item[best], link[best]
    own = _wanted(holdings, rows[item], rows[item])
    share = together[best] / np.maximum(np.maximum(own, together[best]), _NOTHING)
    code = channels.index(rules.channel) if rules.channel in channels else -1
    return _bundles(len(rows), item, holdings.series[partner[best]], share, links.take(link), code)


@dataclass(frozen=True)
class _Links:
    """Pairs seen from each side, sorted by ``slow``, all (links,) with SKU codes: confidence, the
    share of the orders of ``fast`` that hold ``slow``, low its lower limit.
    """

    slow: Ints
    fast: Ints
    confidence: Floats
    low: Floats
    lift: Floats
    lift_low: Floats

    @classmethod
    def of(cls, pairs: Pairs, style: Ints) -> _Links:
        """The pairs that are not of one style; style: (SKUs,), -1 for none."""
        slow = np.concatenate([pairs.first, pairs.second])
        fast = np.concatenate([pairs.second, pairs.first])
        confidence = np.concatenate([pairs.confidence_back, pairs.confidence])
        lift, lift_low = np.tile(pairs.lift, 2), np.tile(pairs.lift_low, 2)
        apart = (style[slow] < 0) | (style[slow] != style[fast])
        rows = np.lexsort((fast, slow))
        rows = rows[apart[rows]]
        each = (slow, fast, confidence, confidence * lift_low / lift, lift, lift_low)
        return cls(*(values[rows] for values in each))

    def take(self, links: Ints) -> _Links:
        """Some of the links."""
        return _Links(*(values[links] for values in vars(self).values()))

    def meet(self, sku: Ints) -> tuple[Ints, Ints]:
        """Every link of each of some SKUs: place in ``sku`` and link."""
        low, high = (np.searchsorted(self.slow, sku, side) for side in ("left", "right"))
        count = high - low
        place = np.repeat(np.arange(len(sku)), count)
        start = np.repeat(low - np.cumsum(count) + count, count)
        return place, start + np.arange(len(place))


def _bundles(
    n: int, item: Ints, partner: Ints, share: Floats, links: _Links, channel: int
) -> Bundles:
    """The companions of some of ``n`` items."""
    series, (part, confidence, lift, low) = np.full(n, -1), np.full((4, n), np.nan)
    series[item], part[:], part[item] = partner, 0.0, share
    confidence[item], lift[item], low[item] = links.confidence, links.lift, links.lift_low
    return Bundles(series, part, confidence, lift, low, channel)


def _styles(situation: Situation) -> Ints:
    """Style of each SKU, -1 for none."""
    index = situation.panel.index
    out = np.full(len(index.skus), -1)
    out[index.sku] = situation.panel.attributes["style"]
    return out


def _held(
    holdings: Holdings, sku: Ints, beside: Ints, situation: Situation, config: Config
) -> Ints:
    """Row of the holdings of each SKU, at the location of the row ``beside``; -1 for none."""
    index = situation.panel.index
    if config.clearance.price_by == "sku":
        names, asked = index.sku[holdings.series].astype(np.int64), sku
    else:
        names = holdings.series
        asked = index.find(sku, index.location[holdings.series[beside]].astype(np.int64))
    row = np.minimum(np.searchsorted(names, asked), len(names) - 1)
    return np.where((names[row] == asked) & (asked >= 0), row, -1)


def _units_per_order(orders: OrderLines, n: int) -> Floats:
    """Mean units of each of ``n`` SKUs in the orders that hold it, 1 where none does."""
    known = orders.sku >= 0
    sku = orders.sku[known]
    cells = np.unique(orders.order[known].astype(np.int64) * n + sku)
    units, count = np.bincount(sku, orders.units[known], n), np.bincount(cells % n, minlength=n)
    return np.divide(units, count, out=np.ones(n), where=count > 0)


def _wanted(holdings: Holdings, rows: Ints, until: Ints) -> Floats:
    """Units of ``rows`` that are asked for as long as the rows ``until`` are sold."""
    total = np.cumsum(holdings.demand[rows], axis=1)
    last = np.maximum(holdings.weeks[until] - 1, 0)
    return np.asarray(total[np.arange(len(rows)), last])
