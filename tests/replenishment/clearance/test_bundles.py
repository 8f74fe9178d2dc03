"""Slow goods at a lower price for those who buy a companion with them."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.clearance.bundles import Bundles
from replenishment.clearance.params import Channels, ClearanceParams
from replenishment.clearance.plan import plan_clearance
from stockwright.clearance import Act
from stockwright.price_response import PriceResponse

ENDS = 8


def plan(items, share=1.0, channel=None, elasticity=2.5, sd=0.3, **params):
    """The companion of every item is series 90; nothing else is relabeled for less than 0.5."""
    n = len(items)
    pairs = Bundles(
        np.full(n, 90), np.full(n, share), np.full(n, 0.2), np.full(n, 6.0), np.full(n, 4.0),
        -1 if channel is None else 0,
    )  # fmt: skip
    return plan_clearance(
        items,
        np.full(n, "B", object),
        np.full(n, 140.0),
        items.price,
        PriceResponse(np.full(n, elasticity), np.full(n, sd)),
        channel or Channels(),
        ClearanceParams(**({"relabel_cost": 0.5, "price_step": 0.0} | params)),
        bundles=pairs if share else None,
    )


def slow(holdings, n=1, **changes):
    """100 units of which 3 sell a week for 8 weeks."""
    return holdings(n, **{"demand": 3.0, "weeks": ENDS} | changes)


def outlet(reach=1.0, cost=0.0, capacity=np.inf):
    return Channels(("outlet",), np.array([capacity]), np.array([cost]), np.array([reach]), ("",))


def test_where_all_customers_buy_the_companion_a_bundle_is_a_markdown_without_relabeling(holdings):
    bundle, free = plan(slow(holdings)), plan(slow(holdings), share=0.0, relabel_cost=0.0)
    assert bundle.act[0] == Act.BUNDLE
    assert free.act[0] == Act.MARK_DOWN
    assert bundle.recovery[0] == pytest.approx(free.recovery[0])
    np.testing.assert_allclose(bundle.step_price, free.step_price)
    assert bundle.discount[0] == pytest.approx(free.discount[0])
    assert (bundle.partner[0], bundle.confidence[0], bundle.lift_low[0]) == (90, 0.2, 4.0)


def test_the_more_customers_buy_the_companion_the_more_a_bundle_brings(holdings):
    money = [
        plan(slow(holdings), share=share, relabel_cost=9.0).recovery[0]
        for share in (0.0, 0.2, 0.5, 1)
    ]
    assert (np.diff(money) > 0).all()


def test_a_bundle_for_a_few_brings_no_more_than_the_lower_price_for_all(holdings):
    found = plan(slow(holdings), share=0.5, relabel_cost=0.0)
    assert found.act[0] == Act.MARK_DOWN
    assert found.partner[0] == -1


def test_demand_that_does_not_answer_to_price_is_not_bundled(holdings):
    assert plan(slow(holdings), elasticity=0.0, sd=0.0).act[0] == Act.KEEP


def test_money_of_the_weeks_is_that_of_both_kinds_of_customers(holdings):
    """One certain elasticity and so much stock that all demand is served."""
    items = slow(holdings, units=2000.0, dispersion=1.0, level_variance=0.0, holding=0.0)
    found = plan(items, share=0.4, sd=0.0, elasticity=2.0, relabel_cost=9.0)
    assert found.act[0] == Act.BUNDLE
    ratio = found.step_price / 10.0
    inside = 3 * 0.4 * ratio**-2.0
    np.testing.assert_allclose(found.step_units, 3 * 0.6 + inside)
    np.testing.assert_allclose(found.step_recovery, 3 * 0.6 * 10 + inside * found.step_price)
    assert found.discount[0] == pytest.approx((inside * (10 - found.step_price)).sum())
    assert found.recovery[0] == pytest.approx(found.step_recovery.sum() + 0.6 * found.left[0])


def test_no_price_in_a_bundle_falls_below_its_floor(holdings):
    free = plan(slow(holdings, units=400.0))
    assert free.step_price.min() < 7.5
    held = plan(slow(holdings, units=400.0, floor=7.5))
    assert held.act[0] == Act.BUNDLE
    assert held.step_price.min() == pytest.approx(8.0)


def test_a_channel_that_sells_bundles_multiplies_their_demand_alone_for_its_cost(holdings):
    items = slow(holdings, units=2000.0, dispersion=1.0, level_variance=0.0, holding=0.0)
    found = plan(
        items, share=0.4, sd=0.0, elasticity=2.0, relabel_cost=9.0, channel=outlet(3.0, 0.25)
    )
    assert found.channel[0] == "outlet"
    ratio = found.step_price / 10.0
    inside = 3 * 0.4 * 3.0 * ratio**-2.0
    np.testing.assert_allclose(found.step_units, 3 * 0.6 + inside)
    money = 3 * 0.6 * 10 + inside * (found.step_price - 0.25)
    np.testing.assert_allclose(found.step_recovery, money)
    full = plan(items, share=0.4, relabel_cost=9.0, channel=outlet(3.0, 0.25, capacity=0.5))
    assert full.act[0] != Act.BUNDLE


def test_articles_of_a_price_group_are_not_bundled(holdings):
    found = plan(slow(holdings, 2, price_group=3, series=np.array([0, 1])), relabel_cost=0.0)
    assert (found.act != Act.BUNDLE).all()
