"""Full cases, layers and pallets: compared one by one, and what they must leave alone."""

from dataclasses import replace

import numpy as np
import pytest

from replenishment import PlanParams, plan_night
from replenishment.network.evening import Evening
from replenishment.params import Receiving
from replenishment.wishes.find import find_wishes
from replenishment.wishes.loads import in_loads, taking_in
from stockwright.errors import ConfigError
from stockwright.network import LaneKind
from stockwright.overrides import Overrides

PRICES = Receiving(unit=1.0, case=3.0, layer=8.0, pallet=20.0)
PARAMS = PlanParams(paths=64)


def greedy(units, sizes, prices):
    """Cost of taking in some units of one key: the largest pieces first."""
    if not sizes:
        return PRICES.unit * units
    *smaller, size = sizes
    piece = min(prices[len(smaller)], greedy(size, smaller, prices))
    full = units // size
    return full * piece + greedy(units - full * size, smaller, prices)


def some_shop(shop, n=40, seed=1, **changes):
    rng = np.random.default_rng(seed)
    index = shop.index(n)
    lot = rng.choice([1.0, 2.0, 3.0], n)
    case = rng.choice([4.0, 6.0], n)
    layer = case * rng.integers(2, 5, n)
    items = {"units_per_case": case, "units_per_layer": layer, "units_per_pallet": 4 * layer}
    network = shop.network(
        index, shop.lanes(n, multiple=lot, moq=rng.integers(0, 9, n), review=2),
        holding_cost=rng.uniform(0.01, 0.6, n), shortage_cost=9.0, **items | changes,
    )  # fmt: skip
    return shop.forecast(index, rng.uniform(1, 40, n)), network, shop.stock(n)


def test_the_best_of_the_nearest_full_loads_and_the_wish_itself_is_taken(shop):
    evening = Evening.of(*some_shop(shop), replace(PARAMS, receiving=PRICES))
    wishes = find_wishes(evening)
    taken, items = in_loads(wishes, evening).quantity, evening.network.items
    prices, moved = [PRICES.case, PRICES.layer, PRICES.pallet], 0
    for key, wish in enumerate(wishes.quantity):
        terms, lot = wishes.worth.terms, wishes.worth.terms.lot[key]
        names = ("units_per_case", "units_per_layer", "units_per_pallet")
        sizes = [getattr(items, name)[key] for name in names]
        loads = [np.lcm(int(size), int(lot)) for size in sizes]
        near = {wish} | {k * load for load in loads for k in (wish // load, -(-wish // load))}
        near = [units for units in near if units >= terms.first[key]]
        rate = greedy(wish, sizes, prices) / wish

        def value(units, key=key, rate=rate, sizes=sizes):
            worth = wishes.worth.of(np.array([units]), np.array([key]))[0]
            return worth + rate * units - greedy(units, sizes, prices)

        assert value(taken[key]) == pytest.approx(max(map(value, near)), abs=1e-6)
        assert taken[key] % lot == pytest.approx(0)
        moved += taken[key] != wish
    assert 5 < moved < 40


@pytest.mark.parametrize(("layer", "filled"), [(2.0, True), (11.9, False)])
def test_a_layer_is_filled_where_the_work_that_it_saves_pays_for_the_units(shop, layer, filled):
    """Two units more cost some money to hold; loose, a layer of them costs a unit each."""
    index = shop.index(1)
    arguments = (shop.forecast(index, 4.0), shop.network(index, holding_cost=0.5), shop.stock(1))
    wish = plan_night(*arguments, PARAMS).orders.units[0]
    network = replace(
        arguments[1], items=replace(arguments[1].items, units_per_layer=np.array([wish + 2]))
    )
    receiving = Receiving(unit=1.0, layer=min(layer, wish + 1.9))
    plan = plan_night(arguments[0], network, arguments[2], replace(PARAMS, receiving=receiving))
    lines = plan.orders
    assert lines.units.tolist() == [wish + 2 if filled else wish]
    assert lines.binding.tolist() == [""]
    assert lines.limit_cut.tolist() == [0.0]
    assert (lines.need + lines.rounding_added == lines.units).all()


def test_without_a_price_for_the_work_nothing_is_rounded(shop):
    arguments = some_shop(shop)
    plans = [
        plan_night(*arguments, replace(PARAMS, receiving=receiving))
        for receiving in (Receiving(), Receiving(layer=5.0), Receiving(unit=1.0))
    ]
    for plan in plans[1:]:
        assert plan.orders.units.tolist() == plans[0].orders.units.tolist()


def test_lines_that_are_cut_down_to_full_loads_say_that_rounding_did_it(shop):
    plan = plan_night(*some_shop(shop), replace(PARAMS, receiving=PRICES))
    free = plan_night(*some_shop(shop), PARAMS)
    assert (plan.orders.units < free.orders.units).any()
    assert set(plan.orders.binding) == {""}
    assert (plan.orders.limit_cut == 0).all()


def test_a_limit_is_kept_though_full_loads_ask_for_more(shop):
    arguments = some_shop(shop)
    free = plan_night(*arguments, replace(PARAMS, receiving=PRICES)).orders.value.sum()
    params = replace(PARAMS, receiving=PRICES, budget=float(round(0.9 * free)))
    plan = plan_night(*arguments, params)
    assert 0.98 * params.budget < plan.orders.value.sum() <= params.budget


def test_quantities_of_planners_and_transfers_are_left_alone(shop):
    index = shop.index(1, ("central", "east"))
    lanes = shop.lanes(2, kind=[LaneKind.REGULAR, LaneKind.TRANSFER])
    network = shop.network(index, lanes, kind=[0, 1], units_per_layer=50.0, units_per_pallet=200.0)
    arguments = (shop.forecast(index, [0.0, 5.0]), network, shop.stock(2, [60.0, 0.0]))
    said = replace(Overrides.none(2, 60), order_units=np.array([17.0, np.nan]))
    plans = [
        plan_night(*arguments, replace(PARAMS, receiving=receiving), said)
        for receiving in (Receiving(), Receiving(unit=5.0, layer=0.1))
    ]
    assert plans[1].orders.units.tolist() == [17.0]
    assert plans[1].transfers.units.tolist() == plans[0].transfers.units.tolist()


def test_a_piece_never_costs_more_than_what_it_holds():
    sizes = [np.array([6.0]), np.array([24.0]), np.array([96.0])]
    dear = Receiving(unit=1.0, case=50.0, layer=70.0, pallet=80.0)
    cost = [taking_in(np.array([units]), sizes, dear)[0] for units in (7.0, 24.0, 96.0, 103.0)]
    assert cost == [7.0, 24.0, 80.0, 87.0]


def test_a_price_below_0_is_refused():
    with pytest.raises(ConfigError, match="receiving"):
        Receiving(unit=-1.0)
