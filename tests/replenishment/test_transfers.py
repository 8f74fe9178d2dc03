"""Stock of a feeding location shared out among the keys it feeds."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from replenishment import PlanParams, plan_night
from stockwright.errors import InfeasiblePlanError
from stockwright.overrides import Overrides

PARAMS = PlanParams(paths=256)
ONE_REVIEW = replace(PARAMS, pooling=False)
PLACES = ("central", "east", "south", "west")


def chain(shop, mean, on_hand, arrivals=(), sells=(False, True, True, True), **changes):
    """One SKU: a supplier feeds central (L = 5), central feeds three regions (L = 2)."""
    index = shop.index(1, PLACES)
    lanes = shop.lanes(
        4, kind=[0, 1, 1, 1], lead_time=[5, 2, 2, 2], unit_cost=[10, 0, 0, 0],
        unit_freight=[0.0, 0.5, 0.5, 0.5], multiple=changes.pop("multiple", 1.0),
    )  # fmt: skip
    network = shop.network(index, lanes, kind=[0, 1, 1, 1], sells=list(sells), **changes)
    return shop.forecast(index, mean), network, shop.stock(4, on_hand, arrivals)


def moved(plan):
    out = np.zeros(4)
    out[plan.transfers.series] = plan.transfers.units
    return out[1:].tolist()


def test_ample_central_stock_gives_every_region_what_it_wants(shop):
    plan = plan_night(*chain(shop, [0.0, 3, 5, 2], [500, 2, 4, 0]), PARAMS)
    np.testing.assert_array_equal(plan.transfers.units, plan.transfers.need)
    assert len(plan.orders.units) == 0
    np.testing.assert_allclose(plan.transfers.value, 0.5 * plan.transfers.units)


@pytest.mark.parametrize("held", [1, 5, 9, 14])
def test_scarce_central_stock_goes_where_it_saves_most(shop, held):
    """Without a look beyond the review: least expected shortage and holding of all splits."""
    arguments = chain(shop, [0.0, 3, 6, 2], [held, 0, 3, 1], shortage_cost=[4.0, 9.0, 4.0, 2.0])
    plan = plan_night(*arguments, ONE_REVIEW)
    wanted = moved(plan_night(*chain(
        shop, [0.0, 3, 6, 2], [500, 0, 3, 1], shortage_cost=[4.0, 9.0, 4.0, 2.0]
    ), ONE_REVIEW))  # fmt: skip

    def saved(units):
        """Money of each region when frozen to ``units``, read off the plan's own lines."""
        said = replace(Overrides.none(4, 60), transfer_frozen=np.array([np.nan, *units]))
        full = replace(arguments[2], on_hand=np.array([500.0, 0, 3, 1]))
        lines = plan_night(arguments[0], arguments[1], full, ONE_REVIEW, said).transfers
        return lines.money_at_risk.sum()

    ranges = [range(int(w) + 1) for w in wanted]
    splits = [s for s in itertools.product(*ranges) if sum(s) == min(held, sum(wanted))]
    best = max(saved(split) for split in splits)
    assert sum(moved(plan)) == min(held, sum(wanted))
    assert saved(moved(plan)) >= 0.97 * best
    assert "CENTRAL_STOCK" in set(plan.transfers.binding) | {
        finding.message["limit"] for finding in plan.findings
    }


def test_central_orders_on_echelon_stock_against_all_it_feeds(shop):
    """What lies in the regions counts, and so does their demand over L + way down + R."""
    mean = [0.0, 3, 5, 2]
    plan = plan_night(*chain(shop, mean, [0, 0, 0, 0]), PARAMS)
    assert plan.policy.protection[0] == 5 + 2 + 1
    assert plan.policy.demand_mean[0] == pytest.approx(8 * 10)
    assert plan.orders.series.tolist() == [0]
    assert plan.orders.reason.tolist() == ["NETWORK_BELOW_TARGET"]
    rich = plan_night(*chain(shop, mean, [0, 40, 40, 40]), PARAMS)
    assert len(rich.orders.units) == 0


def test_a_central_line_tells_stock_on_hand_from_stock_on_order(shop):
    """On hand: 7 + 1 + 2 + 3 in the warehouses; on order: 4 to central, 5 to east."""
    arrivals = [(0, 2, 4.0), (1, 1, 5.0)]
    lines = plan_night(*chain(shop, [0.0, 3, 5, 2], [7, 1, 2, 3], arrivals), PARAMS).orders
    assert (lines.available.tolist(), lines.inbound.tolist()) == ([13.0], [9.0])


