"""Room to store: what is counted by hand, brute force, and what must not change it."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from replenishment import PlanParams, plan_night
from stockwright.errors import InfeasiblePlanError
from stockwright.network import LaneKind
from stockwright.overrides import Overrides

PARAMS = PlanParams(paths=256)
RATES, MARGIN = np.array([2.0, 3.0, 1.0, 4.0]), np.array([6.0, 3.0, 14.0, 2.0])
VOLUME = np.array([0.5, 0.2, 2.0, 0.25])


def store(shop, room, n=4, on_hand=0.0, arrivals=(), lead_time=0, rates=RATES, **lanes):
    """One location with ``room`` that sells for one period what arrives in time."""
    index = shop.index(n)
    network = shop.network(
        index, shop.lanes(n, lead_time=lead_time, **lanes),
        holding_cost=0.2, shortage_cost=MARGIN[:n], volume=VOLUME[:n],
    )  # fmt: skip
    places = replace(network.locations, storage_volume=np.array([room]))
    network = replace(network, locations=places)
    return shop.forecast(index, rates[:n], horizon=12), network, shop.stock(n, on_hand, arrivals)


@pytest.mark.parametrize("room", [0.0, 1.1, 2.0, 3.3, 5.0])
def test_room_is_filled_as_brute_force_would(shop, room):
    profit = shop.profit_of(RATES, MARGIN, 0.2)
    free = shop.units_of(plan_night(*store(shop, np.inf), PARAMS)).astype(int)
    units = shop.units_of(plan_night(*store(shop, room), PARAMS))
    choices = [
        each
        for each in itertools.product(*(range(u + 1) for u in free))
        if (VOLUME * each).sum() <= room + 1e-9
    ]
    assert (VOLUME * units).sum() <= room + 1e-9
    assert profit(units) == pytest.approx(max(map(profit, choices)), rel=2e-3, abs=1e-9)


def test_stock_left_at_the_arrival_and_what_arrives_by_then_take_their_room(shop):
    """Known demand of 1 a period: 9 on hand and 4 to come for step 2 leave 11 before step 3 sells;
    their 2.2 and the line's 0.2 each share 3.
    """
    forecast, network, stock = store(
        shop, 3.0, n=2, on_hand=[9.0, 0.0], arrivals=[(0, 2, 4.0)], lead_time=2,
        rates=np.array([1.0, 30.0]),
    )  # fmt: skip
    network = replace(network, items=replace(network.items, volume=np.array([0.2, 0.2])))
    units = shop.units_of(plan_night(forecast, network, stock, PARAMS), 2)
    assert units.tolist() == [0.0, 4.0]


def test_a_key_whose_line_comes_later_has_sold_some_of_its_stock_by_then(shop):
    """Key 0, 40 units at 2 a period, gets a line in step 9 and key 1 one in step 2: there are 38
    units of key 0 then, and 24 in step 9 beside the filled up shelf of key 1.
    """
    rates = np.array([2.0, 20.0])
    room = 60.0
    forecast, network, stock = store(
        shop, room, n=2, on_hand=[40.0, 0.0], lead_time=[8, 1], rates=rates, review=[3, 1]
    )
    network = replace(network, items=replace(network.items, volume=np.ones(2)))
    units = shop.units_of(plan_night(forecast, network, stock, PARAMS), 2)
    wish = shop.units_of(plan_night(forecast, at(network, np.inf), stock, PARAMS), 2)
    assert wish[1] > room - 38
    assert units[1] == room - 38
    assert units[0] == min(wish[0], room - 24 - units[1])


def at(network, room):
    return replace(network, locations=replace(network.locations, storage_volume=np.array([room])))


def test_room_that_is_wide_changes_nothing(shop):
    free, wide = (plan_night(*store(shop, room), PARAMS) for room in (np.inf, 1000.0))
    assert shop.units_of(free).tolist() == shop.units_of(wide).tolist()


def test_more_room_never_lowers_what_the_orders_are_worth(shop):
    worth = [
        plan_night(*store(shop, room), PARAMS).limits["ORDERS.worth"]
        for room in (0.0, 1.0, 2.0, 4.0, 8.0)
    ]
    assert worth == sorted(worth)


def test_a_line_cut_by_the_room_says_so_and_one_larger_than_all_of_it_is_impossible(shop):
    plan = plan_night(*store(shop, 2.0), PARAMS)
    assert set(plan.orders.binding[plan.orders.limit_cut > 0]) == {"STORAGE"}
    assert plan.limits["STORAGE.binding_groups"] == 1
    assert plan.limits["STORAGE.shadow_price"] > 0
    (finding,) = plan_night(*store(shop, 2.0, n=1, moq=5.0), PARAMS).findings
    assert finding.code == "LINE_IMPOSSIBLE"
    assert finding.message["limit"] == "STORAGE"
    assert finding.message["room"] == 4.0


def test_frozen_lines_beyond_the_room_are_named_with_it(shop):
    said = replace(Overrides.none(4, 12), order_frozen=np.array([4.0, 3.0, 1.0, np.nan]))
    with pytest.raises(InfeasiblePlanError) as caught:
        plan_night(*store(shop, 3.5), PARAMS, said)
    text = str(caught.value)
    assert "STORAGE of shop with frozen lines: 2 (sku00000 at shop 4, sku00002 at shop 1)" in text
    assert "all 3 frozen lines in it use 4.6 of 3.5" in text


def two_places(shop, room, lateral):
    """One SKU at two places: the first has stock, the second none and ``room``."""
    index = shop.index(1, ("east", "west"))
    lanes = shop.lanes(
        2, series=[0, 1] if not lateral else [0, 1, 1],
        kind=[LaneKind.REGULAR, LaneKind.TRANSFER] if not lateral
        else [LaneKind.REGULAR, LaneKind.REGULAR, LaneKind.TRANSFER],
        lead_time=[2, 1] if not lateral else [9, 9, 1], source=0,
    )  # fmt: skip
    network = shop.network(index, lanes, kind=[1, 1] if lateral else [0, 1], volume=2.0)
    network = replace(
        network, locations=replace(network.locations, storage_volume=np.array([np.inf, room]))
    )
    return shop.forecast(index, [0.5, 6.0]), network, shop.stock(2, [300.0, 0.0])


@pytest.mark.parametrize("lateral", [False, True])
def test_transfers_down_and_sideways_keep_the_room(shop, lateral):
    wide, narrow = (
        plan_night(*two_places(shop, room, lateral), PARAMS).transfers for room in (np.inf, 13.0)
    )
    assert wide.units.sum() > 6
    assert narrow.units.sum() == 6
    assert narrow.binding.tolist() == ["STORAGE"]


def test_emergency_lines_keep_the_room(shop):
    """A fast lane of one period beside a slow one of eight, and no stock."""
    index = shop.index(1)
    lanes = shop.lanes(
        1, series=[0, 0], kind=[LaneKind.REGULAR, LaneKind.EXPEDITED], lead_time=[8, 1],
        unit_cost=[10.0, 10.5],
    )  # fmt: skip
    network = at(shop.network(index, lanes, volume=1.0), 5.0)
    plan = plan_night(shop.forecast(index, 6.0), network, shop.stock(1), PARAMS)
    fast = plan.orders.reason == "EMERGENCY"
    assert plan.orders.units[fast].tolist() == [5.0]
    assert plan.orders.binding[fast].tolist() == ["STORAGE"]
