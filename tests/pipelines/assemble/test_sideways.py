"""Who got or gave stock sideways of late; what a tier and a sending capacity become."""

import numpy as np
import pandas as pd
import pytest

TONIGHT = "2024-03-10"
PLACES = [
    {"location": "DC", "kind": "central"},
    {"location": "X", "kind": "regional", "tier": "core", "outbound_units_per_day": 4},
    {"location": "Y", "kind": "regional"},
]
SALES = [{"date": "2024-03-09", "sku": "a", "location": p, "units": 1} for p in ("X", "Y")]
STOCK = [{"sku": "a", "location": p, "on_hand": 9} for p in ("DC", "X", "Y")]


def night(situate, settings=None, earlier=None, **tables):
    tables = {"sales": SALES, "locations": PLACES, "inventory": STOCK, **tables}
    return situate(TONIGHT, settings, earlier, **tables)


def moved(situation):
    """Locations that got, and locations that gave."""
    names = situation.panel.index.location_names()
    stock = situation.stock
    return names[stock.moved_in].tolist(), names[stock.moved_out].tolist()


def row(source="X", destination="Y", **more):
    return {
        "order_id": "1", "sku": "a", "source": source, "destination": destination, "units": 2,
        "available_date": "2024-03-12", "kind": "transfer", "status": "shipped", **more,
    }  # fmt: skip


def test_a_transfer_under_way_between_two_regions_is_told_at_both_ends(situate):
    assert moved(night(situate, inbound=[row()])) == (["Y"], ["X"])


@pytest.mark.parametrize(
    "other",
    [
        {"status": "draft"},
        {"kind": "purchase", "source": "acme"},
        {"source": "DC"},
        {"available_date": "2024-03-03"},
    ],
)
def test_drafts_purchases_the_way_down_and_old_ones_are_not(situate, other):
    assert moved(night(situate, inbound=[row(**other)])) == ([], [])


@pytest.mark.parametrize(("status", "counts"), [("accepted", True), ("rejected", False)])
def test_approved_lines_of_earlier_nights_are_told_for_the_days_of_rest(situate, status, counts):
    line = {"line_id": "L1", "sku": "a", "destination": "Y", "source": "X", "units": 2.0}
    earlier = pd.DataFrame([{**line, "kind": "transfer", "available_date": "2024-03-05"}])
    said = [{"line_id": "L1", "status": status}]
    for days, remembered in ((7, counts), (4, False)):
        settings = {"transfers": {"rest_days": days}}
        situation = night(situate, settings, earlier, plan_status=said)
        assert moved(situation) == ((["Y"], ["X"]) if remembered else ([], []))


def test_a_tier_multiplies_the_price_of_a_unit_short(situate, at):
    plain = night(situate).network.items.shortage_cost
    dear = night(situate, {"tiers": {"core": {"shortage": 1.5}}})
    ratio = dear.network.items.shortage_cost / plain
    series = [at(dear, "a", place) for place in ("DC", "X", "Y")]
    np.testing.assert_allclose(ratio[series], [1.0, 1.5, 1.0])


@pytest.mark.parametrize(("settings", "days"), [({}, 1), ({"period": "week"}, 7)])
def test_what_a_location_can_send_is_per_period(situate, settings, days):
    capacity = night(situate, settings).network.locations.outbound_capacity
    assert capacity.tolist() == [np.inf, 4.0 * days, np.inf]
