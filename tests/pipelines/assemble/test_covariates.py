"""Events and prices against a loop over every key and day."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

FIRST = date(2024, 1, 1)
DAYS, HORIZON = 28, 28
CATEGORY = {"a": "home/kitchen/mugs", "b": "home/kitchenware", "c": "toys"}
LIST = {"a": 10.0, "b": 20.0, "c": 40.0}
KEYS = [(s, p) for s in "abc" for p in ("X", "Y")]


def day(offset):
    return (FIRST + timedelta(days=int(offset))).isoformat()


SALES = [
    {"date": day(d), "sku": s, "location": p, "units": 1} for d in range(DAYS) for s, p in KEYS
]
PRODUCTS = [{"sku": s, "category": CATEGORY[s], "price": LIST[s], "unit_cost": 1} for s in "abc"]


def covers(event, sku, place):
    path = CATEGORY[sku] + "/"
    return (
        event["sku"] in ("", sku)
        and event["location"] in ("", place)
        and (not event["category"] or path.startswith(event["category"] + "/"))
    )


def random_events(rng, n=14):
    events = []
    for number in range(n):
        start = rng.integers(-3, DAYS + HORIZON)
        events.append(
            {
                "event": f"event{rng.integers(4)}",
                "phase": ["", "burst", "encore"][rng.integers(3)],
                "start": day(start),
                "end": day(start + rng.integers(0, 9)),
                # Distinct discounts, so that no tie decides.
                "discount_off": round(0.01 + 0.03 * number, 2),
                "sku": ["", "", "a"][rng.integers(3)],
                "category": ["", "", "home/kitchen", "toys", "home"][rng.integers(5)],
                "location": ["", "", "Y"][rng.integers(3)],
            }
        )
    return [events[i] for i in rng.permutation(n)]


def naive_day(events, sku, place, when):
    """(event, phase, discount) of a day: a scoped event shows before a general one, the larger
    discount among equals, and the largest discount counts.
    """
    here = [e for e in events if covers(e, sku, place) and e["start"] <= when <= e["end"]]
    if not here:
        return "", "", 0.0
    scoped = [e for e in here if e["sku"] or e["category"] or e["location"]]
    shown = max(scoped or here, key=lambda e: e["discount_off"])
    return shown["event"], shown["phase"], max(e["discount_off"] for e in here)


@pytest.mark.parametrize("seed", range(4))
def test_events_reach_the_keys_of_their_scope(situate, seed):
    events = random_events(np.random.default_rng(seed))
    situation = situate(day(DAYS - 1), sales=SALES, products=PRODUCTS, events=events)
    known = situation.panel.covariates
    names, phases = ("", *known.event_names), ("", *known.phase_names)
    for series, (sku, place) in enumerate(KEYS):
        for offset in range(DAYS + HORIZON):
            event, phase, off = naive_day(events, sku, place, day(offset))
            row = series if len(known.event) > 1 else 0
            assert names[known.event[row, offset]] == event
            assert phases[known.phase[row, offset]] == phase
            assert known.discount[row, offset] == pytest.approx(off)
            assert known.price[series, offset] == pytest.approx(LIST[sku] * (1 - off), rel=1e-6)


def test_events_for_all_share_one_row(situate):
    events = [{"event": "618", "start": day(30), "end": day(32), "discount_off": 0.2}]
    known = situate(day(DAYS - 1), sales=SALES, products=PRODUCTS, events=events).panel.covariates
    assert known.event.shape == (1, DAYS + HORIZON)
    assert np.flatnonzero(known.event[0]).tolist() == [30, 31, 32]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("width", [1, 7])
def test_prices_come_from_the_row_that_speaks_longest_for_the_key(situate, seed, width):
    rng = np.random.default_rng(seed)
    prices = []
    for number in range(12):
        start = int(rng.integers(-5, DAYS + 10))
        end = day(start + rng.integers(0, 15)) if rng.random() < 0.7 else ""
        place = ["", "X"][rng.integers(2)]
        prices.append(
            {"sku": "ab"[rng.integers(2)], "start": day(start), "end": end, "location": place,
             "price": 1.0 + number}
        )  # fmt: skip
    period = {1: "day", 7: "week"}[width]
    settings = {"period": period, "horizon": HORIZON // width}
    situation = situate(day(DAYS - 1), settings, sales=SALES, products=PRODUCTS, prices=prices)
    known = situation.panel.covariates
    for series, (sku, place) in enumerate(KEYS):
        daily = []
        for offset in range(DAYS + HORIZON):
            when = day(offset)
            rows = [
                (row["location"] != "", row["start"], number, row["price"])
                for number, row in enumerate(prices)
                if row["sku"] == sku
                and row["location"] in ("", place)
                and row["start"] <= when <= (row["end"] or "9999")
            ]
            daily.append(max(rows)[-1] if rows else np.nan)
        for index, week in enumerate(np.array(daily).reshape(-1, width)):
            stated = week[~np.isnan(week)]
            expected = stated.mean() if len(stated) else LIST[sku]
            assert known.price[series, index] == pytest.approx(expected, rel=1e-6)
            off = max(0.0, 1 - expected / LIST[sku]) if len(stated) else 0.0
            row = series if len(known.discount) > 1 else 0
            assert known.discount[row, index] == pytest.approx(off, abs=1e-6)


def test_what_was_paid_on_a_day_shows_nowhere(situate):
    """A price that exists only where something sold would tell the model what sold."""
    dear = [{**row, "price": 9.0} for row in SALES]
    cheap = [{**row, "price": 9.0 if row["date"] < day(20) else 5.0} for row in SALES]
    known = [
        situate(day(DAYS - 1), sales=sales, products=PRODUCTS).panel.covariates.price
        for sales in (dear, cheap)
    ]
    assert (known[0] == known[1]).all()


def test_attributes_follow_the_levels_of_the_category(situate, at):
    situation = situate(day(DAYS - 1), sales=SALES, products=PRODUCTS)
    codes = situation.panel.attributes
    a, b, c = (at(situation, s) for s in "abc")
    assert codes["category_1"][a] == codes["category_1"][b] != codes["category_1"][c]
    assert codes["category_2"][a] != codes["category_2"][b]
    assert codes["brand"].tolist() == [-1] * 6
    # Below the depth of its category an article stays in its last level.
    assert codes["category_3"][c] >= 0


def test_a_week_shows_the_event_and_the_mean_discount_of_its_days(situate):
    events = [
        {"event": "618", "phase": "burst", "start": day(29), "end": day(31), "discount_off": 0.35},
        {"event": "quiet", "start": day(28), "end": day(36), "discount_off": 0.0},
    ]
    settings = {"period": "week", "horizon": 4}
    known = situate(
        day(DAYS - 1), settings, sales=SALES, products=PRODUCTS, events=events
    ).panel.covariates
    assert known.event_names == ("618", "quiet")
    assert known.event[0].tolist() == [0, 0, 0, 0, 1, 2, 0, 0]
    assert known.discount[0] == pytest.approx([0, 0, 0, 0, 0.35 * 3 / 7, 0, 0, 0])
