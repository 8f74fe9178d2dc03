"""What is done with slow stock."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from replenishment.clearance.acts import ladder
from replenishment.clearance.holdings import Holdings
from replenishment.clearance.params import Channels, ClearanceParams
from replenishment.clearance.plan import plan_clearance
from replenishment.clearance.rules import Rules
from stockwright.clearance import Act
from stockwright.errors import ConfigError
from stockwright.price_response import PriceResponse

WEEKS = 8


def _holdings(n=1, **changed):
    """Items with 40 units at cost 6 and price 10, of which 2 sell in a week, ending in 8 weeks."""
    told = {
        "series": np.arange(n), "units": 40.0, "age_days": 120.0, "unit_cost": 6.0, "price": 10.0,
        "floor": 0.0, "salvage": 0.5, "holding": 0.02, "demand": np.full((n, WEEKS + 1), 2.0),
        "dispersion": 1.0, "level_variance": 0.0, "sold": 10.0, "on_order": 0.0,
        "weeks": np.full(n, WEEKS), "perishing": 0.0, "return_value": 0.0,
        "return_weeks": np.zeros(n, int), "price_group": np.full(n, -1),
        "hit": np.zeros(n, bool), "declining": np.zeros(n, bool),
    }  # fmt: skip
    return Holdings(**told | changed)


def _plan(
    holdings, elasticity=2.5, sd=0.0, channels=None, grade="A", listed=10.0, rules=None, **params
):
    n = len(holdings)
    return plan_clearance(
        holdings,
        np.full(n, grade, object),
        np.full(n, 140.0),
        np.maximum(holdings.price, listed),
        PriceResponse(np.full(n, elasticity), np.full(n, sd)),
        channels or Channels(),
        ClearanceParams(**params),
        rules,
    )


def _outlets(capacity, cost=0.5, reach=6.0, grades="SABC"):
    return Channels(("live",), np.array([capacity]), np.array([cost]), np.array([reach]), (grades,))


def test_doing_nothing_brings_what_a_simulation_of_it_brings():
    plan = _plan(_holdings(weeks=np.array([WEEKS])))
    rng = np.random.default_rng(1)
    demand = rng.poisson(2.0, (200_000, WEEKS))
    left = np.maximum(40 - np.cumsum(demand, axis=1), 0)
    money = 10.0 * (40 - left[:, -1]) + 0.5 * left[:, -1] - 0.02 * left.sum(axis=1)
    assert plan.nothing[0] == pytest.approx(money.mean(), rel=1e-3)


def _waiting(**changed):
    """Goods whose season of 60 units comes in a mean of 30 weeks; their own ends in two weeks."""
    demand = np.where(np.arange(WEEKS + 1) < 2, 8.0, 0.0)[None]
    told = {"weeks": np.array([WEEKS + 1]), "demand": demand, "season_units": 60.0}
    return _holdings(**told | {"season_wait": 30.0, "holding": 0.0} | changed)


def test_what_keeps_its_worth_until_its_season_is_kept_and_what_loses_it_is_marked_down():
    """At 1 a unit kept brings the price of now, so no lower price can bring more."""
    assert _plan(_waiting(), carry_over=1.0).act[0] == Act.KEEP
    assert _plan(_waiting(), carry_over=0.05).act[0] == Act.MARK_DOWN
    money = [_plan(_waiting(), carry_over=share).nothing[0] for share in (0.05, 0.3, 0.6, 1.0)]
    assert (np.diff(money) > 0).all()


def test_a_unit_kept_for_its_season_is_worth_what_its_wait_leaves():
    """By hand: 12 units that nobody wants now, at 10 x 0.3^(30 / 52) less 21 weeks of holding 0.02
    after the nine that are looked at, for which holding is paid too.
    """
    stock = _waiting(demand=np.zeros((1, WEEKS + 1)), units=12.0, holding=0.02)
    worth = 12 * (10 * 0.3 ** (30 / 52) - 0.02 * 21 - 0.02 * 9)
    assert _plan(stock, carry_over=0.3).nothing[0] == pytest.approx(worth)


def test_only_as_many_units_wait_as_the_season_asks_for():
    """By hand: of 40 units 25 wait at the price of now, the rest brings its salvage."""
    stock = _waiting(demand=np.zeros((1, WEEKS + 1)), season_units=25.0)
    assert _plan(stock, carry_over=1.0).nothing[0] == pytest.approx(25 * 10 + 15 * 0.5)


def test_an_elastic_item_is_marked_down_and_its_weeks_add_up_to_its_money():
    plan = _plan(_holdings())
    assert plan.act[0] == Act.MARK_DOWN
    assert (np.diff(plan.step_price) <= 1e-9).all()
    sales = plan.step_recovery.sum() + 0.5 * plan.left[0]
    assert sales == pytest.approx(plan.recovery[0])
    assert plan.step_units.sum() + plan.left[0] == pytest.approx(40.0)


def test_demand_that_does_not_answer_to_price_is_not_marked_down():
    plan = _plan(_holdings(), elasticity=0.0)
    assert plan.act[0] == Act.KEEP
    assert plan.recovery[0] == pytest.approx(plan.nothing[0])


def test_no_act_is_expected_to_bring_less_than_doing_nothing():
    rng = np.random.default_rng(2)
    n = 60
    holdings = _holdings(
        n, units=rng.integers(1, 200, n).astype(float), salvage=rng.random(n) * 4,
        demand=rng.random((n, WEEKS + 1)) * 6, weeks=rng.integers(0, WEEKS + 2, n),
        return_value=rng.random(n) * 6, return_weeks=rng.integers(0, 3, n),
        dispersion=1 + 3 * rng.random(n), level_variance=rng.random(n),
    )  # fmt: skip
    plan = _plan(holdings, sd=0.5, channels=_outlets(100.0))
    assert (plan.recovery >= plan.nothing - 1e-9).all()
    free = _plan(holdings, sd=0.5, channels=_outlets(np.inf))
    assert (free.recovery >= free.next_recovery - 1e-9).all()
    given_back = (holdings.return_weeks > 0) * holdings.units * holdings.return_value
    assert (plan.recovery >= given_back - 1e-9).all()


def test_a_supplier_who_pays_more_than_customers_gets_it_back():
    plan = _plan(
        _holdings(return_value=np.array([5.9]), return_weeks=np.array([2])), elasticity=0.5
    )
    assert plan.act[0] == Act.RETURN
    assert plan.recovery[0] == pytest.approx(40 * 5.9)
    assert plan.cancelled[0] == 0.0


def test_what_can_no_longer_be_sold_is_liquidated_or_scrapped():
    plan = _plan(_holdings(2, weeks=np.zeros(2, int), salvage=np.array([0.5, 0.0])))
    assert plan.act.tolist() == [Act.LIQUIDATE, Act.SCRAP]
    np.testing.assert_allclose(plan.recovery, [20.0, 0.0])


def test_what_is_held_has_a_step_also_where_it_can_no_longer_be_sold():
    """Every item of the plan has its first week, so that none is missing in the files."""
    rules = Rules.of(np.zeros(2))
    plan = _plan(_holdings(2, weeks=np.array([0, WEEKS])), rules=rules)
    assert plan.act.tolist() == [Act.KEEP, Act.KEEP]
    assert plan.step_item[plan.step == 1].tolist() == [0, 1]
    assert np.isnan(plan.step_price[0])
    assert plan.step_units[0] == 0.0


def test_units_on_order_of_an_item_that_is_cleared_are_cancelled():
    plan = _plan(_holdings(on_order=np.array([12.0])))
    assert plan.cancelled[0] == 12.0


def test_goods_that_go_on_selling_are_worth_waiting_for():
    """The same stock is cheaper to wait with when its end is not in sight."""
    ends, goes_on = _plan(_holdings()), _plan(_holdings(weeks=np.array([WEEKS + 1])))
    assert goes_on.nothing[0] > ends.nothing[0]


def test_a_channel_is_used_by_those_who_gain_most_within_its_capacity():
    holdings = _holdings(3, units=np.array([40.0, 80.0, 120.0]))
    open_to_all = _plan(holdings, channels=_outlets(np.inf))
    assert (open_to_all.act == Act.PROMOTE).all()
    assert set(open_to_all.channel) == {"live"}
    one = _plan(holdings, channels=_outlets(30.0))
    assert (one.act == Act.PROMOTE).sum() < 3
    used = one.step_units[(one.step == 1) & (one.act[one.step_item] == Act.PROMOTE)]
    assert used.sum() <= 30.0 + 1e-6
    assert one.recovery.sum() <= open_to_all.recovery.sum() + 1e-9


def test_a_channel_serves_only_the_grades_that_it_is_open_to():
    plan = _plan(_holdings(), channels=_outlets(np.inf, grades="S"), grade="B")
    assert plan.act[0] != Act.PROMOTE


def test_prices_give_away_no_more_than_the_budget_allows():
    holdings = _holdings(4, units=np.array([30.0, 50.0, 70.0, 90.0]))
    free = _plan(holdings).discount.sum()
    tight = _plan(holdings, discount_budget=free / 2)
    assert 0 < tight.discount.sum() <= free / 2 + 1e-6


def test_no_price_falls_below_its_floor():
    plan = _plan(_holdings(floor=np.array([7.5])))
    assert plan.step_price.min() >= 7.5


def test_the_price_of_now_takes_its_place_on_the_ladder():
    price, start = ladder(np.array([10.0, 9.0, 8.5, 12.0]), np.array([10.0, 10.0, 10.0, 12.0]),
                          (0.1, 0.2, 0.5))  # fmt: skip
    np.testing.assert_allclose(price[1], [10.0, 9.0, 8.0, 5.0])
    np.testing.assert_allclose(price[2], [10.0, 8.5, 8.0, 5.0])
    np.testing.assert_allclose(price[np.arange(4), start], [10.0, 9.0, 8.5, 12.0])
    assert (np.diff(price, axis=1) < 0).all()


def test_prices_in_twice_the_money_bring_twice_the_money():
    once = _plan(_holdings())
    money = ("unit_cost", "price", "salvage", "holding")
    doubled = {name: getattr(_holdings(), name) * 2 for name in money}
    twice = _plan(replace(_holdings(), **doubled), listed=20.0)
    np.testing.assert_allclose(twice.recovery, 2 * once.recovery)


def test_a_ladder_that_does_not_fall_is_refused():
    with pytest.raises(ConfigError, match="ladder"):
        ClearanceParams(ladder=(0.3, 0.2))


def test_what_people_hold_is_kept_and_its_orders_stay():
    rules = Rules.of(np.array([0.0, np.inf]))
    plan = _plan(_holdings(2, on_order=np.array([12.0, 12.0])), rules=rules)
    assert plan.act.tolist() == [Act.KEEP, Act.MARK_DOWN]
    assert plan.cancelled.tolist() == [0.0, 12.0]
    assert plan.nothing[0] == plan.nothing[1]
    assert plan.most.tolist() == [0.0, np.inf]


def test_what_is_beyond_a_limit_is_held_back():
    """Thirty units of forty that may go are planned like a stock of thirty."""
    few = _plan(_holdings(), rules=Rules.of(np.array([30.0])))
    small = _plan(_holdings(units=np.array([30.0])))
    assert few.act[0] == Act.MARK_DOWN
    assert (few.act, few.recovery, few.nothing) == (small.act, small.recovery, small.nothing)
    np.testing.assert_array_equal(few.step_price, small.step_price)
    assert few.units[0] == 40.0
    assert few.left[0] == pytest.approx(small.left[0] + 10.0)
    given_back = _holdings(return_value=np.array([5.9]), return_weeks=np.array([2]))
    back = _plan(given_back, elasticity=0.5, rules=Rules.of(np.array([30.0])))
    assert (back.act[0], back.recovery[0]) == (Act.RETURN, pytest.approx(30 * 5.9))


@pytest.mark.parametrize("most", [0.0, 3.0])
def test_nothing_is_held_back_of_what_is_kept(most):
    """Goods that a limit leaves at the price of now go on selling, all of them."""
    limited = _plan(_holdings(), elasticity=1.2, rules=Rules.of(np.array([most])), least_gain=50.0)
    free = _plan(_holdings(), elasticity=0.0)
    assert free.act[0] == Act.KEEP
    assert limited.act[0] == Act.KEEP
    names = ("recovery", "nothing", "left", "step_units", "step_recovery", "step_price")
    for name in names:
        np.testing.assert_allclose(getattr(limited, name), getattr(free, name))
    assert limited.most[0] == most


def test_a_limit_above_the_stock_changes_nothing():
    limited, free = _plan(_holdings(), rules=Rules.of(np.array([40.0]))), _plan(_holdings())
    assert (limited.recovery, limited.most) == (free.recovery, np.inf)


def test_a_price_that_changed_lately_stays_for_its_weeks():
    free, locked = _plan(_holdings()), _plan(_holdings(locked=np.array([2])))
    assert free.step_price[0] < 10.0
    assert locked.step_price[:3].tolist() == [10.0, 10.0, locked.step_price[2]]
    assert locked.step_price[2] < 10.0
    assert locked.recovery[0] < free.recovery[0]


def test_prices_change_no_more_often_than_allowed():
    holdings = _holdings(units=np.array([25.0]))
    often, seldom = (_plan(holdings, 1.2, least_weeks=weeks) for weeks in (1, 4))
    assert often.recovery[0] > seldom.recovery[0]
    changes = np.flatnonzero(np.diff(seldom.step_price, prepend=10.0))
    assert (np.diff(changes) >= 4).all()


def test_an_act_that_was_turned_down_gives_way_to_the_next_best():
    rules = Rules.none(1)
    acts = rules.acts.copy()
    acts[0, Act.MARK_DOWN] = True
    plan = _plan(_holdings(), rules=replace(rules, acts=acts))
    assert plan.act[0] == Act.KEEP
    promoted = _plan(_holdings(), channels=_outlets(np.inf))
    assert promoted.act[0] == Act.PROMOTE
    closed = Rules(rules.most, rules.acts, np.ones((1, 1), bool))
    assert _plan(_holdings(), channels=_outlets(np.inf), rules=closed).act[0] == Act.MARK_DOWN


def _promoted(share=0.7, elasticity=2.5, week=2, **changed):
    """Items of which a week is planned at a lower price, and asked for as much more then."""
    planned, demand = np.ones((1, WEEKS + 1)), np.full((1, WEEKS + 1), 2.0)
    planned[0, week] = share
    demand[0, week] *= share**-elasticity
    return _holdings(planned=planned, demand=demand, **changed)


def test_waiting_brings_the_price_of_each_week_that_is_planned_anyway():
    """The same as a simulation in which the third week sells at its promotion's price."""
    plan = _plan(_promoted())
    rng = np.random.default_rng(3)
    mean, price = np.full(WEEKS, 2.0), np.full(WEEKS, 10.0)
    mean[2], price[2] = 2.0 * 0.7**-2.5, 7.0
    wanted = np.cumsum(rng.poisson(mean, (200_000, WEEKS)), axis=1)
    left = np.maximum(40 - wanted, 0)
    sold = -np.diff(left, axis=1, prepend=40)
    money = (sold * price).sum(axis=1) + 0.5 * left[:, -1] - 0.02 * left.sum(axis=1)
    assert plan.nothing[0] == pytest.approx(money.mean(), rel=1e-3)


