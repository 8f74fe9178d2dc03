"""Nights of a shop whose customers send goods back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

SUNDAY = np.datetime64("2026-11-22")
WEEKS, RATE, LAG = 40, 0.3, 1
SKUS = ("coat", "mug")


@pytest.fixture
def returning(bare):
    """Two SKUs; of "coat" three of ten units are back the week after they were sold."""
    units = np.random.default_rng(8).poisson(60, (WEEKS, 2))
    rows = []
    for week in range(WEEKS):
        day = SUNDAY - 7 * (WEEKS - 1 - week)
        rows += [f"{day},{sku},East,{units[week, i]},9,sale" for i, sku in enumerate(SKUS)]
        if week >= LAG:
            rows.append(f"{day},coat,East,{round(RATE * units[week - LAG, 0])},9,return")
    bare.write("sales.csv", "date,sku,location,units,price,order_type\n" + "\n".join(rows) + "\n")
    bare.write("inventory.csv", "sku,location,on_hand\ncoat,East,190\nmug,East,190\n")
    bare.write("lanes.csv", "source,destination,lead_time_days\nAcme,East,21\n")
    bare.write("products.csv", "sku,category,unit_cost,price\ncoat,wear,5,9\nmug,home,5,9\n")
    return bare


def test_what_customers_send_back_is_bought_less_and_stays_apart_from_orders(returning) -> None:
    night = returning.night()
    assert night.code == 0, night.said
    counted = night.units()
    frame = pd.read_parquet(night.folder / "forecasts.parquet")
    back = frame.pivot_table(index="date", columns="sku", values="returns_expected")
    # The first week's returns are of sales that are known: the last week's.
    last = pd.read_csv(returning.data / "sales.csv").query("sku == 'coat' and order_type == 'sale'")
    assert back["coat"].iloc[0] == pytest.approx(0.9 * RATE * last["units"].iloc[-1], rel=0.1)
    assert back["coat"].iloc[1:].mean() == pytest.approx(0.9 * RATE * 60, rel=0.2)
    assert (back["mug"] < 0.05 * back["coat"]).all()
    policy = night.table("policy").set_index("sku")
    orders = night.table("orders").set_index("sku")
    assert (policy["inbound_units"].astype(float) == 0).all()
    assert float(orders.loc["coat", "inbound_units"]) == 0
    assert "and 0 on order" in orders.loc["coat", "explanation"]
    rate = float(policy.loc["coat", "demand_mean"]) / 28
    assert float(policy.loc["coat", "cover_days"]) == pytest.approx(190 / rate, abs=0.1)
    returning.configure(returns__use="false")
    alone = returning.night(str(SUNDAY), "--force").units()
    assert counted["coat", "East"] < alone["coat", "East"] - 5
    assert abs(counted["mug", "East"] - alone["mug", "East"]) <= 2


def test_the_less_a_plan_relies_on_returns_the_more_it_buys(returning) -> None:
    bought = []
    for confidence in ("1.0", "0.5", "0.0"):
        returning.configure(returns__confidence=confidence)
        bought.append(returning.night(str(SUNDAY), "--force").units()["coat", "East"])
    assert bought == sorted(set(bought))


def test_returns_never_count_as_negative_demand(returning) -> None:
    """The same forecast as that of a shop whose returns were never written down."""
    means = []
    for _ in range(2):
        night = returning.night(str(SUNDAY), "--force")
        means.append(pd.read_parquet(night.folder / "forecasts.parquet")["mean"].to_numpy())
        text = [row for row in returning.text("sales").splitlines() if not row.endswith("return")]
        returning.write("sales.csv", "\n".join(text) + "\n")
    np.testing.assert_array_equal(*means)
