"""Lateral transfers of a night: when stock moves sideways, how much, and never back and forth."""

from dataclasses import replace

import numpy as np
import pytest

from replenishment import PlanParams, plan_night

PARAMS = PlanParams(paths=128)
PLACES = ("east", "north", "west")


def shop_of(shop, mean, on_hand, freight=1.0, lead=10, lateral=1, places=3, **changes):
    """Regions with a supplier each (L = ``lead``) and a lane of ``lateral`` periods to each other.

    Lanes: the three of a series stand together, its supplier first.
    """
    index = shop.index(changes.pop("skus", 1), PLACES[:places])
    n = index.n_series
    series = np.repeat(np.arange(n), places)
    own = index.location[series]
    source = np.tile(np.arange(places), n)
    regular = source == own
    lanes = shop.lanes(
        n,
        series=series,
        kind=np.where(regular, 0, 1),
        source=np.where(regular, 0, source),
        lead_time=np.where(regular, lead, lateral),
        unit_cost=np.where(regular, 10.0, 0.0),
        unit_freight=np.where(regular, 0.0, freight),
        multiple=changes.pop("multiple", 1.0),
        moq=np.where(regular, 0.0, changes.pop("moq", 0.0)),
        max_units=np.where(regular, np.inf, changes.pop("most", np.inf)),
    )
    changes = {"holding_cost": 0.02, "shortage_cost": 8.0} | changes
    outbound = changes.pop("outbound", None)
    network = shop.network(index, lanes, **changes)
    if outbound is not None:
        rate = np.asarray(outbound, np.float64)
        network = replace(network, locations=replace(network.locations, outbound_capacity=rate))
    return shop.forecast(index, mean), network, shop.stock(n, on_hand, changes.pop("arrivals", ()))


def moves(plan, network):
    """(source, destination series, units) of the lateral lines."""
    lines = plan.transfers
    return [
        (int(network.lanes.source[lane]), int(series), float(units))
        for lane, series, units in zip(lines.lane, lines.series, lines.units, strict=True)
    ]


def test_surplus_goes_where_a_shortage_looms_before_an_order_can_arrive(shop):
    night = shop_of(shop, [2.0, 2.0, 2.0], [400, 3, 30])
    plan = plan_night(*night, PARAMS)
    found = moves(plan, night[1])
    assert [(source, to) for source, to, _ in found if to == 1] == [(0, 1)]
    assert set(plan.transfers.reason) == {"REBALANCE"}
    lines = plan.transfers
    np.testing.assert_allclose(lines.units, lines.need + lines.rounding_added - lines.limit_cut)
    np.testing.assert_allclose(lines.target, lines.available + lines.inbound + lines.need)
    np.testing.assert_allclose(lines.value, lines.units)
    to_north = lines.series == 1
    assert (lines.money_at_risk[to_north] > 0).all()
    # The demand until an order could arrive, less what lies there, has to come from elsewhere.
    assert lines.units[to_north].sum() >= 2 * 10 - 3


def test_nothing_moves_when_no_region_gains_from_it(shop):
    assert not len(plan_night(*shop_of(shop, 2.0, [40, 40, 40]), PARAMS).transfers.units)
    short = shop_of(shop, 2.0, [3, 3, 3])
    assert not len(plan_night(*short, PARAMS).transfers.units)


def test_freight_above_what_a_unit_saves_moves_nothing(shop):
    assert not len(plan_night(*shop_of(shop, 2.0, [400, 3, 30], 19.0), PARAMS).transfers.units)


def test_ordering_that_is_as_fast_is_preferred_to_moving_stock_that_is_needed(shop):
    """Each region can order for tomorrow: stock that is not ample stays where it is."""
    night = shop_of(shop, 2.0, [30, 0, 0], lead=0)
    assert not len(plan_night(*night, PARAMS).transfers.units)


def test_a_mover_orders_less_at_the_receiver(shop):
    night = shop_of(shop, 2.0, [400, 3, 30])
    none = plan_night(*night, replace(PARAMS, handling=1e6))
    plan = plan_night(*night, PARAMS)

    def ordered(one):
        return float(one.orders.units[one.orders.series == 1].sum())

    assert ordered(plan) < ordered(none)


@pytest.mark.parametrize("change", [{"handling": 3.0}, {"handling": 9.0}, {"least_gain": 1e5}])
def test_handling_and_a_least_gain_never_move_more(shop, change):
    night = shop_of(shop, [2.0, 3.0, 1.0], [200, 3, 5])
    free = plan_night(*night, PARAMS).transfers.units.sum()
    assert plan_night(*night, replace(PARAMS, **change)).transfers.units.sum() <= free
    assert free > 0


def test_dearer_freight_never_moves_more(shop):
    moved = [
        plan_night(*shop_of(shop, [2.0, 3.0, 1.0], [200, 3, 5], f), PARAMS).transfers.units.sum()
        for f in (0.0, 0.5, 2.0, 6.0, 12.0, 25.0)
    ]
    assert moved == sorted(moved, reverse=True)
    assert moved[0] > 0


