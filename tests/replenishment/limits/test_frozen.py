"""The smallest set of limits and frozen lines that conflict, against brute force."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from replenishment import PlanParams, plan_night
from replenishment.limits.frozen import conflicts
from replenishment.limits.prices import Limit
from stockwright.errors import InfeasiblePlanError
from stockwright.network import LaneKind
from stockwright.overrides import Overrides

PARAMS = PlanParams(paths=64)


def holds(limits, chosen, quantity):
    """Whether a plan keeps the chosen (limit, group) pairs."""
    return all(limits[i].use(quantity)[group] <= limits[i].room[group] for i, group in chosen)


def smallest_by_brute_force(amount, limits):
    """Size of the smallest set of (limit, group) pairs and frozen lines that no plan keeps.

    Lines that are not frozen may have 0, 1 or 2 units.
    """
    pairs = [(i, g) for i, limit in enumerate(limits) for g in range(len(limit.room))]
    lines = np.flatnonzero(amount > 0).tolist()
    elements = [*(("limit", p) for p in pairs), *(("line", line) for line in lines)]
    for size in range(1, len(elements) + 1):
        for some in itertools.combinations(elements, size):
            fixed = {what for kind, what in some if kind == "line"}
            chosen = [what for kind, what in some if kind == "limit"]
            options = [[amount[k]] if k in fixed else [0, 1, 2] for k in range(len(amount))]
            if not any(holds(limits, chosen, np.array(q)) for q in itertools.product(*options)):
                return size
    return None


@pytest.mark.parametrize("seed", range(25))
def test_the_smallest_conflict_is_the_one_of_brute_force(seed):
    """One limit and as few lines as break it are irreducible, and nothing smaller conflicts."""
    rng = np.random.default_rng(seed)
    amount = rng.integers(0, 7, 4).astype(float)
    limits = [
        Limit(
            "BUDGET", np.zeros(4, int), rng.integers(1, 4, 4) * 1.0, rng.integers(4, 40, 1) * 1.0
        ),
        Limit("CAPACITY", rng.integers(-1, 2, 4), np.ones(4), rng.integers(1, 9, 2) * 1.0, str),
    ]
    found, size = conflicts(amount, limits), smallest_by_brute_force(amount, limits)
    assert bool(found) == (size is not None)
    if found:
        assert 1 + found[0].breaking == size
        by_code = {limit.code: limit for limit in limits}
        for each in found:
            limit = by_code[each.code]
            group = int(each.where or 0)
            use = limit.weight[each.lines] * amount[each.lines]
            assert use[: each.breaking].sum() > each.room >= use[: each.breaking - 1].sum()
            assert use[each.thawed :].sum() <= each.room < use[each.thawed - 1 :].sum()
            assert each.used == limit.use(amount)[group]


def two_lanes(shop, **places):
    """SKU 0 of the second place comes from the first, SKU 1 from the supplier."""
    index = shop.index(2, ("central", "east"))
    lanes = shop.lanes(
        4, kind=[LaneKind.REGULAR, LaneKind.TRANSFER, LaneKind.REGULAR, LaneKind.REGULAR]
    )
    network = shop.network(index, lanes, kind=[0, 1], **places)
    return shop.forecast(index, [0.0, 3, 0, 3]), network, shop.stock(4, [50.0, 0, 0, 0])


def frozen(order, transfer):
    said = Overrides.none(4, 60)
    return replace(said, order_frozen=np.array(order), transfer_frozen=np.array(transfer))


NONE = np.nan


def test_a_frozen_order_and_a_frozen_transfer_conflict_over_the_room_they_share(shop):
    arguments = two_lanes(shop, inbound_capacity=[np.inf, 10.0])
    said = frozen([NONE, NONE, NONE, 7.0], [NONE, 5.0, NONE, NONE])
    with pytest.raises(InfeasiblePlanError) as caught:
        plan_night(*arguments, PARAMS, said)
    text = str(caught.value)
    assert "CAPACITY of east for arrivals of 2026-01-01 with frozen lines: 2" in text
    assert "(sku00001 at east 7, sku00000 at east 5)" in text
    assert "uses 12 of 10; raise CAPACITY of east for arrivals of 2026-01-01 by 2" in text
    assert "thaw 1 of them (sku00001 at east)" in text


def test_transfers_leave_a_frozen_order_its_room(shop):
    """A plan exists as long as what is not frozen may shrink."""
    arguments = two_lanes(shop, inbound_capacity=[np.inf, 10.0])
    plan = plan_night(*arguments, PARAMS, frozen([NONE, NONE, NONE, 7.0], [NONE] * 4))
    assert plan.orders.units.tolist() == [7.0]
    assert plan.transfers.units.tolist() == [3.0]


def test_all_limits_in_conflict_are_named_and_the_smallest_set_first(shop):
    """Two lines share a budget that either of them keeps; one alone is above what its lane takes"""
    index = shop.index(3)
    network = shop.network(index, shop.lanes(3, max_units=[np.inf, np.inf, 5.0]))
    said = replace(Overrides.none(3, 60), order_frozen=np.array([6.0, 6.0, 8.0]))
    with pytest.raises(InfeasiblePlanError) as caught:
        plan_night(
            shop.forecast(index, 5.0), network, shop.stock(3), replace(PARAMS, budget=150.0), said
        )
    text = str(caught.value)
    assert "smallest conflict is LANE_MAX with frozen lines: 1 (sku00002 at shop 8)" in text
    assert "raise LANE_MAX by 3" in text
    assert "further limits in conflict: 1 (BUDGET: 200 of 150)" in text


def test_a_frozen_line_is_charged_the_price_that_its_quantity_reaches(shop):
    """Ten at 10 each are too dear for 95, but ten at 9 each are not."""
    index = shop.index(1)
    breaks = {"break_start": [0, 1], "break_units": [10.0], "break_cost": [9.0]}
    network = shop.network(index, shop.lanes(1, **breaks))
    said = replace(Overrides.none(1, 60), order_frozen=np.array([10.0]))
    plan = plan_night(
        shop.forecast(index, 5.0), network, shop.stock(1), replace(PARAMS, budget=95.0), said
    )
    assert plan.orders.value.tolist() == [90.0]


@pytest.mark.parametrize(
    ("limit", "lanes", "places", "budget"),
    [
        ("CAPACITY", {"moq": 30.0}, {"inbound_capacity": 20.0}, np.inf),
        ("LANE_MAX", {"moq": 30.0, "max_units": 20.0}, {}, np.inf),
        ("BUDGET", {"moq": 30.0}, {}, 200.0),
    ],
)
def test_a_line_that_no_limit_allows_is_named_with_its_reason(shop, limit, lanes, places, budget):
    """The smallest order is above the whole of a limit: no line, whatever else is given up."""
    index = shop.index(1)
    network = shop.network(index, shop.lanes(1, **lanes), **places)
    plan = plan_night(
        shop.forecast(index, 5.0), network, shop.stock(1), replace(PARAMS, budget=budget)
    )
    assert len(plan.orders.units) == 0
    (finding,) = plan.findings
    assert finding.code == "LINE_IMPOSSIBLE"
    assert finding.message["limit"] == limit
    assert finding.message["units"] == 30.0
    assert finding.message["room"] == 20.0
