"""Properties of whole plans: an unchanged situation, and units of another size."""

import json

import numpy as np
import pytest


@pytest.fixture
def flat(shop):
    """Every key sells the same in each week; stock, orders and prices do not change."""
    header, *rows = shop.text("sales").splitlines()
    cells = [row.split(",") for row in rows]
    for row in cells:
        row[3] = str(8 + len(row[1]))
    shop.write("sales.csv", "\n".join([header, *(",".join(row) for row in cells)]) + "\n")
    # One more week, so that the next night finds the same.
    last = [row for row in cells if row[0] == "2026-11-22"]
    return shop.append("sales", *(",".join(["2026-11-29", *row[1:]]) for row in last))


def test_an_unchanged_situation_moves_no_line_by_a_pack(flat):
    packs = "\n".join(f"{row},{4}" for row in flat.text("lanes").splitlines()[1:])
    flat.write("lanes.csv", flat.text("lanes").splitlines()[0] + ",order_multiple\n" + packs + "\n")
    first, second = flat.night("2026-11-22"), flat.night("2026-11-29")
    assert (first.code, second.code) == (0, 0)
    for table in ("orders", "transfers"):
        before, after = first.units(table), second.units(table)
        assert before
        for key in set(before) | set(after):
            assert abs(before.get(key, 0) - after.get(key, 0)) <= 4, (table, key)


def test_a_flat_shop_is_told_what_it_sells(flat):
    policy = flat.night().table("policy")
    east = policy[policy["location"] == "East"]
    weeks = east["protection_days"].astype(float) / 7
    expected = weeks.to_numpy() * np.array([8 + len(sku) for sku in east["sku"]])
    assert east["demand_mean"].astype(float).to_numpy() == pytest.approx(expected, rel=0.03)


def test_more_stock_never_orders_more_and_less_never_less(shop):
    plan = shop.night()
    base = plan.units()
    for stock, holds in (("60", lambda a, b: a <= b), ("0", lambda a, b: a >= b)):
        shop.write("inventory.csv", shop.text("inventory"))
        text = shop.text("inventory")
        shop.change("inventory", "mug,Central,30", f"mug,Central,{stock}")
        after = shop.night("2026-11-22", "--force").units()
        assert holds(after.get(("mug", "Central"), 0), base["mug", "Central"])
        others = {key: n for key, n in base.items() if key[0] != "mug"}
        assert {key: n for key, n in after.items() if key[0] != "mug"} == others
        shop.write("inventory.csv", text)


def test_a_longer_lead_time_never_lowers_the_target(shop):
    def targets(night):
        policy = night.table("policy")
        return policy[policy["location"] == "Central"]["order_up_to"].astype(float).to_numpy()

    short = targets(shop.night())
    shop.write("lanes.csv", shop.text("lanes").replace(",14\n", ",28\n"))
    assert (targets(shop.night("2026-11-22", "--force")) >= short).all()


def test_ten_times_the_units_in_packs_of_ten_are_ten_times_the_order(shop):
    """Sales, stock and packs times ten, money per unit divided by it: a box for each unit.

    A forecast of its own is made for each, so that the property holds up to what counting in tens
    changes in the spread.
    """
    base = shop.night()

    def times(table, column, factor):
        header, *rows = shop.text(table).splitlines()
        cells = [row.split(",") for row in rows]
        for row in cells:
            row[column] = f"{float(row[column]) * factor:g}"
        shop.write(f"{table}.csv", "\n".join([header, *(",".join(r) for r in cells)]) + "\n")

    times("sales", 3, 10)
    times("sales", 4, 0.1)
    times("inventory", 2, 10)
    times("products", 3, 0.1)
    times("products", 4, 0.1)
    rows = shop.text("products").splitlines()
    shop.write("products.csv", "\n".join([rows[0] + ",order_unit", *(r + ",10" for r in rows[1:])]))
    large = shop.night("2026-11-22", "--force")
    small, great = base.units(), large.units()
    assert set(small) == set(great)
    for key, units in small.items():
        assert great[key] % 10 == 0
        assert great[key] / 10 == pytest.approx(units, rel=0.15, abs=1)
    values = [float(night.summary["kpis"]["stock_value"]["value"]) for night in (base, large)]
    assert values[0] == pytest.approx(values[1])


def test_all_files_of_a_night_agree_with_one_another(shop):
    night = shop.night()
    orders, transfers = night.table("orders"), night.table("transfers")
    kpis, policy = night.summary["kpis"], night.table("policy").set_index(["sku", "location"])
    assert kpis["order_lines"]["value"] == len(orders)
    assert kpis["order_value"]["value"] == pytest.approx(orders["value"].astype(float).sum())
    assert kpis["transfer_units"]["value"] == transfers["units"].astype(float).sum()
    for row in orders.to_dict("records"):
        key = policy.loc[(row["sku"], row["destination"])]
        assert float(row["demand_mean"]) == pytest.approx(float(key["demand_mean"]), abs=0.01)
        assert float(row["demand_bought"]) == pytest.approx(float(key["order_up_to"]), abs=0.01)
        assert float(row["value"]) == pytest.approx(float(row["units"]) * float(row["unit_cost"]))
        units = (
            float(row["need"])
            + float(row["yield_added"])
            + float(row["rounding_added"])
            - float(row["limit_cut"])
        )
        assert float(row["units"]) == pytest.approx(units, abs=0.01)
    out = transfers.astype({"units": float}).groupby("sku")["units"].sum()
    assert (out <= 30).all()
    manifest = json.loads((night.folder / "manifest.json").read_text())
    rows = {one["name"]: one["rows"] for one in manifest["outputs"]}
    assert rows["orders.csv"] == len(orders)
    assert rows["policy.csv"] == len(policy)