def test_lots_smallest_and_largest_quantities_of_a_lane_are_kept(shop):
    packs = plan_night(*shop_of(shop, 2.0, [400, 3, 30], multiple=6.0), PARAMS).transfers.units
    assert len(packs)
    np.testing.assert_array_equal(packs % 6, 0)
    few = plan_night(*shop_of(shop, 2.0, [400, 3, 30], most=4.0), PARAMS).transfers.units
    assert len(few)
    assert (few <= 4).all()
    none = plan_night(*shop_of(shop, 2.0, [400, 3, 30], moq=390.0), PARAMS).transfers.units
    assert not len(none)


def test_what_a_location_can_send_and_receive_cuts_the_lines_and_is_said(shop):
    free = plan_night(*shop_of(shop, 2.0, [400, 3, 30]), PARAMS).transfers
    for change, code in (
        ({"outbound": [5.0, np.inf, np.inf]}, "OUTBOUND"),
        ({"inbound_capacity": [np.inf, 5.0, 5.0]}, "CAPACITY"),
    ):
        lines = plan_night(*shop_of(shop, 2.0, [400, 3, 30], **change), PARAMS).transfers
        assert 0 < lines.units.max() <= 5
        assert lines.units.sum() < free.units.sum()
        assert code in set(lines.binding)
        np.testing.assert_allclose(lines.units, lines.need - lines.limit_cut)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"outbound": [0.0, np.inf]}, "OUTBOUND"),
        ({"inbound_capacity": [np.inf, 0.0]}, "CAPACITY"),
        ({"outbound": [5.0, np.inf], "moq": 6.0}, "OUTBOUND"),
    ],
)
def test_a_line_that_a_limit_cuts_to_nothing_is_a_finding(shop, change, code):
    """It names the limit and the units and money of the line that there is without the limit."""
    free = plan_night(*shop_of(shop, 2.0, [400, 3], places=2, moq=change.get("moq", 0.0)), PARAMS)
    plan = plan_night(*shop_of(shop, 2.0, [400, 3], places=2, **change), PARAMS)
    assert len(free.transfers.units) == 1
    assert not len(plan.transfers.units)
    found = [one for one in plan.findings if one.code == "LIMIT_CUT" and one.series == 1][-1]
    told = {"units": free.transfers.units[0], "kept": 0.0, "limit": code, "way": "sideways"}
    assert found.message == told
    assert found.money == pytest.approx(free.transfers.money_at_risk[0])
    assert not [one for one in free.findings if one.code == "LIMIT_CUT"]


def test_a_receiver_of_late_gives_nothing_and_a_giver_receives_nothing(shop):
    forecast, network, stock = shop_of(shop, 2.0, [400, 3, 30])
    got = replace(stock, moved_in=np.array([True, False, False]))
    assert 0 not in {one[0] for one in moves(plan_night(forecast, network, got, PARAMS), network)}
    gave = replace(stock, moved_out=np.array([False, True, True]))
    assert not moves(plan_night(forecast, network, gave, PARAMS), network)


def test_the_plan_does_not_depend_on_how_many_skus_are_held_at_once(shop):
    rng = np.random.default_rng(4)
    on_hand = rng.choice([0, 2, 10, 150], 60)
    night = shop_of(shop, rng.gamma(2.0, 1.0, 60), on_hand, skus=20)
    whole = plan_night(*night, PARAMS)
    parts = plan_night(*night, replace(PARAMS, cells=2000))
    assert moves(whole, night[1]) == moves(parts, night[1])
    assert len(whole.transfers.units) > 5


@pytest.mark.slow
@pytest.mark.parametrize("freight", [0.0, 0.5])
def test_a_month_of_nights_never_moves_a_sku_back_within_a_week(shop, freight):
    """Demand that jumps between regions every few days, against cheap freight."""
    rng, nights, rest = np.random.default_rng(8), 30, 7
    forecast, network, stock = shop_of(
        shop, rng.gamma(3.0, 1.0, 18), rng.integers(0, 60, 18), freight, skus=6
    )
    on_hand, due = stock.on_hand.copy(), []
    last_in, last_out = np.full((2, 18), -99)
    log = []
    for night in range(nights):
        mean = rng.gamma(1.0, 3.0, 18) if night % 4 == 0 else mean  # noqa: F821
        arrivals = [(s, step - night, u) for s, step, u in due if step > night]
        state = replace(
            shop.stock(18, on_hand, arrivals),
            moved_in=night - last_in <= rest,
            moved_out=night - last_out <= rest,
        )
        few = replace(PARAMS, paths=64)
        plan = plan_night(shop.forecast(forecast.index, mean), network, state, few)
        for lines in (plan.orders, plan.transfers):
            lead = network.lanes.lead_time[lines.lane]
            due += zip(lines.series, night + 1 + lead, lines.units, strict=True)
        for source, to, units in moves(plan, network):
            giver = to - to % 3 + source
            log.append((night, giver, to))
            on_hand[giver] -= units
            last_out[giver], last_in[to] = night, night
        for s, step, units in due:
            on_hand[s] += units if step == night + 1 else 0
        on_hand = np.maximum(on_hand - rng.poisson(mean), 0.0)
    back = [
        (a, b) for a, b in ((x, y) for x in log for y in log)
        if 0 <= b[0] - a[0] <= rest and a[1] == b[2]
    ]  # fmt: skip
    assert len(log) > 10
    assert not back
