"""The signals table against a loop over every key and period."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

FIRST = date(2024, 1, 1)
DAYS = 28
CATEGORY = {"a": "home/kitchen/mugs", "b": "home/kitchenware", "c": "toys"}
KEYS = [(s, p) for s in "abc" for p in ("X", "Y")]
D = FIRST + timedelta(DAYS - 1)


def day(offset):
    return (FIRST + timedelta(days=int(offset))).isoformat()


SALES = [
    {"date": day(d), "sku": s, "location": p, "units": 1} for d in range(DAYS) for s, p in KEYS
]
PRODUCTS = [{"sku": s, "category": CATEGORY[s], "price": 9, "unit_cost": 1} for s in "abc"]


def scope_of(row):
    return row["sku"], row["category"], row["location"]


def fits(scope, sku, place):
    own, category, where = scope
    return (
        own in ("", sku)
        and where in ("", place)
        and (not category or f"{CATEGORY[sku]}/".startswith(category + "/"))
    )


def fineness(scope):
    own, category, where = scope
    return bool(own), category.count("/") + 1 if category else 0, bool(where)


def random_rows(rng, name, known_ahead, n=60):
    return [
        {
            "name": name,
            "date": day(rng.integers(-4, DAYS + 12)),
            "value": round(float(rng.normal(5, 3)), 3),
            "sku": ["", "", "a", "b", "unknown"][rng.integers(5)],
            "category": ["", "", "home/kitchen", "toys", "home", "gone"][rng.integers(6)],
            "location": ["", "Y"][rng.integers(2)],
            "channel": "",
            "known_ahead": known_ahead,
        }
        for _ in range(n)
    ]


@pytest.mark.parametrize(("period", "days"), [("day", 1), ("week", 7)])
@pytest.mark.parametrize("seed", range(4))
def test_every_key_reads_the_mean_of_its_finest_rows(situate, period, days, seed) -> None:
    rng = np.random.default_rng(seed)
    rows = random_rows(rng, "clicks", "no") + random_rows(rng, "weather", "yes")
    settings = {"period": period, "horizon": 28 // days}
    night = situate(D.isoformat(), settings, sales=SALES, products=PRODUCTS, signals=rows)
    covariates = night.panel.covariates
    assert covariates.known_ahead == {"weather"}
    for name in ("clicks", "weather"):
        values = np.broadcast_to(covariates.signals[name], (len(KEYS), covariates.n_periods))
        for series, (sku, place) in enumerate(KEYS):
            own = [
                row
                for row in rows
                if row["name"] == name
                and 0 <= (date.fromisoformat(row["date"]) - FIRST).days < DAYS + 28
                and (name == "weather" or row["date"] <= D.isoformat())
                and fits(scope_of(row), sku, place)
            ]
            best = max((fineness(scope_of(row)) for row in own), default=None)
            for at in range(covariates.n_periods):
                cell = [
                    row["value"]
                    for row in own
                    if fineness(scope_of(row)) == best
                    and (date.fromisoformat(row["date"]) - FIRST).days // days == at
                ]
                wanted = np.mean(cell) if cell else np.nan
                assert values[series, at] == pytest.approx(wanted, rel=1e-5, nan_ok=True)


def test_what_is_left_out_is_counted(situate) -> None:
    signals = [
        {"date": day(3), "name": "clicks", "value": 1, "sku": "a"},
        {"date": day(DAYS), "name": "clicks", "value": 2, "sku": "a"},
        {"date": day(3), "name": "clicks", "value": 3, "sku": "nowhere"},
    ]
    night = situate(D.isoformat(), sales=SALES, signals=signals)
    assert [note for note in night.notes if note.startswith("signals: ")] == [
        f"signals: 1 row dated after {D} is left out, for it is not known ahead (clicks)",
        "signals: 1 row fits no key",
    ]


def test_each_channel_is_a_signal_of_its_own(situate) -> None:
    signals = [
        {"date": day(3), "name": "clicks", "value": v, "channel": c}
        for v, c in ((1, "tmall"), (5, "jd"), (9, ""))
    ]
    night = situate(D.isoformat(), sales=SALES, signals=signals)
    found = night.panel.covariates.signals
    assert {name: values[0, 3] for name, values in found.items()} == {
        "clicks": 9, "clicks@jd": 5, "clicks@tmall": 1,
    }  # fmt: skip
    assert all(values.shape[0] == 1 for values in found.values())


def test_a_night_without_the_table_has_no_signals(situate) -> None:
    assert not situate(D.isoformat(), sales=SALES).panel.covariates.signals