def test_expected_returns_are_projected_but_neither_on_order_nor_cover(shop):
    """One demand: 8 units come back in time to central and the regions, 40 far too late."""
    arrivals = [(0, 2, 4.0), (1, 1, 5.0), (0, 3, 3.0), (2, 2, 5.0), (3, 30, 40.0)]
    forecast, network, stock, *rest = chain(shop, [0.0, 3, 5, 2], [7, 1, 2, 3], arrivals)
    back = replace(stock, arrival_expected=np.arange(5) >= 2)
    kept = np.s_[:2]
    names = ("arrival_series", "arrival_step", "arrival_units")
    firm = replace(stock, **{name: getattr(stock, name)[kept] for name in names})
    plan, plain = (plan_night(forecast, network, one, *rest, PARAMS) for one in (back, firm))
    np.testing.assert_allclose(plan.policy.cover_before, plain.policy.cover_before)
    assert plan.policy.position[0] == plain.policy.position[0] + 8
    assert plan.orders.available.tolist() == [13.0]
    assert plan.orders.inbound.tolist() == [9.0]
    ordered = plan.transfers.series
    assert plan.transfers.inbound.tolist() == [[0, 5, 0, 0][row] for row in ordered]
    assert len(ordered)


@pytest.mark.parametrize(
    ("on_hand", "arrivals", "step"),
    [
        # 8 a period are asked for below; what lies in central can be there from step 3 on.
        ([0, 8, 8, 4], [], 3),
        ([20, 8, 8, 4], [], 5),
        ([20, 8, 8, 4], [(0, 2, 9.0)], 7),
        ([1000, 100, 100, 100], [], 0),
    ],
)
def test_central_runs_out_when_all_that_it_feeds_has_used_up_its_stock(
    shop, on_hand, arrivals, step
):
    """By hand: (20 + 20) / 8 = 5 periods, and 9 more units last into the seventh."""
    plan = plan_night(*chain(shop, [0.0, 3, 3, 2], on_hand, arrivals), PARAMS)
    assert plan.policy.stockout_step[0] == step


def test_stock_kept_for_own_customers_competes_with_the_regions(shop):
    mean = [6.0, 6, 0, 0]
    sells = (True, True, True, True)
    plan = plan_night(*chain(shop, mean, [6, 0, 0, 0], sells=sells), PARAMS)
    assert 0 < sum(moved(plan)) < 6
    alone = plan_night(*chain(shop, [0.0, 6, 0, 0], [6, 0, 0, 0], sells=sells), PARAMS)
    assert sum(moved(alone)) == 6


def test_no_more_is_moved_than_lies_there_and_only_whole_packs(shop):
    plan = plan_night(*chain(shop, [0.0, 3, 6, 2], 10.0, multiple=4.0), PARAMS)
    assert sum(moved(plan)) <= 10
    assert all(units % 4 == 0 for units in moved(plan))


def test_a_frozen_transfer_beyond_the_stock_is_infeasible(shop):
    said = replace(Overrides.none(4, 60), transfer_frozen=np.array([np.nan, 11, np.nan, np.nan]))
    with pytest.raises(
        InfeasiblePlanError, match=r"CENTRAL_STOCK of sku00000 at central with .*east 11\)"
    ):
        plan_night(*chain(shop, [0.0, 3, 6, 2], [10, 0, 0, 0]), PARAMS, said)


def test_a_region_without_capacity_receives_nothing(shop):
    arguments = chain(
        shop, [0.0, 3, 6, 2], [500, 0, 0, 0], inbound_capacity=[np.inf, 0.0, 4.0, np.inf]
    )
    plan = plan_night(*arguments, PARAMS)
    units = moved(plan)
    assert units[0] == 0
    assert units[1] == 4
    assert units[2] > 0
    assert plan.limits["CAPACITY.binding_groups"] == 2
    assert plan.limits["CAPACITY.shadow_price"] > 0


@pytest.mark.parametrize("held", [4, 5, 9, 11])
def test_equal_regions_get_equal_shares_of_scarce_stock(shop, held):
    """Within a lot, and one more for futures that are sampled for each region on its own."""
    east, south, _ = moved(plan_night(*chain(shop, [0.0, 5, 5, 0], [held, 0, 0, 0]), PARAMS))
    assert abs(east - south) <= 2
    assert east + south == held


def test_more_central_stock_never_gives_a_region_less_by_more_than_a_lot(shop):
    shares = np.array([
        moved(plan_night(*chain(shop, [0.0, 3, 6, 2], [held, 0, 0, 0]), PARAMS))
        for held in range(0, 60, 4)
    ])  # fmt: skip
    assert (np.diff(shares, axis=0) >= -1).all()
    assert shares[-1].sum() > shares[1].sum() > 0


@pytest.mark.parametrize("most", [0.0, 3.0, 7.0])
def test_no_more_leaves_a_location_than_it_can_send(shop, most):
    forecast, network, stock = chain(shop, [0.0, 3, 6, 2], [500, 0, 0, 0])
    rate = np.array([most, np.inf, np.inf, np.inf])
    narrow = replace(network, locations=replace(network.locations, outbound_capacity=rate))
    plan = plan_night(forecast, narrow, stock, PARAMS)
    assert sum(moved(plan)) == most
    codes = set(plan.transfers.binding) | {one.message["limit"] for one in plan.findings}
    assert "OUTBOUND" in codes
    lines = plan.transfers
    np.testing.assert_allclose(lines.units, lines.need + lines.rounding_added - lines.limit_cut)
