"""An order is no larger than what can be sold of it within its shelf life."""

import numpy as np
import pytest
from scipy import stats

from replenishment.night import plan_night
from replenishment.params import PlanParams
from replenishment.simulate import ShelfLife, ShopState, ShopTerms, simulate

LEAD, REVIEW = 1, 7


def ordered(plan, n):
    return np.bincount(plan.orders.series, plan.orders.units, minlength=n)


def test_goods_that_keep_longer_than_the_forecast_are_planned_as_goods_that_keep(shop):
    index = shop.index(4)
    forecast, stock = shop.forecast(index, [0.3, 2.0, 5.0, 9.0]), shop.stock(4, 3)
    plans = [
        plan_night(
            forecast, shop.network(index, shop.lanes(4, review=5), **terms), stock, PlanParams()
        )
        for terms in ({}, {"shelf_life": 500.0, "salvage": 2.0})
    ]
    np.testing.assert_array_equal(plans[0].orders.units, plans[1].orders.units)
    np.testing.assert_array_equal(plans[0].policy.order_up_to, plans[1].policy.order_up_to)


@pytest.mark.parametrize("life", [1, 2, 4])
def test_no_order_exceeds_the_demand_of_its_shelf_life_whatever_the_minimum_asks(shop, life):
    """The bound is the .98 quantile of the steps L + 1 ... L + life, of Poisson demand."""
    index, mean = shop.index(3), 3.0
    lanes = shop.lanes(3, review=REVIEW, lead_time=LEAD, moq=[1, 6, 40])
    network = shop.network(index, lanes, shelf_life=float(life), salvage=9.9, min_order_units=100.0)
    plan = plan_night(shop.forecast(index, mean), network, shop.stock(3), PlanParams())
    most = stats.poisson.ppf(0.98, mean * life)
    assert (ordered(plan, 3) <= most + 1).all()
    assert ordered(plan, 3)[2] == 0
    [finding] = [f for f in plan.findings if f.code == "MOQ_TOO_LARGE" and f.series == 2]
    assert finding.message["units"] == 40


@pytest.mark.parametrize("life", [1, 2, 4])
def test_a_line_tells_what_its_shelf_life_takes_away(shop, life):
    """That is what the same night orders more of goods that keep; the third SKU keeps."""
    index = shop.index(3)
    lanes = shop.lanes(3, review=REVIEW, lead_time=LEAD, multiple=[1, 4, 1])
    lives = np.array([life, life, np.inf])
    forecast, stock = shop.forecast(index, [3.0, 5.0, 3.0]), shop.stock(3, 2)
    orders, keeping = (
        plan_night(
            forecast, shop.network(index, lanes, shelf_life=each), stock, PlanParams()
        ).orders
        for each in (lives, np.full(3, np.inf))
    )
    np.testing.assert_allclose(orders.shelf_cut, keeping.units - orders.units)
    assert (orders.shelf_cut[:2] > 0).all()
    assert not keeping.shelf_cut.any()


def test_what_a_feeding_location_lacks_for_shelf_life_is_that_of_all_it_feeds(shop):
    index = shop.index(1, ("dc", "east"))
    lanes = shop.lanes(2, kind=[0, 1], lead_time=[1, 1], review=[REVIEW, 1])
    forecast = shop.forecast(index, [0.0, 4.0])
    orders, keeping = (
        plan_night(
            forecast,
            shop.network(index, lanes, kind=[0, 1], sells=[False, True], shelf_life=life),
            shop.stock(2),
            PlanParams(),
        ).orders
        for life in (4.0, np.inf)
    )
    assert orders.series.tolist() == keeping.series.tolist() == [0]
    assert orders.shelf_cut[0] == keeping.units[0] - orders.units[0] > 0


def test_the_more_a_left_unit_still_brings_the_more_is_bought(shop):
    index = shop.index(1)
    units = []
    for salvage in (0.0, 5.0, 9.0, 12.0):
        network = shop.network(
            index, shop.lanes(1, review=4), holding_cost=0.01, shelf_life=4.0, salvage=salvage
        )
        plan = plan_night(shop.forecast(index, 3.0), network, shop.stock(1, 6), PlanParams())
        units.append(ordered(plan, 1)[0])
    assert units == sorted(units)
    assert units[0] < units[-1]


def test_one_order_for_one_shelf_life_is_the_newsvendor(shop):
    """L = 0, R = life = 1, nothing on hand: the quantile at p / (p + h + c - salvage)."""
    index = shop.index(1)
    network = shop.network(
        index, shop.lanes(1, lead_time=0), holding_cost=0.5, shortage_cost=8.0,
        shelf_life=1.0, salvage=3.0,
    )  # fmt: skip
    plan = plan_night(shop.forecast(index, 40.0), network, shop.stock(1), PlanParams())
    level = 8.0 / (8.0 + 0.5 + 10.0 - 3.0)
    assert abs(ordered(plan, 1)[0] - stats.poisson.ppf(level, 40.0)) <= 1


def replayed(shop, life, respected, n=60, weeks=8):
    """Cost per key and period of a shop of perishables that reviews once a week."""
    index = shop.index(n)
    rate = np.linspace(0.5, 4.0, n)
    told = {"shelf_life": float(life)} if respected else {}
    lanes = shop.lanes(n, lead_time=LEAD, review=REVIEW)
    network = shop.network(index, lanes, holding_cost=0.02, shortage_cost=5.0, **told)
    forecast, params = shop.forecast(index, rate, horizon=20), PlanParams(paths=64)
    shelf = ShelfLife(np.full(n, life), cost=10.0)
    terms = ShopTerms(np.full(n, LEAD), np.full(n, 0.02), np.full(n, 5.0), shelf_life=shelf)

    def order(period, state):
        if (period + 1) % REVIEW:
            return np.zeros(n)
        stock = state.stock(shelf if respected else None)
        return ordered(plan_night(forecast, network, stock, params), n)

    demand = np.random.default_rng(5).poisson(rate[:, None], (n, REVIEW * weeks)).astype(float)
    run = simulate(demand, order, terms, ShopState.opening(0.0, terms), opening=True)
    return run.cost.mean()


@pytest.mark.parametrize("life", [3, 7])
def test_respecting_the_shelf_life_costs_less_than_ignoring_it(shop, life):
    assert replayed(shop, life, True) < 0.9 * replayed(shop, life, False)


@pytest.mark.filterwarnings("error")
def test_goods_that_end_before_an_order_arrives_are_not_ordered(shop):
    """The first ends with the period in which the order comes, the second is sold on."""
    index = shop.index(2)
    forecast = shop.forecast(index, [5.0, 5.0])
    ends = np.array([forecast.origin + LEAD, 10**6])
    lanes = shop.lanes(2, review=REVIEW, lead_time=LEAD)
    network = shop.network(index, lanes, shelf_life=4.0, ends=ends)
    plan = plan_night(forecast, network, shop.stock(2), PlanParams())
    assert ordered(plan, 2)[0] == 0
    assert ordered(plan, 2)[1] > 0
