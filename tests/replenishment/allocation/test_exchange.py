"""The exchange of lots between places, held to brute force and to OR-Tools' min-cost flow."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from replenishment.allocation.exchange import Exchange, best_exchange, running


def instance(rng, skus, places, segments, largest=1, density=0.7):
    """Whole money, so that a min-cost flow of integers can be held against it."""
    shape = (skus, places, segments)
    way = rng.integers(1, 60, (skus, places, places)).astype(float)
    way[rng.random(way.shape) > density] = np.inf
    way[:, np.arange(places), np.arange(places)] = np.inf
    return Exchange(
        give=np.sort(rng.integers(-20, 100, shape), axis=2).astype(float),
        give_lots=rng.integers(0, largest + 1, shape),
        take=-np.sort(-rng.integers(-20, 140, shape), axis=2).astype(float),
        take_lots=rng.integers(0, largest + 1, shape),
        way=way,
        most=rng.integers(0, largest * segments + 1, way.shape),
    )


def optimum(exchange, sku):
    """The gain of one SKU's best flow by OR-Tools' SimpleMinCostFlow."""
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

    graph, places = SimpleMinCostFlow(), exchange.way.shape[1]
    start, end = 2 * places, 2 * places + 1
    total = int(exchange.give_lots[sku].sum())
    for place, segment in np.ndindex(exchange.give.shape[1:]):
        for tail, head, lots, money in (
            (start, place, exchange.give_lots, exchange.give),
            (places + place, end, exchange.take_lots, -exchange.take),
        ):
            at = (sku, place, segment)
            graph.add_arc_with_capacity_and_unit_cost(tail, head, int(lots[at]), int(money[at]))
    for a, b in np.argwhere(np.isfinite(exchange.way[sku])).tolist():
        most, way = int(exchange.most[sku, a, b]), int(exchange.way[sku, a, b])
        graph.add_arc_with_capacity_and_unit_cost(a, places + b, most, way)
    graph.add_arc_with_capacity_and_unit_cost(start, end, total, 0)
    graph.set_node_supply(start, total)
    graph.set_node_supply(end, -total)
    if graph.solve() != graph.OPTIMAL:
        raise RuntimeError("no optimum")
    return -graph.optimal_cost()


def kept(exchange, flow):
    """Whether a flow keeps every bound."""
    return (
        (flow >= 0).all()
        and (flow <= np.where(np.isfinite(exchange.way), exchange.most, 0)).all()
        and (flow.sum(axis=2) <= exchange.give_lots.sum(axis=2)).all()
        and (flow.sum(axis=1) <= exchange.take_lots.sum(axis=2)).all()
    )


def test_small_exchanges_are_the_best_of_all_exchanges():
    """Brute force: three places, up to two lots per lane, every flow tried."""
    exchange = instance(np.random.default_rng(3), 40, 3, 2)
    exchange = replace(exchange, most=np.minimum(exchange.most, 2))
    gain = exchange.gain(best_exchange(exchange))
    lanes = [(a, b) for a in range(3) for b in range(3) if a != b]
    best = np.zeros(40)
    for lots in itertools.product(range(3), repeat=6):
        flow = np.zeros((40, 3, 3), np.int64)
        for (a, b), count in zip(lanes, lots, strict=True):
            flow[:, a, b] = count
        sound = np.array([
            kept(exchange.part([sku]), flow[[sku]]) for sku in range(40)
        ])  # fmt: skip
        best = np.where(sound, np.maximum(best, exchange.gain(flow)), best)
    np.testing.assert_allclose(gain, best)
    assert (gain > 0).sum() > 10


@pytest.mark.parametrize(
    ("places", "segments", "largest", "density"),
    [(4, 3, 1, 0.5), (10, 6, 1, 0.7), (10, 4, 20, 1.0), (7, 5, 6, 0.3)],
)
def test_the_gain_is_that_of_the_min_cost_flow(places, segments, largest, density):
    exchange = instance(np.random.default_rng(7), 60, places, segments, largest, density)
    flow = best_exchange(exchange)
    assert kept(exchange, flow)
    want = [optimum(exchange, sku) for sku in range(60)]
    np.testing.assert_allclose(exchange.gain(flow), want)
    assert sum(want) > 0


def test_no_lane_loses_and_dearer_lanes_never_move_more():
    exchange = instance(np.random.default_rng(11), 200, 6, 4)
    flow = best_exchange(exchange)
    assert (exchange.gain_of_lanes(flow) >= -1e-9).all()
    moved = flow.sum(axis=(1, 2))
    for more in (5.0, 20.0, 80.0):
        dearer = best_exchange(replace(exchange, way=exchange.way + more)).sum(axis=(1, 2))
        assert (dearer <= moved).all()
        moved = dearer


def test_the_result_depends_on_no_other_sku():
    exchange = instance(np.random.default_rng(5), 30, 5, 3)
    whole = best_exchange(exchange)
    alone = [best_exchange(exchange.part(slice(sku, sku + 1)))[0] for sku in range(30)]
    np.testing.assert_array_equal(whole, alone)


def test_money_of_the_first_lots_is_summed_segment_by_segment():
    """By hand: 2 lots at 5, then 3 at 4; four of them are 2 * 5 + 2 * 4."""
    money, lots = np.array([[5.0, 4.0]]), np.array([[2, 3]])
    assert running(money, lots, np.array([4])).tolist() == [18.0]
