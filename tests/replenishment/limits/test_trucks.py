"""Whole trucks against brute force, and what planners expect of them."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from replenishment import PlanParams, plan_night
from replenishment.limits.trucks import Trucks
from replenishment.network.evening import Evening
from replenishment.wishes.find import find_wishes
from stockwright.overrides import Overrides

PARAMS = PlanParams(paths=256)
RATES, MARGIN = np.array([2.0, 3.0, 1.0, 4.0]), np.array([6.0, 3.0, 14.0, 2.0])
VOLUME, WEIGHT = np.array([0.5, 0.2, 2.0, 0.25]), np.array([1.0, 2.0, 0.5, 0.3])


def shop_of(shop, fee, room=np.inf, load=np.inf, n=4, suppliers=1, **changes):
    """Keys with one period to serve, whose supplier sends trucks at ``fee`` each."""
    index = shop.index(n)
    network = shop.network(
        index, shop.lanes(n, lead_time=0, review=3, source=np.arange(n) % suppliers),
        holding_cost=0.2, shortage_cost=np.resize(MARGIN, n), volume=np.resize(VOLUME, n),
        weight=np.resize(WEIGHT, n), names=tuple("abcdefgh"[:suppliers]), fixed_cost=fee, **changes,
    )  # fmt: skip
    one = np.ones(suppliers)
    trucks = replace(network.suppliers, truck_volume=room * one, truck_weight=load * one)
    network = replace(network, suppliers=trucks)
    return shop.forecast(index, np.resize(RATES, n), horizon=12), network, shop.stock(n)


def units_of(plan, n=4):
    out = np.zeros(n)
    out[plan.orders.series] = plan.orders.units
    return out


def money(arguments, quantity, fixed=0.0):
    """What orders are worth, less the empty room of their trucks."""
    evening = Evening.of(*arguments, PARAMS)
    wishes = find_wishes(evening)
    wanted = units_of(plan_night(*without(arguments), PARAMS), len(wishes.series)) + fixed
    trucks = Trucks.of(wishes, evening).counted(wanted)
    worth = wishes.worth.of(quantity).sum()
    return worth - trucks.empty(quantity + fixed).sum()


def without(arguments):
    """The same shop whose supplier sends no trucks and has no fixed cost."""
    forecast, network, stock = arguments
    nothing = np.full(len(network.suppliers.names), np.inf)
    free = replace(
        network.suppliers, truck_volume=nothing, truck_weight=nothing,
        fixed_cost=np.zeros(len(nothing)),
    )  # fmt: skip
    return forecast, replace(network, suppliers=free), stock


TRUCK_SIZES = [(3.0, np.inf), (2.5, 4.0), (np.inf, 7.0), (50.0, 50.0)]


@pytest.mark.parametrize("fee", [0.5, 4.0, 25.0, 400.0])
@pytest.mark.parametrize(("room", "load"), TRUCK_SIZES)
def test_trucks_take_what_brute_force_would_send(shop, fee, room, load):
    arguments = shop_of(shop, fee, room, load)
    units = units_of(plan_night(*arguments, PARAMS))
    wide = units_of(plan_night(*without(arguments), PARAMS)) + 5
    worth = find_wishes(Evening.of(*arguments, PARAMS)).worth
    each = [[worth.of(np.full(4, float(u)))[k] for u in range(int(wide[k]) + 1)] for k in range(4)]
    plans = np.array([*itertools.product(*(range(len(values)) for values in each))])
    value = sum(np.array(each[k])[plans[:, k]] for k in range(4))
    wanted = units_of(plan_night(*without(arguments), PARAMS))
    bulk, heavy = plans @ VOLUME / room, plans @ WEIGHT / load
    by_weight = (wanted @ WEIGHT / load) > (wanted @ VOLUME / room)
    needed = np.ceil(np.maximum(bulk, heavy) - 1e-9)
    value = value - fee * (needed - (heavy if by_weight else bulk))
    assert money(arguments, units) == pytest.approx(value.max(), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(("more", "code"), [(1, "RAISED_TO_TRUCK"), (-1, "TRUCKS")])
def test_a_truck_that_goes_is_filled_and_a_unit_that_spills_waits(shop, more, code):
    (wish,) = units_of(plan_night(*shop_of(shop, 0.0, n=1), PARAMS), 1)
    plan = plan_night(*shop_of(shop, 12.0, (wish + more) * VOLUME[0], n=1), PARAMS)
    assert plan.orders.units.tolist() == [wish + more]
    assert plan.orders.binding.tolist() == [code]
    lines = plan.orders
    assert (lines.need + lines.rounding_added - lines.limit_cut == lines.units).all()
    assert plan.limits["TRUCKS.count"] == 1
    assert plan.limits["TRUCKS.filled"] == pytest.approx(1.0)


def test_a_line_without_a_need_of_its_own_fills_a_truck_and_says_so(shop):
    """Key 1 holds what it needs; the four units that key 0 may have leave a fifth of a truck."""
    forecast, network, _ = shop_of(shop, 12.0, n=2)
    network = replace(network, lanes=replace(network.lanes, max_units=np.array([4.0, np.inf])))
    network = replace(network, items=replace(network.items, volume=np.array([1.0, 0.5])))
    plans = []
    for room in (np.inf, 5.0):
        size = replace(network.suppliers, truck_volume=np.array([room]))
        stock = shop.stock(2, [0.0, 14.0])
        plans.append(plan_night(forecast, replace(network, suppliers=size), stock, PARAMS))
    assert plans[0].orders.series.tolist() == [0]
    assert plans[1].orders.units.tolist() == [4.0, 2.0]
    assert plans[1].orders.reason.tolist() == ["BELOW_TARGET", "FILLS_TRUCK"]


def test_a_truck_that_is_not_worth_its_empty_room_does_not_go(shop):
    plan = plan_night(*shop_of(shop, 4000.0, 1e6), PARAMS)
    assert len(plan.orders.units) == 0
    assert {finding.message["limit"] for finding in plan.findings} == {"TRUCKS"}


def test_trucks_that_cost_nothing_change_nothing(shop):
    free, cheap = shop_of(shop, 0.0), shop_of(shop, 0.0, 3.0, 4.0)
    assert (
        units_of(plan_night(*free, PARAMS)).tolist()
        == units_of(plan_night(*cheap, PARAMS)).tolist()
    )


def test_frozen_units_ride_in_the_truck_that_goes(shop):
    arguments = shop_of(shop, 8.0, 5.0)
    said = replace(Overrides.none(4, 12), order_frozen=np.array([np.nan, np.nan, 2.0, np.nan]))
    units = units_of(plan_night(*arguments, PARAMS, said))
    assert units[2] == 2
    bulk = units @ VOLUME
    free = plan_night(*without(arguments), PARAMS, said)
    assert np.ceil(bulk / 5.0 - 1e-9) <= np.ceil((units_of(free) @ VOLUME) / 5.0)
    assert bulk == pytest.approx(5.0 * np.ceil(bulk / 5.0 - 1e-9), abs=0.5)


@pytest.mark.parametrize("core", [0, 1500])
@pytest.mark.parametrize("seed", range(3))
def test_trucks_keep_budget_and_minima_and_beat_orders_that_do_not_think_of_them(shop, seed, core):
    rng = np.random.default_rng(seed)
    n, suppliers = 60, 6
    fee, least = rng.uniform(10, 60, suppliers), rng.choice([0.0, 150.0, 700.0], suppliers)
    forecast, network, stock = shop_of(
        shop, fee, rng.uniform(4, 12, suppliers), np.inf, n, suppliers,
        min_order_value=least,
    )  # fmt: skip
    forecast = shop.forecast(forecast.index, rng.uniform(0.5, 5, n), horizon=12)
    arguments = (forecast, network, stock)
    free = plan_night(*without(arguments), PARAMS)
    budget = float(round(0.8 * free.orders.value.sum()))
    params = replace(PARAMS, budget=budget, core_lots=core, solver_effort=0.2)
    plan = plan_night(*arguments, params)
    blind = plan_night(*without(arguments), params)
    value = np.zeros(suppliers)
    np.add.at(value, plan.orders.series % suppliers, plan.orders.value)
    assert value.sum() <= params.budget
    assert ((value == 0) | (value >= least)).all()
    assert money(arguments, units_of(plan, n)) >= money(arguments, units_of(blind, n)) - 1e-6
    assert plan.limits["ORDERS.worth"] <= plan.limits["ORDERS.bound"] + 1e-6


def test_without_the_integer_program_trucks_are_close_to_the_best(shop):
    """Fifty lines in a truck or two of each of four suppliers: 1 % is left by taking lots in their
    order of worth.
    """
    rng = np.random.default_rng(5)
    n = 50
    forecast, network, stock = shop_of(shop, rng.uniform(10, 40, 4), 20.0, 30.0, n, 4)
    arguments = (shop.forecast(forecast.index, rng.uniform(0.5, 5, n), horizon=12), network, stock)
    plans = [
        plan_night(*arguments, replace(PARAMS, core_lots=core, solver_effort=0.5))
        for core in (0, 1500)
    ]
    worth = [plan.limits["ORDERS.worth"] for plan in plans]
    assert 0.99 * worth[1] <= worth[0] <= worth[1] + 1e-6
