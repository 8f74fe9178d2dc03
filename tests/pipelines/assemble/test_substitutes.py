"""Which article customers take where another has run out."""

import numpy as np
import pytest

AS_OF = "2026-11-22"


@pytest.fixture
def backs(situate):
    """(from, to, location) to (share, cost); a earns 6 a unit, b 4, c 9; b is not kept at Y."""

    def run(substitute, share):
        stock = [{"sku": sku, "location": "X", "on_hand": 1} for sku in "abc"]
        stock += [{"sku": sku, "location": "Y", "on_hand": 1} for sku in "ac"]
        margins = {"a": 6, "b": 4, "c": 9}
        products = [
            {
                "sku": sku,
                "unit_cost": 10,
                "price": 10 + margin,
                "substitute": substitute.get(sku, ""),
                "substitute_share": share if sku in substitute else "",
            }
            for sku, margin in margins.items()
        ]
        sales = [{"date": "2026-11-20", "sku": "a", "location": "X", "units": 1}]
        night = situate(AS_OF, sales=sales, inventory=stock, products=products)
        found, index = night.network.fallbacks, night.panel.index
        sku, place = index.sku_names(), index.location_names()
        ends = zip(found.series.tolist(), found.other.tolist(), strict=True)
        names = [(str(sku[i]), str(sku[j]), str(place[i])) for i, j in ends]
        values = zip(found.share.tolist(), found.cost.tolist(), strict=True)
        return dict(zip(names, values, strict=True)), night.notes

    return run


def test_a_substitute_helps_where_both_are_kept_and_costs_what_it_earns_less(backs):
    found, _ = backs({"a": "b"}, 0.3)
    assert found == {("a", "b", "X"): (0.3, pytest.approx(2.0))}


def test_one_that_earns_more_costs_nothing_and_is_worth_no_more_than_the_sale(backs):
    found, _ = backs({"a": "c"}, 0.5)
    assert found == {("a", "c", "X"): (0.5, 0.0), ("a", "c", "Y"): (0.5, 0.0)}


def test_without_a_share_nothing_is_expected_and_that_is_said(backs):
    found, notes = backs({"a": "b", "c": "a"}, "")
    assert found == {}
    assert any("2 articles name a substitute without" in note for note in notes)


def test_without_the_columns_nobody_substitutes(situate):
    sales = [{"date": "2026-11-20", "sku": "a", "location": "X", "units": 1}]
    night = situate(AS_OF, sales=sales, products=[{"sku": "a", "price": 3}])
    assert len(night.network.fallbacks) == 0
    assert np.isinf(night.network.items.helped_shortage).all()
