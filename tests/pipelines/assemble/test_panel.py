"""The panel against a reckoning that walks every row and every cell."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from stockwright.panel import Status

FIRST = date(2024, 1, 1)  # a Monday
SKUS, PLACES = ("a", "b", "c", "00d"), ("X", "Y")


def day(offset: int) -> str:
    return (FIRST + timedelta(days=offset)).isoformat()


def dense_location(days: int, location: str = "X", sku: str = "zz") -> list[dict]:
    """A sale on every day, so that no day of the location is missing."""
    return [{"date": day(i), "sku": sku, "location": location, "units": 1} for i in range(days)]


def random_tables(seed: int, days: int) -> dict:
    rng = np.random.default_rng(seed)
    types = ("sale", "sale", "sale", "return", "gift", "sample", "test", "exchange", "refund")
    sales = [
        {
            "date": day(int(rng.integers(days))),
            "sku": SKUS[rng.integers(len(SKUS))],
            "location": PLACES[rng.integers(2)],
            "units": int(rng.integers(-2, 6)),
            "order_type": types[rng.integers(len(types))],
        }
        for _ in range(120)
    ]
    stated = {
        (day(int(rng.integers(days))), SKUS[rng.integers(4)], PLACES[rng.integers(2)]): (
            float(rng.choice([0.0, 0.25, 0.5, 1.0])),
            "yes" if rng.random() < 0.8 else "no",
        )
        for _ in range(80)
    }
    availability = [
        {"date": d, "sku": s, "location": p, "in_stock": share, "listed": listed}
        for (d, s, p), (share, listed) in stated.items()
    ]
    products = [
        {"sku": s, "launch_date": day(3) if s == "b" else "", "end_date": day(days - 9)}
        for s in SKUS[:2]
    ]
    inventory = [{"sku": s, "location": p, "on_hand": 0} for s in SKUS for p in PLACES]
    return {
        "sales": sales,
        "availability": availability,
        "products": products,
        "inventory": inventory,
    }


def offset_of(text: str) -> int:
    return (date.fromisoformat(text) - FIRST).days


def naive_past(tables: dict, sku: str, place: str, width: int):
    """Units, time lost and days off by period, periods told of, and days seen on sale."""
    units, lost, gone = defaultdict(float), defaultdict(float), defaultdict(int)
    told, seen = set(), []
    for row in tables["sales"]:
        period = offset_of(row["date"]) // width
        if row["location"] == place:
            told.add(period)
            if (row["sku"], row["order_type"]) == (sku, "sale") and row["units"] > 0:
                units[period] += row["units"]
                seen.append(offset_of(row["date"]))
    for row in tables["availability"]:
        period = offset_of(row["date"]) // width
        if row["location"] == place:
            told.add(period)
            if row["sku"] == sku:
                off = row["listed"] == "no"
                lost[period] += 1 if off else 1 - row["in_stock"]
                gone[period] += off
                if row["in_stock"] > 0 and not off:
                    seen.append(offset_of(row["date"]))
    return units, lost, gone, told, seen


def naive_cells(tables: dict, sku: str, place: str, days: int, width: int):
    """(units, in_stock, status) of one key, cell by cell, by the rules in words."""
    units, lost, gone, told, seen = naive_past(tables, sku, place, width)
    master = {row["sku"]: row for row in tables["products"]}.get(sku, {})
    if master.get("launch_date"):
        seen.append(offset_of(master["launch_date"]))
    launch = min(seen) // width if seen else 10**9
    end = offset_of(master["end_date"]) // width if master else 10**9
    cells = []
    for period in range(days // width):
        share = min(max(1 - lost[period] / width, 0), 1)
        status = Status.CENSORED if share < 1 else Status.OBSERVED
        if not units[period]:
            if period not in told:
                status = Status.MISSING
            if period < launch or period > end or gone[period] >= width:
                status = Status.NOT_LISTED
        cells.append((units[period], share, status))
    return cells


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("width", [1, 7])
def test_every_cell_is_what_a_walk_over_the_rows_gives(situate, seed, width):
    days = 42
    tables = random_tables(seed, days)
    # Pin the first day, so that the window starts there.
    tables["sales"].append(
        {"date": day(0), "sku": "a", "location": "X", "units": 2, "order_type": "sale"}
    )
    period = {1: "day", 7: "week"}[width]
    panel = situate(day(days - 1), {"period": period}, **tables).panel
    assert panel.n_periods == days // width
    names = zip(panel.index.sku_names(), panel.index.location_names(), strict=True)
    for series, (sku, place) in enumerate(names):
        expected = naive_cells(tables, sku, place, days, width)
        got = zip(panel.demand[series], panel.in_stock[series], panel.status[series], strict=True)
        for period_index, (want, have) in enumerate(zip(expected, got, strict=True)):
            assert have == pytest.approx(want), (sku, place, period_index)


def test_demand_adds_up_to_the_sale_lines(situate):
    tables = random_tables(9, 60)
    lines = [r for r in tables["sales"] if r["order_type"] == "sale" and r["units"] > 0]
    panel = situate(day(59), **tables).panel
    assert panel.demand.sum() == sum(row["units"] for row in lines)


def test_leading_zeros_make_another_sku(situate):
    sales = [
        {"date": day(0), "sku": "00123", "location": "X", "units": 1},
        {"date": day(0), "sku": "123", "location": "X", "units": 5},
    ]
    panel = situate(day(0), sales=sales, inventory=[{**sales[0], "on_hand": 1}]).panel
    assert list(panel.index.skus) == ["00123", "123"]
    assert panel.demand[:, 0].tolist() == [1, 5]


def test_a_day_without_any_row_of_the_location_is_missing(situate, at):
    sales = [row for row in dense_location(20) if row["date"] != day(7)]
    sales += [{"date": day(d), "sku": "a", "location": "X", "units": 3} for d in (2, 15)]
    panel = situate(day(19), sales=sales).panel
    status = panel.status[at_(panel, "a")]
    assert status[7] == Status.MISSING
    assert set(status[[*range(2, 7), *range(8, 20)]]) == {Status.OBSERVED}


def at_(panel, sku):
    return int(np.flatnonzero(panel.index.sku_names() == sku)[0])


def test_a_location_that_hardly_sells_has_zeros_and_no_gaps(situate):
    sales = [{"date": day(d), "sku": "a", "location": "X", "units": 1} for d in (0, 40, 90)]
    situation = situate(day(99), sales=sales)
    assert set(situation.panel.status[0]) == {Status.OBSERVED}
    assert any("fewer than half" in note for note in situation.notes)


def test_a_gap_of_a_year_is_a_year_of_zero_demand(situate):
    sales = dense_location(800)
    sales += [{"date": day(d), "sku": "a", "location": "X", "units": 2} for d in (10, 400)]
    panel = situate(day(799), sales=sales).panel
    a = at_(panel, "a")
    assert (panel.status[a, :10] == Status.NOT_LISTED).all()
    assert (panel.status[a, 10:] == Status.OBSERVED).all()
    assert panel.launch[a] == 10


@pytest.mark.parametrize("ago", [0, 1])
def test_a_single_sale_yesterday_or_today_starts_the_series_there(situate, ago):
    sales = [*dense_location(30), {"date": day(29 - ago), "sku": "a", "location": "X", "units": 1}]
    situation = situate(day(29), sales=sales)
    a = at_(situation.panel, "a")
    listed = situation.panel.status[a] != Status.NOT_LISTED
    assert listed.sum() == ago + 1
    assert situation.catalog.life_stage[a] == "new"


def test_unsold_stock_is_seen_not_to_sell_and_no_stock_tells_nothing(situate, at):
    inventory = [
        {"sku": "kept", "location": "X", "on_hand": 5},
        {"sku": "none", "location": "X", "on_hand": 0},
    ]
    situation = situate(day(29), sales=dense_location(30), inventory=inventory)
    status = situation.panel.status
    assert (status[at(situation, "kept")] == Status.OBSERVED).all()
    assert (status[at(situation, "none")] == Status.NOT_LISTED).all()
    stages = situation.catalog.life_stage
    assert stages[at(situation, "kept")] == "stocked"
    assert stages[at(situation, "none")] == "upcoming"
    assert situation.panel.launch[at(situation, "none")] > 1e6


def test_a_receipt_starts_the_series(situate, at):
    inventory = [{"sku": "kept", "location": "X", "on_hand": 5, "received_date": day(12)}]
    situation = situate(day(29), sales=dense_location(30), inventory=inventory)
    kept = at(situation, "kept")
    assert situation.panel.launch[kept] == 12
    assert situation.stock.age_days[kept] == 17


def test_stock_at_a_place_that_never_sells_has_no_demand_of_its_own(situate, at):
    inventory = [{"sku": "zz", "location": p, "on_hand": 9} for p in ("DC", "X")]
    situation = situate(day(29), sales=dense_location(30), inventory=inventory)
    dc = at(situation, "zz", "DC")
    assert (situation.panel.status[dc] == Status.NOT_LISTED).all()
    assert situation.panel.launch[dc] == situation.panel.n_periods
    assert situation.catalog.life_stage[dc] == situation.catalog.life_stage[at(situation, "zz")]


def test_the_closing_stock_stands_in_for_availability(situate, at):
    sales = [*dense_location(10), {"date": day(4), "sku": "a", "location": "X", "units": 3}]
    history = [
        {"date": day(d), "sku": "a", "location": "X", "on_hand": h}
        for d, h in ((2, 3), (3, 3), (4, 0), (5, 0), (6, 4))
    ]
    by_table = situate(day(9), sales=sales, stock_history=history)
    a = at(by_table, "a")
    assert by_table.panel.in_stock[a, 2:].tolist() == [1, 1, 0.5, 0, 1, 1, 1, 1]
    assert by_table.panel.launch[a] == 2
    snapshots = pd.DataFrame(history).assign(date=lambda f: pd.to_datetime(f["date"]))
    by_night = situate(day(9), sales=sales, snapshots=snapshots)
    assert (by_night.panel.in_stock == by_table.panel.in_stock).all()


def test_a_weekly_flag_speaks_for_its_week_and_a_daily_one_for_its_day(situate, at):
    sales = dense_location(28, sku="a")
    flags = [
        {"date": day(7 * w), "sku": "a", "location": "X", "in_stock": int(w != 2)} for w in range(4)
    ]
    weekly = situate(day(27), {"period": "week"}, sales=sales, availability=flags)
    assert weekly.panel.in_stock[at(weekly, "a")].tolist() == [1, 1, 0, 1]
    flags.append({"date": day(3), "sku": "a", "location": "X", "in_stock": 1})
    daily = situate(day(27), {"period": "week"}, sales=sales, availability=flags)
    assert daily.panel.in_stock[at(daily, "a")] == pytest.approx([1, 1, 6 / 7, 1])


def test_the_history_kept_is_bounded(situate):
    panel = situate(day(99), {"model": {"history_days": 30}}, sales=dense_location(100)).panel
    assert panel.n_periods == 30
    assert str(panel.calendar.start) == day(70)


def test_no_demand_at_all_gives_a_panel_of_the_last_period(situate):
    sales = [{"date": day(5), "sku": "a", "location": "X", "units": 1, "order_type": "sample"}]
    panel = situate(day(10), sales=sales).panel
    assert panel.demand.shape == (1, 1)
    assert panel.demand.sum() == 0


def test_a_selling_profile_weighs_the_hours_in_stock(situate, at):
    """Sold out at half time, when 9 of 10 units have come; at a quarter, when 6 have."""
    sales = dense_location(8, sku="a")
    flags = [
        {"date": day(d), "sku": "a", "location": "X", "in_stock": share}
        for d, share in ((2, 0.5), (4, 0.25), (5, 0.0))
    ]
    even = situate(day(7), sales=sales, availability=flags)
    assert even.panel.in_stock[at(even, "a")].tolist() == [1, 1, 0.5, 1, 0.25, 0, 1, 1]
    config = {"calendar": {"selling_profile": [6, 3, 1, 0]}}
    told = situate(day(7), config, sales=sales, availability=flags)
    assert told.panel.in_stock[at(told, "a")] == pytest.approx([1, 1, 0.9, 1, 0.6, 0, 1, 1])
    assert (told.panel.status == even.panel.status).all()
