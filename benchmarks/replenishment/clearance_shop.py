"""One demo shop through the weeks, with its own stock, prices and ages, under one way to clear.

On a Sunday the shop looks at its stock, clears, orders and moves; then seven days of true demand at
its prices follow. Each article has one price: what the shop planned, but at most a share of its own
of the list price, its multiplier. It never rises while the article is slow, and goes back to 1 as
soon as the stock would not be slow at the planned price. The forecast of an article at a lower
price is that of the planned price times the learned response, which is what a night makes of a
price that is planned. An article that is cleared is not bought.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
from clearance_weeks import WEEK, Week, Weeks
from demo_nights import DAY
from demo_replay import LONGEST, freight_of, lines_of, opening_of, without_fees
from numpy.typing import NDArray

from pipelines.assemble import Situation
from pipelines.assemble.ages import newest_ages
from pipelines.assemble.clearing import graded_stock, holdings_of
from pipelines.assemble.clearing_articles import articles_of
from pipelines.config import Config, load_config
from pipelines.publish.kpis import AHEAD_DAYS, slow_moving
from pipelines.publish.night import Night
from replenishment import PlanParams, plan_night
from replenishment.clearance.holdings import Holdings
from replenishment.simulate import Decisions, ShopState, ShopTerms, step
from stockwright.commitments import Commitments
from stockwright.forecast import Forecast
from stockwright.network import Network
from stockwright.panel import SeriesIndex
from stockwright.plan import Plan
from stockwright.price_response import PriceResponse
from stockwright.stock import StockPosition

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# What a shop says that stock loses of its cost when it is left beyond so many days: for its orders.
MARKDOWN, KEPT_DAYS = 0.3, 28
# Below this share of the planned price an article counts as marked down.
_LESS = 0.999


@dataclass(frozen=True)
class Scene:
    """A Sunday as one shop sees it.

    situation: with the shop's own stock, sales and prices. forecast: at these prices; planned: at
    the planned ones. multiplier: (skus,) of the situation's index. response: of the series.
    """

    situation: Situation
    forecast: Forecast
    planned: Forecast
    week: Week
    multiplier: Floats
    response: PriceResponse
    config: Config

    def slow(self, forecast: Forecast) -> tuple[Holdings, NDArray[np.uint8]]:
        """Whole articles with stock, and the slow grade of each."""
        given = holdings_of(self.situation, forecast, self.week.life, self.config)
        items = articles_of(self.situation, forecast, given)
        return items, graded_stock(items, self.situation, self.config).grade

    def beyond(self, forecast: Forecast) -> Floats:
        """Units of each series that are not expected to sell in 90 days, (series,)."""
        index, stock = self.situation.panel.index, self.situation.stock.on_hand
        days = AHEAD_DAYS - forecast.horizon
        expected = forecast.expected.sum(axis=1) + days * forecast.mean[:, -28:].mean(axis=1)
        held = np.bincount(index.sku, stock)
        left = np.maximum(held - np.bincount(index.sku, expected), 0.0)
        share = np.divide(left, held, out=np.zeros_like(held), where=held > 0)
        return np.asarray(stock * share[index.sku])

    def slow_share(self, forecast: Forecast) -> float:
        """Slow-moving share of the stock at cost, as the summary has it."""
        night = SimpleNamespace(days=1, forecast=forecast, situation=self.situation)
        night.index = self.situation.panel.index
        return float(slow_moving(cast(Night, night)) or 0.0)


@dataclass(frozen=True)
class Cleared:
    """What a way to clear decides: codes of the SKUs that are cleared and the multiplier of each,
    and SKUs that leave at once, with the money that a unit brings."""

    sku: Ints
    multiplier: Floats
    gone: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    unit_money: Floats = field(default_factory=lambda: np.zeros(0))


#: Plan of the night before clearing, what the shop sees -> what is cleared.
Way = Callable[[Plan, Scene], Cleared]


@dataclass
class Books:
    """What a shop did: lists by week of arrays over all series; money and units of the week."""

    sold: list[Floats] = field(default_factory=list)
    reduced: list[Floats] = field(default_factory=list)
    paid: list[Floats] = field(default_factory=list)
    held: list[Floats] = field(default_factory=list)
    stock: list[Floats] = field(default_factory=list)
    bought: list[Floats] = field(default_factory=list)
    charges: list[Floats] = field(default_factory=list)
    removed: list[Floats] = field(default_factory=list)
    salvaged: list[Floats] = field(default_factory=list)
    slow: list[float] = field(default_factory=list)
    slow_planned: list[float] = field(default_factory=list)
    cleared: list[int] = field(default_factory=list)
    multiplier: list[Floats] = field(default_factory=list)


class Shop:
    """The shop under one way to clear; ``run`` takes it through a week."""

    def __init__(self, weeks: Weeks, last: Week, way: Way | None, paths: int) -> None:
        self.weeks, self.way, self.paths = weeks, way, paths
        self.index: SeriesIndex = last.situation.panel.index
        self.items = last.situation.network.items
        n = self.index.n_series
        self.terms = ShopTerms(np.full(n, LONGEST - 1), self.items.holding_cost, np.zeros(n))
        self.multiplier = np.ones(len(self.index.skus))
        self.receipts: list[tuple[Any, Ints, Floats]] = []
        self.history: list[Floats] = []
        self.books, self.knowing, self.origin = Books(), False, 0
        self.config = load_config()
        truth = weeks.truth
        rows = truth.rows(self.index.sku_names(), self.index.location_names())
        self.known, self.rows = rows >= 0, np.maximum(rows, 0)
        self.truth_sku = pd.Index(self.index.skus).get_indexer(list(truth.skus))
        self.truth_place = pd.Index(truth.skus).get_indexer(list(self.index.skus))
        self.names = pd.MultiIndex.from_arrays(
            [self.index.sku_names(), self.index.location_names()]
        )

    def open(self, week: Week) -> None:
        """Stock for some days of what is forecast, new: what sold lately may be out of season."""
        on_hand = np.zeros(len(self.names))
        index, network = week.forecast.index, week.situation.network
        coming = week.forecast.expected[:, :KEPT_DAYS].mean(axis=1, dtype=np.float64)
        on_hand[self.rows_of(week)] = opening_of(index, network, coming)
        self.state = ShopState.opening(on_hand, self.terms)
        self.received(self.weeks.date(0), np.arange(len(on_hand)), on_hand)

    def copy(self, way: Way | None, knowing: bool = False) -> Shop:
        """A shop with the same past that clears in another way, ``knowing`` true elasticities."""
        other = object.__new__(Shop)
        other.__dict__.update(self.__dict__)
        other.way, other.books, other.knowing = way, Books(), knowing
        other.receipts, other.history = list(self.receipts), list(self.history)
        return other

    def add(self, rows: Ints, units: Floats, since: Any) -> None:
        """More stock of some series, which has lain there since dates, (rows,)."""
        on_hand = self.state.on_hand.copy()
        on_hand[rows] += units
        self.state = replace(self.state, on_hand=on_hand)
        self.received(since, rows, units)

    def received(self, on: Any, series: Ints, units: Floats) -> None:
        """Goods of ``units`` (lines,) of some series come on dates, one for all or (lines,)."""
        sku = self.index.sku[series].astype(np.int64)
        self.receipts.append((np.broadcast_to(on, units.shape), sku, units))

    def rows_of(self, week: Week) -> Ints:
        """Place of the series of a Sunday among all."""
        index = week.situation.panel.index
        names = pd.MultiIndex.from_arrays([index.sku_names(), index.location_names()])
        rows: Ints = self.names.get_indexer(names)
        return rows

    def scene(self, place: int, week: Week) -> Scene:
        """What the shop sees on a Sunday."""
        rows = self.rows_of(week)
        situation, forecast = week.situation, week.forecast
        panel, index = situation.panel, forecast.index
        skus = pd.Index(self.index.skus).get_indexer(list(index.skus))
        multiplier = self.multiplier[skus]
        each = multiplier[index.sku]
        demand = panel.demand.copy()
        if self.history:
            own = np.concatenate(self.history, axis=1)
            demand[:, -own.shape[1] :] = own[rows]
        price = np.broadcast_to(panel.covariates.price, (len(rows), panel.covariates.n_periods))
        price = price.copy()
        now, listed = panel.origin + 1, situation.network.items.price[:, None]
        price = np.where(np.isnan(price), listed, price)
        ahead = price[:, now : now + forecast.horizon].copy()
        price[:, now:] = np.minimum(price[:, now:], each[:, None] * listed)
        for back, past in enumerate(reversed(self.books.multiplier)):
            week_of = slice(now - WEEK * (back + 1), now - WEEK * back)
            most = past[skus][index.sku][:, None] * listed
            price[:, week_of] = np.minimum(price[:, week_of], most)
        covariates = replace(panel.covariates, price=price)
        situation = replace(
            situation,
            panel=replace(panel, demand=demand, covariates=covariates),
            stock=self._stock(rows, self.weeks.date(place)),
            network=_weekly(situation.network),
            commitments=replace(situation.commitments, **_NOTHING_KEPT),
        )
        response = self._response(week)
        factor = response.factor(price[:, now : now + forecast.horizon] / ahead)
        lower = replace(forecast, mean=(forecast.mean * factor).astype(np.float32))
        return Scene(situation, lower, forecast, week, multiplier, response, self.config)

    def _response(self, week: Week) -> PriceResponse:
        if not self.knowing:
            return week.response
        index, truth = week.forecast.index, self.weeks.truth
        place = pd.Index(truth.skus).get_indexer(list(index.skus))[index.sku]
        return PriceResponse(truth.elasticity[place], np.zeros(len(place)))

    def _stock(self, rows: Ints, on: np.datetime64) -> StockPosition:
        state = self.state
        back = np.full(len(self.names), -1)
        back[rows] = np.arange(len(rows))
        row, when, units = state.arrivals()
        kept = back[row] >= 0
        held = np.bincount(self.index.sku, state.on_hand, len(self.index.skus))
        dates, sku, came = (np.concatenate(part) for part in zip(*self.receipts, strict=True))
        days = (on - dates) / DAY
        here = days >= 0
        age = newest_ages(sku[here], days[here], came[here], held)[self.index.sku[rows]]
        return StockPosition(
            on_hand=state.on_hand[rows],
            reserved=np.zeros(len(rows)),
            age_days=np.where(state.on_hand[rows] > 0, age, np.nan),
            known=np.ones(len(rows), np.bool_),
            arrival_series=back[row[kept]].astype(np.int32),
            arrival_step=when[kept].astype(np.int32),
            arrival_units=units[kept],
        )

    def run(self, place: int, week: Week) -> None:
        """A Sunday's decisions and the seven days after them."""
        scene, rows = self.scene(place, week), self.rows_of(week)
        plan = plan_night(
            scene.planned, scene.situation.network, scene.situation.stock,
            PlanParams(paths=self.paths, markdown_rate=MARKDOWN, markdown_after=KEPT_DAYS),
        )  # fmt: skip
        kept = np.ones(len(plan.orders.series), np.bool_)
        removed, salvaged = np.zeros(len(self.names)), np.zeros(len(self.names))
        if self.way is not None:
            found = self.way(plan, scene)
            self._reprice(scene, found)
            code = scene.forecast.index.sku
            kept = ~np.isin(code[plan.orders.series], np.append(found.sku, found.gone))
            money = np.full(len(scene.multiplier), np.nan)
            money[found.gone] = found.unit_money
            removed[rows] = np.where(np.isnan(money[code]), 0.0, self.state.on_hand[rows])
            salvaged[rows] = np.nan_to_num(money[code]) * removed[rows]
            self.state = replace(self.state, on_hand=self.state.on_hand - removed)
            self.books.cleared.append(len(found.sku))
        orders = _some(plan.orders, kept)
        network = scene.situation.network
        lines = lines_of(scene.forecast.index, network, orders, plan.transfers)
        source = np.where(lines.source >= 0, rows[np.maximum(lines.source, 0)], -1)
        lines = replace(lines, to=rows[lines.to], source=source)
        self.books.held.append(self.state.on_hand)
        self.books.slow.append(scene.slow_share(scene.forecast))
        self.books.slow_planned.append(scene.slow_share(scene.planned))
        rate = np.zeros(len(self.names))
        rate[rows] = freight_of(network, len(rows))
        self._sell(place, lines, rate)
        self.books.removed.append(removed)
        self.books.salvaged.append(salvaged)

    def _reprice(self, scene: Scene, found: Cleared) -> None:
        """New multipliers: what is cleared as found, what would not be slow at its plan back."""
        items, grade = scene.slow(scene.planned)
        sku = scene.forecast.index.sku
        held = sku[items.series[grade > 0]]
        after = np.where(np.isin(np.arange(len(scene.multiplier)), held), scene.multiplier, 1.0)
        after[found.sku] = np.minimum(found.multiplier, scene.multiplier[found.sku])
        skus = pd.Index(self.index.skus).get_indexer(list(scene.forecast.index.skus))
        self.multiplier = self.multiplier.copy()
        self.multiplier[skus] = after

    def _sell(self, place: int, lines: Decisions, freight: Floats) -> None:
        """Seven days of true demand."""
        truth, first = self.weeks.truth, self.weeks.date(place) + DAY
        factor = np.where(self.truth_sku >= 0, self.multiplier[self.truth_sku], 1.0)
        planned = truth.planned_price(first + DAY * np.arange(WEEK))
        price = np.minimum(planned, factor[:, None] * truth.list_price[:, None])
        demand = truth.demand(first, WEEK, price / planned).reshape(-1, WEEK)[self.rows]
        demand = demand * self.known[:, None]
        price = np.repeat(price, len(truth.locations), axis=0)[self.rows]
        sold, nothing = np.zeros((len(self.names), WEEK)), Decisions.lines(*_NO_LINES)
        stock, charges = np.zeros(len(self.names)), np.zeros(len(self.names))
        for day in range(WEEK):
            given = lines if day == 0 else nothing
            self.state, books = step(self.state, given, demand[:, day].astype(float), self.terms)
            sold[:, day] = books.sold
            stock += books.left / WEEK
            charges += self.terms.holding * books.left + freight * books.moved
        outside = np.flatnonzero(lines.source < 0)
        to, units = lines.to[outside], lines.units[outside]
        bought = np.bincount(to, units, len(self.names))
        self.received(first + DAY * lines.lead_time[outside], to, units)
        self.history.append(sold)
        log, lower = self.books, self.multiplier[self.index.sku] < _LESS
        for name, values in (
            ("sold", sold.sum(axis=1)), ("reduced", np.where(lower, sold.sum(axis=1), 0.0)),
            ("paid", (sold * price).sum(axis=1)), ("stock", stock), ("bought", bought),
            ("charges", charges), ("multiplier", self.multiplier),
        ):  # fmt: skip
            getattr(log, name).append(values)


_NOTHING_KEPT: dict[str, Any] = {
    name: getattr(Commitments.none(), name) for name in ("kept_series", "kept_period", "kept_units")
}
_NO_LINES = (np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64))


def _some(lines: Any, kept: NDArray[np.bool_]) -> Any:
    return type(lines)(**{name: value[kept] for name, value in vars(lines).items()})


def _weekly(network: Network) -> Network:
    """Suppliers without minima, and every lane open tonight and again in a week."""
    lanes = without_fees(network).lanes
    n = len(lanes)
    weekly = replace(
        lanes,
        review=np.full(n, WEEK, lanes.review.dtype),
        open_tonight=np.ones(n, np.bool_),
    )
    return replace(without_fees(network), lanes=weekly)
