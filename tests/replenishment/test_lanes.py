"""One lane per key: regular before transfer, then lowest landed cost, then name."""

import numpy as np
import pytest

from replenishment.network.echelon import build_echelons
from replenishment.network.lanes import choose_lanes
from stockwright.errors import DataError

PLACES = ("central", "east", "south")


def lanes_for(shop, rows, **changes):
    """rows: (series, kind, source) triples, sorted by series."""
    series, kind, source = (np.array(column) for column in zip(*rows, strict=True))
    return shop.lanes(3, series=series, kind=kind, source=source, **changes)


def test_a_regular_lane_goes_before_a_cheaper_transfer(shop):
    index = shop.index(1, PLACES)
    lanes = lanes_for(shop, [(1, 1, 0), (1, 0, 0)], unit_cost=[0.0, 50.0])
    choice = choose_lanes(shop.network(index, lanes, kind=[0, 1, 1]), index)
    assert choice.lane.tolist() == [-1, 1, -1]


def test_lowest_landed_cost_then_name_decides(shop):
    index = shop.index(1, PLACES)
    rows = [(1, 0, 0), (1, 0, 1), (1, 0, 2)]
    names = ("zeta", "beta", "alpha")
    network = shop.network(
        index, lanes_for(shop, rows, unit_cost=[9, 8, 7], unit_freight=[0, 1, 2]), names=names
    )
    assert choose_lanes(network, index).lane[1] == 2
    network = shop.network(index, lanes_for(shop, rows, unit_cost=[9, 8, 8]), names=names)
    assert choose_lanes(network, index).lane[1] == 2
    network = shop.network(index, lanes_for(shop, rows, unit_cost=[9, 8, 8.5]), names=names)
    assert choose_lanes(network, index).lane[1] == 1


def test_priority_decides_between_lanes_of_one_landed_cost_only(shop):
    index = shop.index(1, PLACES)
    rows, names = [(1, 0, 0), (1, 0, 1)], ("alpha", "beta")
    lanes = lanes_for(shop, rows, unit_cost=[8, 8], priority=[np.inf, 1])
    assert choose_lanes(shop.network(index, lanes, names=names), index).lane[1] == 1
    lanes = lanes_for(shop, rows, unit_cost=[7, 8], priority=[np.inf, 1])
    assert choose_lanes(shop.network(index, lanes, names=names), index).lane[1] == 0


def test_expedited_lanes_are_never_used_and_lateral_ones_only_alone(shop):
    index = shop.index(1, PLACES)
    rows = [(0, 0, 0), (1, 1, 0), (1, 1, 2), (2, 2, 0)]
    choice = choose_lanes(shop.network(index, lanes_for(shop, rows), kind=[0, 1, 1]), index)
    assert choice.lane.tolist() == [0, 1, -1]
    rows = [(1, 0, 0), (2, 1, 1)]
    choice = choose_lanes(shop.network(index, lanes_for(shop, rows), kind=[0, 1, 1]), index)
    assert choice.lane.tolist() == [-1, 0, 1]
    assert choice.parent.tolist() == [-1, -1, 1]


def test_keys_that_supply_each_other_are_refused(shop):
    index = shop.index(1, PLACES)
    network = shop.network(index, lanes_for(shop, [(1, 1, 2), (2, 1, 1)]), kind=[0, 1, 1])
    with pytest.raises(DataError, match="circle"):
        choose_lanes(network, index)


def test_an_echelon_holds_all_below_and_the_longest_way_down(shop):
    index = shop.index(1, ("a", "b", "c", "d"))
    lanes = lanes_for(shop, [(0, 0, 0), (1, 1, 0), (2, 1, 1), (3, 1, 0)], lead_time=[9, 2, 3, 4])
    network = shop.network(index, lanes, kind=[0, 1, 2, 1])
    echelons = build_echelons(choose_lanes(network, index), network)
    assert echelons.way_down.tolist() == [5, 3, 0, 0]
    assert echelons.depth.tolist() == [0, 1, 2, 1]
    pairs = list(zip(echelons.node.tolist(), echelons.member.tolist(), strict=True))
    assert pairs == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 1), (1, 2)]
