"""One price for the articles of a group, or none of them is marked down."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from replenishment.clearance.choose import Options
from replenishment.clearance.group_acts import choose_together
from replenishment.clearance.params import Channels, ClearanceParams
from replenishment.clearance.plan import plan_clearance
from stockwright.clearance import Act
from stockwright.price_response import PriceResponse

ENDS = 8


def plan(items, grade, elasticity=2.5, sd=0.3, listed=None, **params):
    n = len(items)
    return plan_clearance(
        items,
        np.array(grade, object),
        np.full(n, 140.0),
        items.price if listed is None else listed,
        PriceResponse(np.full(n, elasticity), np.full(n, sd)),
        Channels(),
        ClearanceParams(**params),
    )


def slow_group(holdings, n=3, **changes):
    """Articles of one group, of 100 units each, of which 3 sell a week for 8 weeks."""
    told = {
        "demand": 3.0,
        "weeks": ENDS,
        "price_group": 4,
        "price": np.array([10.0, 20.0, 5.0])[:n],
    }
    return holdings(n, **told | changes)


def test_all_articles_of_a_group_fall_by_the_same_share(holdings):
    found = plan(slow_group(holdings), ["A", "A", "B"])
    assert (found.act == Act.MARK_DOWN).all()
    assert found.common.all()
    share = found.step_price / found.price[found.step_item]
    for week in range(1, ENDS + 1):
        assert np.ptp(share[found.step == week]) < 1e-12
    assert share.min() < 1
    assert (found.recovery > found.nothing).all()


def test_articles_with_unequal_discounts_of_now_fall_by_the_same_share_of_their_prices(holdings):
    listed = np.array([10.0, 25.0, 5.0])
    found = plan(slow_group(holdings), ["A", "A", "B"], listed=listed)
    share = found.step_price / found.price[found.step_item]
    # Prices are told in cents, and the lowest of now is 5.
    assert np.ptp(share[found.step == 1]) < 0.01 / 5


def test_a_price_that_has_to_stay_is_not_cut(holdings):
    found = plan(slow_group(holdings, price_group=-2), ["A", "A", "B"])
    assert (found.act != Act.MARK_DOWN).all()


def test_what_is_not_slow_is_named_only_where_its_group_is_marked_down(holdings):
    """The third article sells and is ordered again; it hardly counts beside the two slow ones."""
    demand = np.array([3.0, 3.0, 1.0])
    units = np.array([100.0, 100.0, 5.0])
    items = slow_group(holdings, demand=demand, units=units, weeks=np.array([8, 8, 13]))
    found = plan(items, ["A", "A", ""])
    assert found.act.tolist() == [Act.MARK_DOWN] * 3
    assert found.cancelled[2] == 0
    # 1 a week at the price of now, more at less: it sells more than its 5 on hand.
    assert found.step_units[found.step_item == 2].sum() > 13
    dear = plan(items, ["A", "A", ""], elasticity=0.2, sd=0.0)
    assert dear.series.tolist() == [0, 1]


def test_the_money_of_all_articles_decides_and_not_that_of_the_slow_ones(holdings):
    """A fast seller with a thin margin loses more than its slow companion gains."""
    told = {"weeks": np.array([8, 13]), "price": np.array([10.0, 10.0]), "unit_cost": 9.5}
    for fast, marked in ((0.5, True), (200.0, False)):
        items = slow_group(holdings, 2, demand=np.array([3.0, fast]), **told)
        found = plan(items, ["A", ""])
        assert (found.act[0] == Act.MARK_DOWN) == marked
    assert found.series.tolist() == [0]


def test_an_article_that_is_ordered_again_is_worth_its_margin(holdings):
    """Of 10 a week for 13 weeks at 10 with a cost of 6 and 40 on hand, 90 are bought."""
    items = slow_group(
        holdings, 2, demand=np.array([1.0, 10.0]), units=np.array([100.0, 40.0]),
        weeks=np.array([8, 13]), price=10.0,
    )  # fmt: skip
    found = plan(items, ["A", ""], elasticity=4.0, sd=0.0)
    assert found.act.tolist() == [Act.MARK_DOWN] * 2
    assert found.nothing[1] == pytest.approx(130 * 10 - 90 * 6)
    weeks = found.step_item == 1
    sold = found.step_units[weeks]
    money = (found.step_price[weeks] * sold).sum() - 6 * (sold.sum() - 40)
    assert found.recovery[1] == pytest.approx(money)
    assert found.step_recovery[weeks].sum() == pytest.approx(money)


def test_goods_that_the_supplier_takes_back_for_more_leave_their_group(holdings):
    back = np.array([0.0, 17.0, 0.0])
    found = plan(slow_group(holdings, return_value=back, return_weeks=2), ["A", "A", "B"])
    assert found.act.tolist() == [Act.MARK_DOWN, Act.RETURN, Act.MARK_DOWN]


def test_a_group_that_can_no_longer_be_sold_or_is_given_back_whole_has_no_common_price(holdings):
    over = plan(slow_group(holdings, weeks=0, demand=0.0), ["A", "A", ""])
    assert over.act.tolist() == [Act.LIQUIDATE] * 2
    back = plan(slow_group(holdings, return_value=50.0, return_weeks=1), ["A", "A", "B"])
    assert back.act.tolist() == [Act.RETURN] * 3


def test_a_group_fits_the_discount_budget_as_a_whole_or_is_not_marked_down(holdings):
    items, grade = slow_group(holdings), ["A", "A", "B"]
    given = plan(items, grade).discount.sum()
    assert (plan(items, grade, discount_budget=given * 1.01).act == Act.MARK_DOWN).all()
    assert (plan(items, grade, discount_budget=given * 0.99).act != Act.MARK_DOWN).all()


@pytest.mark.parametrize("seed", range(6))
def test_the_choice_is_the_best_of_all_in_which_groups_act_together(seed):
    rng = np.random.default_rng(seed)
    group = np.array([-1, 0, 0, 1, -1, 1])
    rows = [(i, kind) for i in range(6) for kind in range(3)]
    item, kind = np.array(rows).T
    # The last option of an article of a group is the common one.
    common = (kind == 2) & (group[item] >= 0)
    free = kind > 0
    free &= (group[item] < 0) | common
    options = Options(
        item, rng.uniform(0, 10, len(item)), np.where(free & (group[item] < 0), 0, -1),
        np.where(free & (group[item] < 0), rng.integers(1, 5, len(item)), 0).astype(float),
        np.where(free, rng.integers(0, 6, len(item)), 0).astype(float),
    )  # fmt: skip
    taken = choose_together(options, common, group, np.array([5.0]), 9.0)
    best = -np.inf
    for kinds in itertools.product(range(3), repeat=6):
        rows_of = np.arange(6) * 3 + np.array(kinds)
        joint = common[rows_of]
        alike = all(len(set(joint[group == g].tolist())) == 1 for g in (0, 1))
        fits = options.units[rows_of].sum() <= 5 and options.discount[rows_of].sum() <= 9
        if alike and fits:
            best = max(best, options.value[rows_of].sum())
    assert options.value[taken].sum() == pytest.approx(best, rel=1e-6)
    assert (item[taken] == np.arange(6)).all()
    for code in (0, 1):
        assert len(set(common[taken][group == code].tolist())) == 1
