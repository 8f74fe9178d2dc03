"""A central warehouse and its regions, night by night: what pooling saves.

Many SKUs at a central warehouse (lead time 7, ordered once a week, or as ``--review`` says) and
four regions of unequal size (a day away, supplied every night), negative binomial demand, lost
sales, all in ``replenishment.simulate`` on the same demand:

independent   every location for itself: base-stock levels at the critical ratio, capped like the
              night's; central against the demand of its regions over its own interval
one cycle     the night without pooling: echelon target against pooled demand, transfers that look
              one review ahead
pooling       the night as it is

    python benchmarks/replenishment/two_echelon.py [--seed N] [--skus N] [--nights N] [--report]

Seeds 1 ... 3 were used in development, ``--report`` takes 11, 12 and 13.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from replenishment import PlanParams, plan_night
from replenishment.simulate import Decisions, ShopState, ShopTerms, step
from stockwright.distribution import Distribution
from stockwright.forecast import Forecast
from stockwright.network import ItemTerms, LaneKind, Lanes, Locations, Network, Suppliers
from stockwright.panel import SeriesIndex

Floats = NDArray[np.float64]
SIZES = np.array([0.4, 0.3, 0.2, 0.1])
PLACES = ("central", "east", "north", "south", "west")
LEAD, WAY = 7, 1
SETTLE = 21
HORIZON, CAP = 40, 0.98
Decide = Callable[[int, ShopState], Decisions]


@dataclass(frozen=True)
class Shop:
    """SKUs at a central warehouse (every fifth row, from 0) and four regions."""

    forecast: Forecast
    network: Network
    terms: ShopTerms
    demand: Floats
    review: int

    @property
    def central(self) -> NDArray[np.int64]:
        """Rows of the central warehouse."""
        return np.arange(0, len(self.terms), len(PLACES))


def shop_of(skus: int, nights: int, seed: int, dearness: float, review: int) -> Shop:
    """dearness: shortage price over the holding cost of a period. review: central's, periods."""
    rng = np.random.default_rng(seed)
    places, n = len(PLACES), skus * len(PLACES)
    rate = np.exp(rng.normal(0.0, 1.2, skus))
    mean = np.where(np.arange(n) % places > 0, np.repeat(rate, places), 0.0)
    mean *= np.tile(np.append(0.0, SIZES), skus)
    spread = np.repeat(rng.choice([1.1, 1.5, 2.5], skus), places)
    success = 1 / spread
    size = np.maximum(mean * success / (1 - success), 1e-9)
    demand = np.where(
        mean[:, None] > 0,
        rng.negative_binomial(size[:, None], success[:, None], (n, nights)),
        0,
    )
    index = SeriesIndex(
        tuple(f"sku{i:05d}" for i in range(skus)), PLACES, np.arange(n) // places,
        np.arange(n) % places,
    )  # fmt: skip
    forecast = Forecast(
        index, 0, np.repeat(mean[:, None], HORIZON, 1).astype(np.float32), spread,
        np.zeros(n), np.zeros(n), np.ones(n), np.zeros(n, np.uint8),
    )  # fmt: skip
    holding, shortage = np.full(n, 1.0), np.full(n, dearness)
    lead = np.where(np.arange(n) % places > 0, WAY, LEAD)
    source = np.where(np.arange(n) % places > 0, np.arange(n) // places * places, -1)
    return Shop(
        forecast,
        _network(index, lead, holding, shortage, review),
        ShopTerms(lead, holding, shortage, source=source),
        demand.astype(np.float64),
        review,
    )


def _network(
    index: SeriesIndex, lead: Floats, holding: Floats, shortage: Floats, review: int
) -> Network:
    n, places = index.n_series, len(PLACES)
    central = index.location == 0
    none = np.full(n, np.nan)
    lanes = Lanes(
        series=np.arange(n), kind=np.where(central, LaneKind.REGULAR, LaneKind.TRANSFER),
        source=np.zeros(n), lead_time=lead, lead_time_sd=np.zeros(n),
        review=np.where(central, review, 1), open_tonight=np.ones(n, np.bool_),
        available_date=np.full(n, np.datetime64("2026-01-01")), moq=np.zeros(n),
        multiple=np.ones(n), unit_cost=np.where(central, 1.0, 0.0), unit_freight=np.zeros(n),
        max_units=np.full(n, np.inf), priority=np.full(n, np.inf),
        break_start=np.zeros(n + 1), break_units=np.zeros(0), break_cost=np.zeros(0),
        supplier_sku=("",) * n,
    )  # fmt: skip
    items = ItemTerms(
        unit_cost=np.ones(n), price=2 * np.ones(n), holding_cost=holding,
        shortage_cost=shortage, order_unit=np.ones(n), units_per_case=none,
        stock_mode=np.ones(n, np.bool_), ends=np.full(n, 2**40), service_level=none,
        fill_rate=none,
    )  # fmt: skip
    kinds = np.where(np.arange(places) == 0, 0, 1)
    return Network(
        Locations(
            kind=kinds, parent=np.full(places, -1), sells=kinds > 0,
            counts_stock=np.ones(places, np.bool_), inbound_capacity=np.full(places, np.inf),
            region=("",) * places, tier=("",) * places,
        ),
        Suppliers(("acme",), np.zeros(1), np.zeros(1), np.zeros(1)),
        lanes,
        items,
    )  # fmt: skip


def independent(shop: Shop) -> Decide:
    """Base-stock at every location, each for itself."""
    terms, central = shop.terms, shop.central
    total = shop.forecast.total(1, terms.lead_time + 1)
    level = np.minimum(terms.shortage / (terms.shortage + terms.holding), CAP)
    target = total.quantile_at(level)
    below = shop.forecast.total(1, LEAD + shop.review)
    rows = np.arange(len(terms)) // len(PLACES)
    pooled = Distribution(
        np.bincount(rows, below.mean), np.bincount(rows, below.variance), np.ones(len(central))
    )
    # The review's holding against one shortage, as the night has it.
    ratio = terms.shortage[central] / (
        terms.shortage[central] + shop.review * terms.holding[central]
    )
    target[central] = pooled.quantile_at(np.minimum(ratio, CAP))

    def decide(night: int, state: ShopState) -> Decisions:
        units = np.maximum(target - state.position(), 0.0)
        if night % shop.review:
            units[central] = 0.0
        return Decisions.of_rows(units, terms)

    return decide


def nightly(shop: Shop, params: PlanParams) -> Decide:
    """What ``plan_night`` decides."""

    def decide(night: int, state: ShopState) -> Decisions:
        lanes = shop.network.lanes
        open_tonight = np.ones(len(shop.terms), np.bool_)
        open_tonight[shop.central] = night % shop.review == 0
        network = replace(shop.network, lanes=replace(lanes, open_tonight=open_tonight))
        plan = plan_night(shop.forecast, network, state.stock(), params)
        to = np.concatenate([plan.orders.series, plan.transfers.series])
        units = np.concatenate([plan.orders.units, plan.transfers.units])
        return Decisions.lines(to=to, units=units, source=shop.terms.source[to])

    return decide


def replay(shop: Shop, decide: Decide, warm_up: int) -> tuple[Floats, float, float]:
    """Cost of each SKU, fill rate, and mean stock of all."""
    start = np.ceil(shop.forecast.total(1, 3).mean)
    start[shop.central] = np.add.reduceat(shop.forecast.total(1, 12).mean, shop.central)
    state = ShopState.opening(np.ceil(start), shop.terms)
    cost, missed, left, asked = np.zeros(len(shop.terms)), 0.0, 0.0, 0.0
    nights = shop.demand.shape[1]
    for night in range(nights):
        state, books = step(state, decide(night, state), shop.demand[:, night], shop.terms)
        if night >= warm_up:
            cost += books.cost
            missed += float(books.missed.sum())
            left += float(books.left.sum())
            asked += float(shop.demand[:, night].sum())
    days = nights - warm_up
    return np.add.reduceat(cost, shop.central) / days, 1 - missed / asked, left / days


def compare(seed: int, skus: int, nights: int, dearness: float, review: int) -> dict[str, Floats]:
    """Cost of each SKU by rule; prints a line for each."""
    shop = shop_of(skus, nights, seed, dearness, review)
    params = PlanParams(paths=128)
    rules = {
        "independent": independent(shop),
        "one cycle": nightly(shop, replace(params, pooling=False)),
        "pooling": nightly(shop, params),
    }
    costs = {}
    for name, decide in rules.items():
        costs[name], fill, stock = replay(shop, decide, SETTLE)
        share = costs[name].sum() / costs["independent"].sum()
        print(
            f"seed {seed}  review {review}  p/h {dearness:5.0f}  {name:12s}"
            f" cost {costs[name].sum():9.1f}  ({share:.3f})  fill {fill:.4f}  stock {stock:8.1f}",
            flush=True,
        )
    return costs


def main() -> None:
    """Print cost, fill rate and stock of each rule."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--skus", type=int, default=60)
    parser.add_argument("--nights", type=int, default=56)
    parser.add_argument("--dearness", type=float, nargs="+", default=[20.0, 100.0])
    parser.add_argument("--review", type=int, default=7, help="periods between central's orders")
    parser.add_argument("--report", action="store_true", help="seeds kept for the report")
    asked = parser.parse_args()
    for dearness in asked.dearness:
        for seed in (11, 12, 13) if asked.report else (asked.seed,):
            compare(seed, asked.skus, asked.nights, dearness, asked.review)


if __name__ == "__main__":
    main()
