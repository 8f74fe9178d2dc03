"""One arm of a replay: a shop that orders as its plan says, evening by evening."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from experiments.replay.lines import Sent, sent_lines
from experiments.replay.transit import Transit
from experiments.replay.world import World
from pipelines.config import Config
from pipelines.night.planning import Planning
from replenishment.simulate import Books, ShopState, step
from stockwright.errors import DataError
from stockwright.network import LocationKind
from stockwright.stock import StockPosition

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_LONG_AGO = -(10**6)
_ROUNDING = 1e-6


@dataclass(frozen=True)
class ArmState:
    """An arm at a close.

    evening: number of the next one. shop: stock and what comes. transit: what is on its way as the
    arm sees it. waiting: (series,) units at the door. moved_in, moved_out: (series,) period in
    which stock last came, or was to come, from or to a location of the same kind.
    """

    evening: int
    shop: ShopState
    transit: Transit
    waiting: Floats
    moved_in: Ints
    moved_out: Ints


@dataclass(frozen=True)
class Log:
    """What an arm did, all (series, nights); units, and money where it says so.

    sold: left the stock to customers, ``stood_in`` of them to customers of another series.
    elsewhere: customers of this series served by another one. missed: lost. left: on hand at the
    close. ordered: asked of suppliers; moved: sent between locations. lines, orders: order lines,
    and the share of an order that each is. freight, order_cost, price_variance: money, of goods
    ordered and moved, of orders, and of goods that cost more (or less) than usual.
    """

    sold: Floats
    stood_in: Floats
    elsewhere: Floats
    missed: Floats
    left: Floats
    received: Floats
    returned: Floats
    shipped: Floats
    expired: Floats
    ordered: Floats
    moved: Floats
    lines: Floats
    orders: Floats
    freight: Floats
    order_cost: Floats
    price_variance: Floats

    @classmethod
    def joined(cls, parts: Sequence[Log]) -> Log:
        """Nights one after another."""
        names = [each.name for each in fields(cls)]
        return cls(*(np.concatenate([getattr(p, name) for p in parts], axis=1) for name in names))


@dataclass(frozen=True)
class Stretch:
    """Evenings of an arm: the state behind them, and what happened."""

    state: ArmState
    log: Log


def opened(world: World, on_hand: Floats) -> ArmState:
    """An arm before its first evening."""
    n, coming = world.index.n_series, world.known_transit.only(world.asked.replayed)
    shop = ShopState.opening(on_hand, world.terms)
    np.add.at(shop.pipeline, (coming.series, coming.comes), coming.units)
    never = np.full(n, _LONG_AGO)
    return ArmState(0, shop, coming, np.zeros(n), never, never)


def play(world: World, config: Config, state: ArmState, evenings: Sequence[Planning]) -> Stretch:
    """An arm through some evenings. Raises DataError, InfeasiblePlanError."""
    logs = []
    for planning in evenings:
        state, log = _night(world, config, state, planning)
        logs.append(log)
    return Stretch(state, Log.joined(logs))


def _night(
    world: World, config: Config, state: ArmState, planning: Planning
) -> tuple[ArmState, Log]:
    """Plan at the close, send off, and serve the next period."""
    if planning.forecast.index.n_series != world.index.n_series:
        raise DataError("an evening of the replay has other keys than its end")
    now = state.evening
    stock = _seen(world, config, state)
    sent = sent_lines(world, planning, planning.plan(stock), now)
    back = world.asked.returned[:, now]
    shop = _with_returns(state.shop, back, world)
    rng = np.random.default_rng([world.seed, now])
    after, books = step(shop, sent.decisions, world.asked.units[:, now], world.terms, rng)
    # Parts of a unit that are shared out may leave less than nothing by the rounding of numbers.
    near = (after.on_hand < 0) & (after.on_hand > -_ROUNDING)
    after = replace(after, on_hand=np.where(near, 0.0, after.on_hand))
    transit = state.transit.joined(sent.transit(books)).open_at(now + 1)
    moved_in, moved_out = _sideways(world, state, sent)
    closed = ArmState(now + 1, after, transit, books.waiting, moved_in, moved_out)
    return closed, _log(books, sent, back)


def _seen(world: World, config: Config, state: ArmState) -> StockPosition:
    """The stock position as the night knows it."""
    bare = ShopState(state.shop.on_hand, state.shop.pipeline[:, :0], lots=state.shop.lots)
    seen = state.transit.seen(bare.stock(world.terms.shelf_life), state.evening, state.waiting)
    since = state.evening - config.transfers.rest_days / world.days
    return replace(seen, moved_in=state.moved_in >= since, moved_out=state.moved_out >= since)


def _with_returns(shop: ShopState, back: Floats, world: World) -> ShopState:
    """The shop with what customers sent back, which is fresh."""
    if not back.any():
        return shop
    on_hand = shop.on_hand + back
    life = world.terms.shelf_life
    if shop.lots is None or life is None:
        return replace(shop, on_hand=on_hand)
    lots = shop.lots.copy()
    lots[np.arange(len(back)), -1, life.whole()] += back
    return replace(shop, on_hand=on_hand, lots=lots)


def _sideways(world: World, state: ArmState, sent: Sent) -> tuple[Ints, Ints]:
    """Periods in which each series last got, and gave, stock of a location of its kind."""
    kind = world.network.locations.kind[world.index.location]
    to, source = sent.decisions.to, sent.decisions.source
    same = (source >= 0) & (kind[to] == kind[source]) & (kind[to] != LocationKind.CENTRAL)
    moved_in, moved_out = state.moved_in.copy(), state.moved_out.copy()
    np.maximum.at(moved_in, to[same], sent.due[same])
    np.maximum.at(moved_out, source[same], sent.due[same])
    return moved_in, moved_out


def _log(books: Books, sent: Sent, back: Floats) -> Log:
    n = len(back)
    told = {
        name: getattr(books, name)
        for name in ("sold", "stood_in", "elsewhere", "missed", "left", "received", "shipped")
    }
    money = {
        name: np.bincount(sent.decisions.to, getattr(sent, name), n)
        for name in ("lines", "orders", "freight", "order_cost", "price_variance")
    }
    ordered = np.bincount(sent.decisions.to, sent.asked, n)
    rest = {"returned": back, "expired": books.expired, "moved": books.moved, "ordered": ordered}
    return Log(**{name: value[:, None] for name, value in (told | money | rest).items()})