def test_a_promotion_at_the_price_of_clearance_changes_nothing_for_the_clearance():
    """The floor leaves the rungs 9, 8 and 7; a stock so large that 7 holds from the start on sells
    alike whether a week was planned at 7 or at 10, if the demand of that week was forecast for it.
    """
    large = {"units": np.array([150.0]), "floor": np.array([7.0])}
    promoted, plain = _plan(_promoted(**large)), _plan(_holdings(**large))
    assert set(plain.step_price) == {7.0}
    assert promoted.recovery[0] == pytest.approx(plain.recovery[0])
    np.testing.assert_allclose(promoted.step_units, plain.step_units)
    assert promoted.nothing[0] > plain.nothing[0]
    # The promotion gives the difference away, not the clearance.
    assert promoted.discount[0] < plain.discount[0]


def test_a_promotion_below_the_price_of_clearance_takes_place_all_the_same():
    """Its week sells at 5; money of the weeks and salvage of the rest are the whole."""
    plan = _plan(_promoted(0.5))
    assert plan.act[0] == Act.MARK_DOWN
    assert plan.step_planned.tolist() == [10.0, 10.0, 5.0, 10.0, 10.0, 10.0, 10.0, 10.0]
    assert (plan.step_price > 5.0).all()
    assert (np.diff(plan.step_price) <= 1e-9).all()
    paid = np.minimum(plan.step_price, plan.step_planned)
    money = plan.step_units * paid - plan.step_recovery
    assert money[2] == pytest.approx(0.02 * (40 - plan.step_units[:3].sum()))
    assert plan.discount[0] == pytest.approx((plan.step_planned - paid) @ plan.step_units)


