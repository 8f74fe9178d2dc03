"""Which lines of the sales are baskets."""

from __future__ import annotations

from tests.pipelines.assemble.one_key import TONIGHT, on


def _line(sku, order, **fields):
    return {"date": on(-3), "sku": sku, "location": "X", "units": 2, "order_id": order, **fields}


def test_lines_of_one_order_share_a_number_and_what_is_no_demand_is_left_out(situate) -> None:
    night = situate(
        TONIGHT,
        {"clearance": {"bundles": {"days": 28}}},
        sales=[
            _line("a", "P-1"), _line("b", "P-1", location="Y"), _line("a", "P-2"),
            _line("c", ""), _line("b", "P-2", order_type="gift"), _line("b", "P-2", units=-1),
            _line("b", "P-2", date=on(-28)), _line("c", "P-3", date=on(-27)),
        ],
    )  # fmt: skip
    orders = night.orders
    names = [night.panel.index.skus[code] for code in orders.sku]
    assert names == ["a", "b", "a", "c"]
    assert orders.order[0] == orders.order[1]
    assert len(set(orders.order.tolist())) == 3
    assert orders.units.tolist() == [2, 2, 2, 2]


def test_without_order_numbers_there_are_no_baskets(situate) -> None:
    sales = [{**_line("a", ""), "order_id": None}]
    assert situate(TONIGHT, sales=sales).orders is None
    settings = {"clearance": {"bundles": {"use": False}}}
    assert situate(TONIGHT, settings, sales=[_line("a", "P-1")]).orders is None
