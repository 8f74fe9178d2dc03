"""What the notes say of rows of kits that do not become rows of components."""

from __future__ import annotations

from datetime import date, timedelta

D = date(2024, 3, 1)
DAYS = 20


def day(back: int) -> str:
    return (D - timedelta(back)).isoformat()


def sales(*skus: str) -> list[dict]:
    return [
        {"date": day(back), "sku": sku, "location": "X", "units": 10}
        for sku in skus
        for back in range(DAYS)
    ]


def kits(**inner: str) -> list[dict]:
    return [
        {"kit": "box", "component": "a", "quantity": 1},
        {"kit": "box", "component": "set", "quantity": 1},
        {"kit": "set", "component": "b", "quantity": 3, **inner},
    ]


def test_rows_whose_inner_kit_has_run_out_of_contents_are_counted(situate, at) -> None:
    """The set ends 5 days before the night, so that 5 rows of the box give a but no b."""
    night = situate(D.isoformat(), sales=sales("a", "b", "box"), kits=kits(end=day(5)))
    assert night.panel.demand[at(night, "a")].tolist() == [20] * DAYS
    assert night.panel.demand[at(night, "b")].tolist() == [40] * (DAYS - 5) + [10] * 5
    (note,) = [note for note in night.notes if "a kit in them" in note]
    assert note.startswith("sales: 5 rows of kits")


def test_a_kit_two_levels_down_counts_once_a_row(situate) -> None:
    nested = [
        *kits(),
        {"kit": "crate", "component": "box", "quantity": 1},
        {"kit": "set", "component": "tin", "quantity": 1},
        {"kit": "tin", "component": "a", "quantity": 1, "start": day(3)},
    ]
    night = situate(D.isoformat(), sales=sales("a", "b", "crate"), kits=nested)
    (note,) = [note for note in night.notes if "a kit in them" in note]
    assert note.startswith(f"sales: {DAYS - 4} rows of kits")


def test_contents_that_always_hold_lack_nothing(situate) -> None:
    night = situate(D.isoformat(), sales=sales("a", "b", "box"), kits=kits())
    assert not [note for note in night.notes if "of kits" in note]


def test_rows_on_a_kit_that_do_not_reach_its_components_are_counted(situate) -> None:
    prices = [{"sku": sku, "location": "X", "start": day(9), "price": 5} for sku in ("a", "box")]
    night = situate(D.isoformat(), sales=sales("a", "b", "box"), kits=kits(), prices=prices)
    assert "prices: 1 row of kits; it does not reach the components" in night.notes