def test_a_price_that_is_planned_for_good_is_the_price_of_now():
    """Planned at 8 for all weeks: the list price of 10 is of no account."""
    planned = np.full((1, WEEKS + 1), 1.0)
    low = _plan(_holdings(price=8.0, planned=planned))
    capped = _plan(_holdings(planned=0.8 * planned))
    assert capped.nothing[0] == pytest.approx(low.nothing[0])
    assert capped.recovery[0] == pytest.approx(low.recovery[0])


def test_new_prices_are_multiples_of_the_step_and_give_no_less_than_their_discount():
    rng = np.random.default_rng(5)
    listed, floor = rng.uniform(2, 300, 500), rng.uniform(0, 100, 500)
    discounts = np.array([0.1, 0.25, 0.6])
    for step in (0.01, 0.5):
        price, start = ladder(listed, listed, tuple(discounts), floor, step)
        exact = listed[:, None] * (1 - discounts)
        new = price[:, 1:]
        assert (start == 0).all()
        assert np.abs(new / step - np.rint(new / step)).max() < 1e-4
        open_to = exact >= floor[:, None]
        assert (new[open_to] >= np.broadcast_to(floor[:, None], new.shape)[open_to] - 1e-6).all()
        whole = exact >= np.ceil(floor / step)[:, None] * step
        assert (new[whole] <= exact[whole] + 1e-9).all()
        assert (exact[whole] - new[whole] < np.maximum(step, step - exact[whole]) + 1e-9).all()


def test_rungs_that_rounding_makes_one_still_fall():
    price, start = ladder(np.array([0.03]), np.array([0.05]), (0.1, 0.2, 0.5, 0.9), 0.0, 0.01)
    np.testing.assert_allclose(price[0], [0.05, 0.04, 0.03, 0.02, 0.01])
    cheap, _ = ladder(np.array([0.02]), np.array([0.02]), (0.1, 0.2, 0.5, 0.9), 0.0, 0.01)
    np.testing.assert_allclose(cheap[0], [0.02, 0.01, 0.01, 0.01, 0.01])
    assert (np.diff(cheap) < 0).all()
    assert start[0] == 2


def test_a_promotion_that_gives_no_discount_needs_no_budget():
    """At no budget a channel still sells at the price of now, and brings less than with one."""
    channels = _outlets(np.inf)
    without = _plan(_holdings(), channels=channels, discount_budget=0.0)
    free = _plan(_holdings(), channels=channels)
    assert without.act[0] == Act.PROMOTE
    assert without.discount[0] == 0.0
    assert set(without.step_price) == {10.0}
    assert without.nothing[0] < without.recovery[0] < free.recovery[0]
