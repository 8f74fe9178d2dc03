"""Budgets of categories and the cash of weeks against brute force, beside the night's budget."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from replenishment import PlanParams, plan_night
from stockwright.errors import InfeasiblePlanError
from stockwright.funds import Funds
from stockwright.overrides import Overrides

PARAMS = PlanParams(paths=256)
RATES, MARGIN = np.array([2.0, 3.0, 1.0, 4.0]), np.array([6.0, 3.0, 14.0, 2.0])
COST = np.array([7.0, 5.0, 11.0, 3.0])
# "a" holds the first three lines, "a/b" of these the last two.
WEEKS = np.array(["2025-12-29", "2026-01-05"], "datetime64[D]")
LAYERS = np.array([[0, 0, 0, -1], [-1, 1, 1, -1]])


def under(*amounts):
    return replace(Funds.none(), names=("a", "a/b"), amount=np.array(amounts), category=LAYERS)


def arguments(shop, funds=None, n=4, **changes):
    """The newsvendor of one period: no lead time, no stock."""
    index = shop.index(n)
    lanes = shop.lanes(n, lead_time=0, unit_cost=COST[:n], **changes)
    network = shop.network(index, lanes, holding_cost=0.2 * COST[:n], shortage_cost=MARGIN[:n])
    network = replace(network, funds=funds or Funds.none())
    return shop.forecast(index, RATES[:n], horizon=4), network, shop.stock(n)


@pytest.mark.parametrize("total", [np.inf, 45.0])
@pytest.mark.parametrize("amounts", [(20.0, 11.0), (33.0, 5.0), (60.0, 26.0), (0.0, 9.0)])
def test_budgets_within_one_another_are_spent_as_brute_force_would(shop, total, amounts):
    profit = shop.profit_of(RATES, MARGIN, 0.2 * COST)
    plan = plan_night(*arguments(shop, under(*amounts)), replace(PARAMS, budget=total))
    free = shop.units_of(plan_night(*arguments(shop), PARAMS)).astype(int)
    choices = [
        units
        for units in itertools.product(*(range(u + 1) for u in free))
        if (COST * units)[:3].sum() <= amounts[0]
        and (COST * units)[1:3].sum() <= amounts[1]
        and (COST * units).sum() <= total
    ]
    spent = COST * shop.units_of(plan)
    assert spent[:3].sum() <= amounts[0]
    assert spent[1:3].sum() <= amounts[1]
    assert spent.sum() <= total
    assert profit(shop.units_of(plan)) == pytest.approx(max(map(profit, choices)), rel=2e-3)


def test_what_a_category_budget_cuts_says_so_and_the_rest_of_the_plan_stays(shop):
    free = shop.units_of(plan_night(*arguments(shop), PARAMS))
    plan = plan_night(*arguments(shop, under(20.0, 1000.0)), PARAMS)
    assert shop.units_of(plan)[3] == free[3]
    cut = plan.orders.binding[plan.orders.limit_cut > 0]
    assert set(cut) == {"CATEGORY_BUDGET"}
    assert plan.limits["CATEGORY_BUDGET.shadow_price"] > 0
    assert plan.limits["CATEGORY_BUDGET.binding_groups"] == 1


def test_a_wide_category_budget_changes_nothing(shop):
    plans = [plan_night(*arguments(shop, funds), PARAMS) for funds in (None, under(1000.0, 1000.0))]
    assert shop.units_of(plans[0]).tolist() == shop.units_of(plans[1]).tolist()


def test_more_for_a_category_never_lowers_what_the_orders_are_worth(shop):
    worth = [
        plan_night(*arguments(shop, under(amount, 20.0)), PARAMS).limits["ORDERS.worth"]
        for amount in (0.0, 10.0, 25.0, 40.0, 80.0)
    ]
    assert worth == sorted(worth)


def test_frozen_lines_above_the_budget_of_their_category_are_named_with_it(shop):
    said = Overrides.none(4, 4)
    said = replace(said, order_frozen=np.array([np.nan, 4.0, 1.0, 9.0]))
    with pytest.raises(InfeasiblePlanError) as caught:
        plan_night(*arguments(shop, under(100.0, 30.0)), PARAMS, said)
    text = str(caught.value)
    assert "CATEGORY_BUDGET of a/b with frozen lines: 2" in text
    assert "uses 31 of 30; raise CATEGORY_BUDGET of a/b by 1" in text
    assert "BUDGET with" not in text.replace("CATEGORY_BUDGET", "")


def test_a_line_whose_smallest_order_exceeds_its_categorys_budget_is_impossible(shop):
    funds = replace(Funds.none(), names=("a",), amount=np.array([30.0]), category=np.array([[0]]))
    plan = plan_night(*arguments(shop, funds, n=1, moq=5.0), PARAMS)
    (finding,) = plan.findings
    assert finding.code == "LINE_IMPOSSIBLE"
    assert finding.message["limit"] == "CATEGORY_BUDGET"


def test_what_lines_cost_is_taken_off_every_budget_that_they_are_under():
    dates = np.array(["2026-01-01", "2026-01-05"], "datetime64[D]")
    weeks = replace(under(100.0, 50.0), weeks=WEEKS, cash=np.array([60.0, 60.0]))
    funds = weeks.after(np.array([1, 3]), np.array([20.0, 9.0]), dates)
    assert funds.amount.tolist() == [80.0, 30.0]
    assert funds.cash.tolist() == [40.0, 51.0]


def paid(shop, cash, weeks=None):
    """Orders of the first two keys are paid on Saturday, those of the others on Monday."""
    forecast, network, stock = arguments(shop)
    dates = np.array(["2026-01-03", "2026-01-04", "2026-01-05", "2026-01-11"], "datetime64[D]")
    funds = replace(Funds.none(), weeks=WEEKS if weeks is None else weeks, cash=np.array(cash))
    lanes = replace(network.lanes, payment_date=dates)
    return forecast, replace(network, lanes=lanes, funds=funds), stock


@pytest.mark.parametrize("cash", [(10.0, 9.0), (26.0, 14.0), (0.0, 23.0), (100.0, 6.0)])
def test_the_cash_of_each_week_is_spent_as_brute_force_would(shop, cash):
    profit = shop.profit_of(RATES, MARGIN, 0.2 * COST)
    free = shop.units_of(plan_night(*arguments(shop), PARAMS)).astype(int)
    choices = [
        units
        for units in itertools.product(*(range(u + 1) for u in free))
        if (COST * units)[:2].sum() <= cash[0] and (COST * units)[2:].sum() <= cash[1]
    ]
    plan = plan_night(*paid(shop, cash), PARAMS)
    spent = COST * shop.units_of(plan)
    assert spent[:2].sum() <= cash[0]
    assert spent[2:].sum() <= cash[1]
    assert profit(shop.units_of(plan)) == pytest.approx(
        max(map(profit, choices)), rel=2e-3, abs=1e-9
    )
    assert set(plan.orders.binding[plan.orders.limit_cut > 0]) <= {"CASH"}


def test_a_week_without_a_number_has_no_limit(shop):
    free = shop.units_of(plan_night(*arguments(shop), PARAMS))
    units = shop.units_of(plan_night(*paid(shop, [5.0], WEEKS[1:]), PARAMS))
    assert units[:2].tolist() == free[:2].tolist()
    assert (COST * units)[2:].sum() <= 5.0 < (COST * free)[2:].sum()


def test_frozen_lines_beyond_the_cash_of_a_week_are_named_with_it(shop):
    said = replace(Overrides.none(4, 4), order_frozen=np.array([np.nan, 2.0, 1.0, 9.0]))
    with pytest.raises(InfeasiblePlanError) as caught:
        plan_night(*paid(shop, [30.0, 30.0]), PARAMS, said)
    assert "CASH of the week of 2026-01-05 with frozen lines: 2" in str(caught.value)
    assert "uses 38 of 30" in str(caught.value)


def test_a_line_too_large_for_what_emergency_orders_leave_of_a_budget_is_cut_not_impossible(shop):
    """A smallest order within the whole budget may come another night."""
    index, n = shop.index(2), 2
    lanes = shop.lanes(
        n, series=[0, 0, 1], kind=[0, 2, 0], lead_time=[6, 0, 2], unit_cost=[10.0, 11.0, 10.0],
        moq=[0.0, 0.0, 6.0],
    )  # fmt: skip
    night = shop.forecast(index, [3.0, 2.0]), shop.network(index, lanes), shop.stock(n, [0, 0])
    plan = plan_night(*night, replace(PARAMS, budget=70.0))
    assert "EMERGENCY" in plan.orders.reason
    assert plan.orders.value.sum() <= 70
    (mine,) = [each for each in plan.findings if each.series == 1]
    assert (mine.code, mine.message["limit"]) == ("LIMIT_CUT", "BUDGET")
    (mine,) = [
        each
        for each in plan_night(*night, replace(PARAMS, budget=59.0)).findings
        if each.series == 1
    ]
    assert mine.code == "LINE_IMPOSSIBLE"
    assert mine.message["room"] == pytest.approx(5.9)


def paid_in(weeks, cash, amounts):
    """Categories "a" and "a/b", and what may be paid in each of two weeks."""
    return replace(under(*amounts), weeks=WEEKS, cash=np.array(cash)), WEEKS[weeks]


@pytest.mark.parametrize("cash", [(np.inf, np.inf), (30.0, 18.0), (0.0, 40.0)])
@pytest.mark.parametrize("total", [np.inf, 45.0, 12.0])
@pytest.mark.parametrize("amounts", [(np.inf, 0.0), (0.0, np.inf), (33.0, 12.0)])
def test_the_limit_that_is_named_is_one_whose_relief_gives_the_line_more(
    shop, amounts, total, cash
):
    """Where the relief of any one limit alone does, by planning the night again without it."""
    funds, paid = paid_in([0, 1, 0, 1], cash, amounts)

    def planned(funds, budget):
        night = arguments(shop, funds, payment_date=paid)
        return plan_night(*night, replace(PARAMS, budget=budget))

    plan = planned(funds, total)
    wide = np.full(2, np.inf)
    more = {
        "BUDGET": planned(funds, np.inf),
        "CATEGORY_BUDGET": planned(replace(funds, amount=wide), total),
        "CASH": planned(replace(funds, cash=wide), total),
    }
    gained = {code: shop.units_of(other) > shop.units_of(plan) for code, other in more.items()}
    lines = plan.orders
    named = dict(zip(lines.series.tolist(), lines.binding.tolist(), strict=True))
    named = {series: code for series, code in named.items() if code}
    named |= {f.series: f.message["limit"] for f in plan.findings if f.code == "LIMIT_CUT"}
    for series, code in named.items():
        assert gained[code][series] or not any(each[series] for each in gained.values())
