"""The night's part of a build-up: as late as docks allow, better than none, none if not needed."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from scipy import optimize

from replenishment.night import plan_night
from replenishment.params import PlanParams
from replenishment.peaks.ahead import Deliveries, pull_forward
from replenishment.simulate import ShopState, ShopTerms, simulate
from stockwright.forecast import Forecast

PARAMS = PlanParams(paths=64)
PLAIN = replace(PARAMS, ahead=False)


class Nights:
    """``plan_night`` every night, with the forecast of the steps that are left."""

    def __init__(self, network, forecast, horizon, params):
        self._network, self._forecast, self._horizon = network, forecast, horizon
        self._params = params
        self.plans = []

    def __call__(self, period, state):
        whole, first = self._forecast, period + 1
        window = slice(first, first + self._horizon)
        rest = Forecast(**{f.name: getattr(whole, f.name) for f in fields(Forecast)
                           if f.name not in ("mean", "origin", "committed", "committed_variance")},
                        mean=whole.mean[:, window], origin=whole.origin + first)  # fmt: skip
        plan = plan_night(rest, self._network, state.stock(), self._params)
        self.plans.append(plan)
        units = np.zeros(len(state.on_hand))
        units[plan.orders.series] = plan.orders.units
        return units


def replay(shop, forecast, network, demand, lead, horizon, start=0.0, params=PARAMS):
    n, nights = len(demand), Nights(network, forecast, horizon, params)
    items = network.items
    terms = ShopTerms(np.full(n, lead), items.holding_cost, items.shortage_cost)
    run = simulate(demand, nights, terms, ShopState.of(np.full(n, start), lead + 1), opening=True)
    return run, nights.plans


@pytest.mark.parametrize(
    ("demand", "capacity", "build"),
    [
        ([100, 100, 100, 400, 100], 175, [175, 175, 175, 175, 100]),
        ([50, 0, 300, 60, 20], 120, [110, 120, 120, 60, 20]),
    ],
)
def test_certain_demand_of_one_key_is_built_as_late_as_the_dock_allows(
    shop, demand, capacity, build
):
    """Every night anew, the orders add up to the latest feasible build-up."""
    known = np.array([[*demand, *[10] * 8]], float)
    forecast = Forecast.certain(shop.index(1), shop.origin, known)
    network = shop.network(shop.index(1), shop.lanes(1, lead_time=0), inbound_capacity=capacity)
    run, plans = replay(shop, forecast, network, known[:, : len(demand)], 0, 8)
    np.testing.assert_allclose(run.received[0], build)
    assert run.missed.sum() == 0
    assert plans[0].orders.reason.tolist() == ["BUILD_UP"]


def peak_of(shop, keys=12, days=24, times=5.0, capacity=1.6, **changes):
    """Poisson demand that is ``times`` as high on three days, and a dock for 1.6 times the usual.

    Returns forecast, network, and demand of the first ``days``.
    """
    index, rng = shop.index(keys), np.random.default_rng(5)
    base = rng.uniform(2, 9, keys)
    mean = np.repeat(base[:, None], days + 22, axis=1)
    mean[:, 15:18] *= times
    lanes = shop.lanes(keys, lead_time=2, **changes)
    network = shop.network(
        index, lanes, inbound_capacity=capacity * base.sum(), holding_cost=0.05, shortage_cost=5.0
    )
    demand = rng.poisson(mean[:, :days]).astype(float)
    return shop.forecast(index, mean), network, demand


@pytest.mark.parametrize("changes", [{}, {"multiple": 6.0}, {"review": 3}], ids=str)
def test_less_is_lost_and_the_cost_is_lower_than_without(shop, changes):
    """A peak beyond the dock, day by day: both what is lost and the whole cost fall by a third."""
    forecast, network, demand = peak_of(shop, **changes)
    built, plans = replay(shop, forecast, network, demand, 2, 22, start=30.0)
    received = built.received.sum(axis=0)
    assert received.max() <= network.locations.inbound_capacity[0]
    assert any("BUILD_UP" in plan.orders.reason for plan in plans)
    plain, _ = replay(shop, forecast, network, demand, 2, 22, start=30.0, params=PLAIN)
    assert built.missed.sum() < 0.67 * plain.missed.sum()
    assert built.cost.sum() < 0.67 * plain.cost.sum()


def test_a_level_that_is_asked_for_is_built_up_to_whatever_a_markdown_costs(shop):
    """Money alone builds up less when what is left is marked down."""
    forecast, network, _ = peak_of(shop)
    stock, dear = shop.stock(12, 30.0), replace(PARAMS, markdown_rate=0.9, markdown_after=0)
    level = np.full(12, 0.95)
    asked = replace(network, items=replace(network.items, service_level=level))

    def units(place, params):
        return plan_night(forecast, place, stock, params).orders.units.sum()

    assert units(asked, dear) == units(asked, PARAMS)
    assert units(network, dear) < units(network, PARAMS)


@pytest.mark.parametrize("capacity", [np.inf, 1e6])
def test_a_dock_that_never_binds_changes_nothing(shop, capacity):
    forecast, network, _ = peak_of(shop, capacity=capacity)
    stock = shop.stock(12, 20.0, [(0, 1, 5), (3, 2, 9)])
    plan = plan_night(forecast, network, stock, PARAMS)
    plain = plan_night(forecast, network, stock, PLAIN)
    for each in fields(plan.orders):
        np.testing.assert_array_equal(
            getattr(plan.orders, each.name), getattr(plain.orders, each.name)
        )
    assert "BUILD_UP" not in plan.orders.reason


def deliveries_of(due, holding, worth, first=1, every=1, place=0):
    n = len(due)
    whole = {"place": place, "first": first, "every": every}
    return Deliveries(
        due=np.asarray(due, float),
        **{k: np.broadcast_to(np.int64(v), (n,)) for k, v in whole.items()},
        holding=np.broadcast_to(np.float64(holding), (n,)),
        worth=np.broadcast_to(np.float64(worth), (n,)),
    )


def least_holding(due, holding, room):
    """Units of every key that arrive in the first step, in the plan that holds least (by HiGHS)."""
    n, steps = due.shape
    cost = np.repeat(holding[:, None] * np.arange(steps, 0, -1), 1, axis=1)
    served = np.kron(np.eye(n), -np.tril(np.ones((steps, steps))))
    dock = np.kron(np.ones((1, n)), np.eye(steps))
    found = optimize.linprog(
        cost.ravel(),
        A_ub=np.vstack([served, dock]),
        b_ub=np.concatenate([-np.cumsum(due, axis=1).ravel(), room]),
    )
    assert found.success
    return found.x.reshape(n, steps)[:, 0] - due[:, 0]


@pytest.mark.parametrize("seed", range(8))
def test_many_keys_are_pulled_forward_at_the_least_holding_there_is(seed):
    """The first step's part equals that of the linear programme, key by key."""
    rng = np.random.default_rng(seed)
    due = rng.integers(0, 30, (6, 8)).astype(float)
    holding = rng.permutation(6) + 1.0
    room = np.full(8, 1.0 + np.ceil((np.cumsum(due.sum(axis=0)) / np.arange(1, 9)).max()))
    best = least_holding(due, holding, room)
    later = due.copy()
    later[:, 0] = 0.0
    free = room.copy()
    free[0] -= due[:, 0].sum()
    ahead = pull_forward(deliveries_of(later, holding, 1e6), free[None, :])
    np.testing.assert_allclose(ahead.units, best, atol=1e-6)
    assert ahead.missing.sum() == 0


