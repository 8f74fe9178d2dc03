"""Guaranteed service on trees against the book's examples and brute force."""

import itertools
from typing import Any

import numpy as np
import pytest
from stockpyl.gsm_tree import optimize_committed_service_times
from stockpyl.instances import load_instance

from replenishment.echelons.guaranteed import follow, place_safety_stock
from replenishment.echelons.tree import SupplyTree
from stockwright.errors import DataError


def book(name: str) -> tuple[SupplyTree, np.ndarray, np.ndarray, Any]:
    """A book instance as our tree, holding costs and bounds, and the oracle's own form of it."""
    theirs = load_instance(name)
    nodes, place = theirs.nodes, {node.index: at for at, node in enumerate(theirs.nodes)}
    arcs = [(place[a.index], place[b]) for a in nodes for b in a.successor_indices()]
    limit = [-1 if n.external_outbound_cst is None else n.external_outbound_cst for n in nodes]
    tree = SupplyTree(
        processing=np.array([node.processing_time or 0 for node in nodes]),
        source=np.array([a for a, _ in arcs]),
        destination=np.array([b for _, b in arcs]),
        inbound_time=np.array([node.external_inbound_cst or 0 for node in nodes]),
        outbound_limit=np.array(limit),
    )
    holding = np.array([[node.local_holding_cost for node in nodes]])
    sd = np.array([[node.demand_source.standard_deviation or 0.0 for node in nodes]])
    z = np.array([[node.demand_bound_constant for node in nodes]])
    return tree, holding, tree.normal_bound(sd, z), theirs


@pytest.mark.parametrize("name", ["example_6_3", "example_6_5", "problem_6_7", "figure_6_14"])
def test_the_book_examples_cost_what_stockpyl_finds(name):
    tree, holding, bound, theirs = book(name)
    plan = place_safety_stock(tree, holding, bound)
    _, cost = optimize_committed_service_times(theirs)
    assert plan.cost[0] == pytest.approx(cost, rel=1e-9)


def test_example_6_5_lets_only_the_second_customer_wait():
    """Snyder & Shen (2019), example 6.5: S = 0, 0, 0, 1 and cost 2 sqrt 2 + sqrt 6 + 3."""
    tree, holding, bound, theirs = book("example_6_5")
    plan = place_safety_stock(tree, holding, bound)
    promised = dict(zip([node.index for node in theirs.nodes], plan.outbound[0], strict=True))
    assert promised == {1: 0, 3: 0, 2: 0, 4: 1}
    assert plan.cost[0] == pytest.approx(np.sqrt(6) + 2 * np.sqrt(2) + 3, rel=1e-12)


def random_tree(rng: np.random.Generator, n: int) -> SupplyTree:
    """Any tree: every stage hangs on an earlier one, upstream or downstream of it."""
    other = np.array([rng.integers(stage) for stage in range(1, n)])
    new = np.arange(1, n)
    flip = rng.random(n - 1) < 0.5
    names = rng.permutation(n)
    source, destination = np.where(flip, new, other), np.where(flip, other, new)
    sells = np.bincount(names[source], minlength=n) == 0
    limit = np.where(sells, rng.integers(0, 3, n), -1)
    return SupplyTree(
        processing=rng.integers(0, 4, n),
        source=names[source],
        destination=names[destination],
        units=rng.integers(1, 3, n - 1).astype(float),
        inbound_time=rng.integers(0, 2, n),
        outbound_limit=np.where(rng.random(n) < 0.2, rng.integers(0, 3, n), limit),
    )


@pytest.mark.parametrize(
    "seed", [*range(10), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(10, 25))]
)
def test_random_trees_are_solved_as_well_as_by_trying_every_promise(seed):
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, int(rng.integers(2, 6)))
    skus = 3
    own = np.bincount(tree.source, minlength=len(tree)) == 0
    sd = np.where(own, rng.uniform(1, 9, (skus, len(tree))), 0.0)
    holding = rng.uniform(0.1, 5, (skus, len(tree)))
    bound = tree.normal_bound(sd, 1.7, pooling=float(rng.choice([1.0, 2.0])))
    plan = place_safety_stock(tree, holding, bound)
    tops = np.where(tree.outbound_limit < 0, tree.longest, tree.outbound_limit)
    tops = np.minimum(tops, tree.longest)
    best = np.full(skus, np.inf)
    for promised in itertools.product(*(range(top + 1) for top in tops)):
        tried = np.broadcast_to(np.array(promised), (skus, len(tree)))
        best = np.minimum(best, follow(tree, tried, holding, bound).cost)
    np.testing.assert_allclose(plan.cost, best, rtol=1e-9, atol=1e-9)
    assert (plan.net_time >= 0).all()
    assert (plan.outbound <= tops).all()
    for a, b in zip(tree.source, tree.destination, strict=True):
        assert (plan.inbound[:, b] >= plan.outbound[:, a]).all()


def test_a_longer_time_that_customers_accept_never_costs_more():
    costs = []
    for limit in range(6):
        tree = SupplyTree(
            processing=np.array([3, 2, 1]),
            source=np.array([0, 1]),
            destination=np.array([1, 2]),
            outbound_limit=np.array([-1, -1, limit]),
        )
        bound = tree.normal_bound([[0.0, 0.0, 4.0]], 2.0)
        costs.append(place_safety_stock(tree, [[1.0, 2.0, 4.0]], bound).cost[0])
    assert (np.diff(costs) < 0).sum() >= 3
    assert (np.diff(costs) <= 1e-12).all()


def test_quantiles_of_normal_demand_bound_it_like_the_safety_factor():
    tree = SupplyTree(np.array([2, 1]), np.array([0]), np.array([1]))
    mean, sd = tree.passed_up([[0.0, 7.0]]), tree.passed_up([[0.0, 3.0]], 2.0)
    bound = tree.quantile_bound(lambda t: mean * t + 1.6 * sd * np.sqrt(t), mean)
    np.testing.assert_allclose(bound, tree.normal_bound([[0.0, 3.0]], 1.6))
    plan = place_safety_stock(tree, [[1.0, 2.0]], bound)
    np.testing.assert_allclose(plan.base_stock(mean), mean * plan.net_time + plan.safety)


def test_demand_is_passed_up_in_the_units_of_the_supplier():
    tree = SupplyTree(np.ones(3), np.array([0, 0]), np.array([1, 2]), units=np.array([2.0, 3.0]))
    np.testing.assert_allclose(tree.passed_up([[1.0, 10.0, 100.0]]), [[321.0, 10.0, 100.0]])
    np.testing.assert_allclose(tree.passed_up([[0.0, 2.0, 1.0]], 2.0)[0, 0], 5.0)


@pytest.mark.parametrize("arcs", [([0, 1], [1, 0]), ([0, 0], [1, 1])])
def test_a_network_that_is_no_tree_is_refused(arcs):
    with pytest.raises(DataError, match="tree"):
        SupplyTree(np.ones(3), np.array(arcs[0]), np.array(arcs[1]))


def test_bounds_that_fall_with_time_are_refused():
    tree = SupplyTree(np.array([1, 1]), np.array([0]), np.array([1]))
    with pytest.raises(DataError, match="bound"):
        place_safety_stock(tree, [[1.0, 1.0]], np.array([[[0.0, 2.0, 1.0], [0.0, 1.0, 2.0]]]))
