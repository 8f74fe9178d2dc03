"""Two years of the demo shop's own stock keeping, day by day over all SKUs at once.

Every day: receive, take returns back, sell, close, and on review days ship from central to the
regional locations and order from suppliers. Targets come from the shop's own plan, which is wrong
by a factor that changes every four weeks and blind to a part of every peak; stock-outs come out
of stock and demand, and what stock cannot serve is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipelines.demo.catalog import Items, SupplierTerms
from pipelines.demo.params import REGIONAL, DemoParams
from pipelines.demo.streams import Floats, Keys, mixed, normal, stream_key, uniform, whole_keys

Ints = NDArray[np.int64]
Counts = NDArray[np.int32]

#: Days of the simulation before the first day of the tables.
BURN_IN = 90
#: Days between two shipments from central to the regional locations.
TRANSFER_REVIEW = 3
#: Share of the days' returns that cannot be sold again.
DEFECTIVE = 0.12
_TRANSFER_DAYS = np.array([site.transfer_days for site in REGIONAL])
_WINDOW = 128


@dataclass(frozen=True)
class PurchaseLog:
    """Supplier orders, one element each: SKU number, order, promised and actual day, units."""

    sku: Ints
    ordered: Ints
    promised: Ints
    actual: Ints
    units: Ints


@dataclass(frozen=True)
class StockRecord:
    """What happened, by (day, sku, regional); day 0 is ``first_day`` (days since 1970).

    sold, returned: units. restocked: returned units that can be sold again. in_stock: share of
    the day. shipped: units that left central at the close of the day. bought: (day, sku) units
    received by central. opening, closing: (sku, regional) stock; central_opening,
    central_closing: (sku,). open_orders, received_orders: supplier orders not received by the
    last day, and those received within the record.
    """

    first_day: int
    sold: Counts
    returned: NDArray[np.int16]
    restocked: NDArray[np.int16]
    in_stock: NDArray[np.float32]
    shipped: Counts
    bought: Counts
    opening: Ints
    closing: Ints
    central_opening: Ints
    central_closing: Ints
    open_orders: PurchaseLog
    received_orders: PurchaseLog


def return_lag(items: Items, seed: int) -> Ints:
    """Days after which units of a key come back, (skus, regional): 3 to 14."""
    keys = mixed(items.key[:, None], whole_keys(range(len(REGIONAL))))
    return 3 + (12 * uniform(mixed(keys, stream_key(seed, "return lag")))).astype(np.int64)


@dataclass
class _Plan:
    """The shop's own view of demand to come: cumulative means and its error."""

    items: Items
    seed: int
    params: DemoParams
    first_day: int
    cumulative: NDArray[np.float32]

    def error(self, day: int) -> Floats:
        """The factor by which the plan is wrong in the four weeks of ``day``, (skus,)."""
        month = whole_keys(range((self.first_day + day) // 28, (self.first_day + day) // 28 + 1))
        noise = normal(mixed(self.items.key ^ stream_key(self.seed, "plan"), month))
        return np.asarray(np.exp(self.params.plan_error * noise), np.float64)

    def over(self, day: int, length: Ints) -> Floats:
        """Planned units of days day + 1 ... day + length; length (skus, regional)."""
        now = self.cumulative[day + 1]
        sku, site = np.indices(length.shape)
        coming = (self.cumulative[day + 1 + length, sku, site] - now).astype(np.float64)
        back = min(28, day + 1)
        usual = (now - self.cumulative[day + 1 - back]) * (length / back)
        blind = np.maximum(coming - usual, 0.0) * self.params.peak_blindness
        return np.asarray((coming - blind) * self.error(day)[:, None], np.float64)


@dataclass
class _Shop:
    """The state of the simulation; ``day`` counts from the first day of the burn-in."""

    items: Items
    terms: SupplierTerms
    plan: _Plan
    lag: Ints
    site_key: Keys
    stock: Ints
    central: Ints
    on_order: Ints
    due: Ints
    sold: Counts
    returned: NDArray[np.int16]
    restocked: NDArray[np.int16]
    in_stock: NDArray[np.float32]
    shipped: Counts
    bought: Counts
    log: list[tuple[Ints, ...]] = field(default_factory=list)

    def receive(self, day: int) -> None:
        """Purchases reach central, shipments and returns reach the regional locations."""
        arrived = self.due[day % _WINDOW].copy()
        self.due[day % _WINDOW] = 0
        self.central += arrived
        self.on_order -= arrived
        self.bought[day] = arrived
        for site, days in enumerate(_TRANSFER_DAYS.tolist()):
            if day > days:
                self.stock[:, site] += self.shipped[day - 1 - days, :, site]
        self._take_back(day)
        self.stock += self.restocked[day]

    def _take_back(self, day: int) -> None:
        sku, site = np.indices(self.lag.shape)
        before = self.sold[np.maximum(day - self.lag, 0), sku, site] * (day >= self.lag)
        keys = mixed(self.site_key, _day_key(day))
        chance = uniform(mixed(keys, stream_key(self.plan.seed, "returns")))
        back = np.floor(before * self.items.returns[:, None] + chance)
        good = uniform(mixed(keys, stream_key(self.plan.seed, "defective"))) >= DEFECTIVE
        self.returned[day] = back
        self.restocked[day] = back * good

    def sell(self, day: int, demand: Counts) -> None:
        """Serve demand from stock; the rest is lost."""
        stock = self.stock
        served = np.minimum(demand, stock)
        part = np.floor(100 * stock / np.maximum(demand, 1)) / 100
        share = np.where(demand <= stock, 1.0, np.clip(part, 0.01, 0.99))
        self.in_stock[day] = np.where(stock > 0, share, 0.0)
        self.sold[day] = served
        self.stock = stock - served

    def ship(self, day: int) -> None:
        """Fill the regional locations up to their targets, in proportion where central is short."""
        length = np.broadcast_to(_TRANSFER_DAYS + TRANSFER_REVIEW, self.stock.shape)
        target = self._target(self.plan.over(day, length), self.plan.params.safety)
        need = np.maximum(target - self.stock - self._in_transit(day), 0)
        wanted = need.sum(axis=1)
        share = np.minimum(self.central / np.maximum(wanted, 1), 1.0)
        units = np.minimum(np.floor(need * share[:, None] + 1e-9).astype(np.int64), need)
        left = self.central - units.sum(axis=1)
        for site in range(need.shape[1]):
            more = np.minimum(left, need[:, site] - units[:, site])
            units[:, site] += more
            left -= more
        self.shipped[day] = units
        self.central = left

    def _in_transit(self, day: int) -> Ints:
        parts = [
            self.shipped[max(day - days, 0) : day + 1, :, site].sum(axis=0, dtype=np.int64)
            for site, days in enumerate(_TRANSFER_DAYS.tolist())
        ]
        return np.stack(parts, axis=1)

    def _target(self, planned: Floats, safety: float) -> Ints:
        shape = (-1,) + (1,) * (planned.ndim - 1)
        alpha, lump = self.items.alpha.reshape(shape), self.items.lump.reshape(shape)
        spread = np.sqrt(planned * (1 + lump + 0.3 * alpha * planned))
        # The slowest sellers are not worth a unit in every location.
        return np.ceil(planned + safety * spread - 0.12).astype(np.int64)

    def order(self, day: int) -> None:
        """Order from the suppliers that take orders tomorrow, on the echelon's stock."""
        weekday = (self.plan.first_day + day + 1 + 3) % 7 + 1
        takes = np.array([weekday in days for days in self.terms.weekdays])
        rows = np.flatnonzero(takes[self.items.supplier])
        items = self.items
        review = self.terms.review[items.supplier]
        length = np.broadcast_to(
            (items.lead_time + review)[:, None] + _TRANSFER_DAYS + TRANSFER_REVIEW, self.stock.shape
        )
        planned = self.plan.over(day, length).sum(axis=1)
        target = self._target(planned, self.plan.params.central_safety)
        position = self.central + self.stock.sum(axis=1) + self._in_transit(day).sum(axis=1)
        lacking = (target - position - self.on_order)[rows]
        rows, lacking = rows[lacking > 0], lacking[lacking > 0]
        units = np.maximum(-(-lacking // items.pack[rows]) * items.pack[rows], items.moq[rows])
        self._place(day, rows, units)

    def _place(self, day: int, rows: Ints, units: Ints) -> None:
        promised = day + 1 + self.items.lead_time[rows]
        keys = mixed(self.items.key[rows] ^ stream_key(self.plan.seed, "delay"), _day_key(day))
        chance = uniform(keys)
        late = chance < self.plan.params.trouble
        delay = np.where(late, 3 + (chance / self.plan.params.trouble * 22), 0).astype(np.int64)
        actual = promised + delay
        np.add.at(self.due, (actual % _WINDOW, rows), units)
        self.on_order[rows] += units
        self.log.append((rows, np.full(len(rows), day), promised, actual, units))


def _day_key(day: int) -> np.uint64:
    return np.uint64(whole_keys(range(day, day + 1))[0])


def _open_shop(items: Items, terms: SupplierTerms, plan: _Plan, lag: Ints, days: int) -> _Shop:
    shape = (days, *lag.shape)
    return _Shop(
        items=items,
        terms=terms,
        plan=plan,
        lag=lag,
        site_key=mixed(items.key[:, None], whole_keys(range(lag.shape[1]))),
        stock=np.zeros(lag.shape, np.int64),
        central=np.zeros(len(lag), np.int64),
        on_order=np.zeros(len(lag), np.int64),
        due=np.zeros((_WINDOW, len(lag)), np.int64),
        sold=np.zeros(shape, np.int32),
        returned=np.zeros(shape, np.int16),
        restocked=np.zeros(shape, np.int16),
        in_stock=np.zeros(shape, np.float32),
        shipped=np.zeros(shape, np.int32),
        bought=np.zeros((days, len(lag)), np.int32),
    )


def simulate(
    items: Items,
    terms: SupplierTerms,
    mean: NDArray[np.float32],
    demand: Counts,
    first_day: int,
    seed: int,
    params: DemoParams,
) -> StockRecord:
    """Run the shop over ``demand`` (days, skus, regional), whose day 0 is ``first_day``.

    ``mean`` has the same first day and at least 60 more days. The first BURN_IN days are run
    and left out of the record; on the last day nothing is shipped or ordered: that is left to
    the night.
    """
    cumulative = np.zeros((len(mean) + 1, *mean.shape[1:]), np.float32)
    running = np.zeros(mean.shape[1:])
    for day, units in enumerate(mean):
        running += units
        cumulative[day + 1] = running
    plan = _Plan(items, seed, params, first_day, cumulative)
    shop = _open_shop(items, terms, plan, return_lag(items, seed), len(demand))
    opening, central = shop.stock, shop.central
    for day, units in enumerate(demand):
        if day == BURN_IN:
            opening, central = shop.stock.copy(), shop.central.copy()
        shop.receive(day)
        shop.sell(day, units)
        if day == len(demand) - 1:
            break
        if (first_day + day) % TRANSFER_REVIEW == 0:
            shop.ship(day)
        shop.order(day)
    return _record(shop, opening, central)


def _record(shop: _Shop, opening: Ints, central: Ints) -> StockRecord:
    log = [np.concatenate(part) for part in zip(*shop.log, strict=True)]
    last = len(shop.sold) - 1
    first = shop.plan.first_day

    def orders(which: NDArray[np.bool_]) -> PurchaseLog:
        sku, ordered, promised, actual, units = (part[which] for part in log)
        return PurchaseLog(sku, first + ordered, first + promised, first + actual, units)

    return StockRecord(
        first_day=first + BURN_IN,
        sold=shop.sold[BURN_IN:],
        returned=shop.returned[BURN_IN:],
        restocked=shop.restocked[BURN_IN:],
        in_stock=shop.in_stock[BURN_IN:],
        shipped=shop.shipped[BURN_IN:],
        bought=shop.bought[BURN_IN:],
        opening=opening,
        closing=shop.stock,
        central_opening=central,
        central_closing=shop.central,
        open_orders=orders(log[3] > last),
        received_orders=orders((log[3] >= BURN_IN) & (log[3] <= last)),
    )
