"""Nights on a customer's own forecast."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

SUNDAY = "2026-11-22"
WEEKS_AHEAD = 10


def mondays() -> list[str]:
    first = np.datetime64(SUNDAY) + 1
    return [str(first + 7 * week) for week in range(WEEKS_AHEAD)]


def foresight(units: dict[str, float], places: tuple[str, ...]) -> str:
    """Weekly rows whose quantiles all are the mean."""
    rows = [
        f"{sku},{place},{day},{mean},{mean},{mean}\n"
        for sku, mean in units.items()
        for place in places
        for day in mondays()
    ]
    return "sku,location,date,mean,q50,q99\n" + "".join(rows)


@pytest.fixture
def direct(bare):
    """Two SKUs, bought straight from a supplier in two weeks and reviewed every week."""
    sales = "date,sku,location,units,price\n" + "".join(
        f"{np.datetime64(SUNDAY) - 7 * back},{sku},East,{10 + back % 3},9\n"
        for back in range(30)
        for sku in ("fan", "mug")
    )
    bare.write("sales.csv", sales)
    bare.write("inventory.csv", "sku,location,on_hand\nfan,East,20\nmug,East,500\n")
    bare.write("lanes.csv", "source,destination,lead_time_days\nAcme,East,14\n")
    bare.write("products.csv", "sku,unit_cost,price\nfan,5,9\nmug,5,9\n")
    return bare


def test_perfect_foresight_buys_just_the_demand_until_the_next_arrival(direct) -> None:
    """Lead time 2 weeks, review 1: the 20 on hand are sold before the order comes, and what they
    leave unserved is lost, so that the order is for the third week's 37 alone."""
    direct.write("forecasts.csv", foresight({"fan": 37, "mug": 37}, ("East",)))
    night = direct.night()
    assert night.code == 0, night.said
    assert night.units() == {("fan", "East"): 37.0}
    frame = pd.read_parquet(night.folder / "forecasts.parquet")
    assert set(frame["model"].astype(str)) == {"given"}
    for name in ("mean", "q50", "q99"):
        assert (frame[name] == 37).all()


def test_without_the_table_or_with_it_left_aside_the_plan_is_ours(direct) -> None:
    ours = direct.night().units()
    direct.write("forecasts.csv", foresight({"fan": 370, "mug": 370}, ("East",)))
    direct.configure(forecasts__use='"ignore"')
    assert direct.night(SUNDAY, "--force").units() == ours


def test_more_demand_given_buys_more(direct) -> None:
    bought = []
    for mean in (20, 60, 200):
        direct.write("forecasts.csv", foresight({"fan": mean, "mug": mean}, ("East",)))
        bought.append(sum(direct.night(SUNDAY, "--force").units().values()))
    assert bought == sorted(set(bought))


def test_bad_rows_of_the_table_are_set_aside_and_named(direct) -> None:
    table = foresight({"fan": 37}, ("East",)) + f"fan,East,{mondays()[0]},-4,1,2\n"
    table += f"fan,East,{mondays()[1]},4,3,2\nfan,Nowhere,{mondays()[1]},4,3,5\n"
    direct.write("locations.csv", "location,kind\nEast,regional\n")
    direct.write("forecasts.csv", table).configure(gates__bad_row_share="0.5")
    night = direct.night()
    assert night.code == 0, night.said
    assert [(row[2], row[4]) for row in night.rejected] == [
        ("mean", "less than 0"),
        ("q99", "below a lower quantile"),
        ("location", "unknown location; locations lacks it"),
    ]