def test_what_no_dock_can_take_is_missing_where_it_is_worth_least():
    ahead = pull_forward(deliveries_of([[0, 80], [0, 80]], 1.0, [50, 20]), np.full((1, 2), 60.0))
    np.testing.assert_allclose(ahead.units, [60, 0])
    np.testing.assert_allclose(ahead.missing, [0, 40])


def test_no_unit_waits_longer_than_it_is_worth():
    """Held at 1 a period and worth 2.5 a unit waits two periods, not five."""
    due = np.zeros((1, 6))
    due[0, 5] = 100.0
    room = np.full((1, 6), 10.0)
    ahead = pull_forward(deliveries_of(due, 1.0, 2.5), room)
    assert ahead.units.sum() == 0
    assert pull_forward(deliveries_of(due, 1.0, 25.0), room).units.sum() == 10


def test_a_key_is_pulled_to_its_own_arrivals_only():
    """With arrivals every third period from the second on, the rest goes from step 8 to 5 to 2."""
    due = np.zeros((1, 8))
    due[0, 7] = 100.0
    room = np.full((1, 8), 40.0)
    ahead = pull_forward(deliveries_of(due, 1.0, 99.0, first=2, every=3), room)
    np.testing.assert_allclose(ahead.units, [20])
    assert ahead.due.tolist() == [8]


def test_the_day_on_which_the_first_of_what_comes_early_is_due_is_told():
    """Of 30 due on day 4 and 90 on day 6, 40 a day fit: 90 fill days 6, 5 and a part of day 4,
    and nothing comes early; with 130 on day 6, all of days 3 to 6 is used and 40 come on day 3.
    """
    due = np.array([[0.0, 0, 0, 30, 0, 90]])
    room = np.full((1, 6), 40.0)
    none = pull_forward(deliveries_of(due, 1.0, 99.0), room)
    assert (none.units.tolist(), none.due.tolist()) == ([0], [0])
    due[0, 5] = 130.0
    ahead = pull_forward(deliveries_of(due, 1.0, 99.0, first=3), room)
    np.testing.assert_allclose(ahead.units, [40])
    assert ahead.due.tolist() == [4]


def test_a_line_tells_what_of_it_comes_early_and_from_when_it_is_wanted(shop):
    """What is built up is what the same night orders less without it, and is due later."""
    forecast, network, _ = peak_of(shop)
    stock = shop.stock(12, 30.0)
    plan = plan_night(forecast, network, stock, PARAMS).orders
    plain = plan_night(forecast, network, stock, PLAIN).orders
    early = plan.reason == "BUILD_UP"
    assert early.any()
    without = np.bincount(plain.series, plain.units, 12)[plan.series]
    np.testing.assert_allclose((plan.need - plan.ahead)[early], without[early], atol=1e-6)
    arrives = network.lanes.lead_time[plan.lane] + 1
    assert (plan.ahead_step[early] > arrives[early]).all()
    assert not plan.ahead[~early].any()
    assert not plain.ahead.any()
