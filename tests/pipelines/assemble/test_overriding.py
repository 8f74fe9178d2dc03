"""A planner's overrides: the latest row wins, inside its dates, for the keys it names."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

NIGHT = date(2024, 3, 10)
TONIGHT = NIGHT.isoformat()
KEYS = [(s, p) for s in "ab" for p in ("X", "Y")]
SALES = [
    {"date": (NIGHT - timedelta(days=d)).isoformat(), "sku": s, "location": p, "units": 1}
    for d in range(20)
    for s, p in KEYS
]
STOCK = [{"sku": s, "location": p, "on_hand": 1} for s, p in KEYS]
LANES = [{"source": "S", "destination": p, "lead_time_days": 2} for p in ("X", "Y")]


def on(offset):
    return (NIGHT + timedelta(days=offset)).isoformat()


def row(table, field, value, **more):
    return {"table": table, "field": field, "value": value, "by": "li", **more}


@pytest.fixture
def decide(situate):
    def run(*rows, tables=None, **settings):
        given = {"sales": SALES, "inventory": STOCK, "lanes": LANES, **(tables or {})}
        return situate(TONIGHT, settings, overrides=list(rows), **given)

    return run


def test_no_overrides_change_nothing(situate):
    overrides = situate(TONIGHT, sales=SALES, inventory=STOCK, lanes=LANES).overrides
    mean = np.random.default_rng(1).random((4, 28)).astype(np.float32)
    assert (overrides.adjusted(mean) == mean).all()
    assert not overrides.blocked.any()


def test_policy_rows_reach_the_keys_they_name(decide):
    overrides = decide(
        row("policy", "service_level", 0.9),
        row("policy", "service_level", 0.99, sku="a"),
        row("policy", "target", 50, location="Y"),
        row("policy", "blocked", "yes", sku="b", location="X"),
    ).overrides
    assert overrides.service_level.tolist() == [0.99, 0.99, 0.9, 0.9]
    assert np.nan_to_num(overrides.target).tolist() == [0, 50, 0, 50]
    assert overrides.blocked.tolist() == [False, False, True, False]


def test_a_freeze_without_units_freezes_nothing_and_is_noted(decide):
    situation = decide(
        row("order", "frozen", "yes", sku="a"),
        row("order", "units", 5, sku="a", location="X"),
        row("transfer", "frozen", "no", sku="b"),
    )
    assert np.nan_to_num(situation.overrides.order_frozen).tolist() == [5, 0, 0, 0]
    said = [note for note in situation.notes if "frozen without units" in note]
    assert said == ["overrides: 1 key is frozen without units; nothing is frozen there"]


def test_the_latest_row_wins(decide):
    narrow, broad = row("policy", "target", 7, sku="a"), row("policy", "target", 9)
    assert decide(narrow, broad).overrides.target.tolist() == [9, 9, 9, 9]
    assert decide(broad, narrow).overrides.target.tolist() == [7, 7, 9, 9]
    blocked, free = (row("policy", "blocked", v, sku="a") for v in ("yes", "no"))
    assert not decide(blocked, free).overrides.blocked.any()


@pytest.mark.parametrize(
    ("start", "end", "holds"), [(-5, 0, False), (1, 1, True), (2, 9, False), (-5, 9, True)]
)
def test_a_row_holds_on_the_order_dates_inside_its_dates(decide, start, end, holds):
    overrides = decide(row("order", "units", 5, sku="a", start=on(start), end=on(end))).overrides
    assert (overrides.order_units[:2] == 5).all() == holds


def test_frozen_fixes_the_units_that_another_row_gives(decide):
    overrides = decide(
        row("order", "units", 12, sku="a"),
        row("order", "frozen", "yes", sku="a", location="X"),
        row("order", "frozen", 30, sku="b", location="X"),
    ).overrides
    assert np.nan_to_num(overrides.order_units).tolist() == [0, 12, 0, 0]
    assert np.nan_to_num(overrides.order_frozen).tolist() == [12, 0, 30, 0]
    assert np.isnan(overrides.transfer_frozen).all()


def test_a_row_for_a_source_needs_a_lane_from_it(decide):
    situation = decide(
        row("order", "units", 5, sku="a", source="S"), row("order", "units", 6, source="other")
    )
    assert np.nan_to_num(situation.overrides.order_units).tolist() == [5, 5, 0, 0]
    assert not [note for note in situation.notes if "no key" in note]


def test_rows_for_no_key_are_named(decide):
    """Y is supplied from S alone, though T exists; c is stocked nowhere else than at X."""
    lanes = [*LANES, {"source": "T", "destination": "X", "lead_time_days": 2}]
    rows = [
        row("order", "units", 6, sku="b", location="Y", source="T"),
        row("policy", "target", 6, sku="c", location="Y"),
    ]
    stock = [*STOCK, {"sku": "c", "location": "X", "on_hand": 1}]
    notes = decide(*rows, tables={"inventory": stock, "lanes": lanes}).notes
    assert [note for note in notes if "no key" in note] == [
        "overrides: 2 rows match no key that is planned and supplied from the source "
        "(order units for b at Y from T, policy target for c at Y); not used"
    ]


def naive_forecast(rows, sku, place, mean, width):
    """Day by day: the latest row of the day speaks, a mean for its whole period."""
    out = np.array(mean, float)
    for step in range(len(mean)):
        days = [on(1 + step * width + k) for k in range(width)]
        speaking = []
        for when in days:
            here = [
                r for r in rows
                if r.get("sku", sku) == sku and r.get("location", place) == place
                and r["start"] <= when <= r["end"]
            ]  # fmt: skip
            speaking.append(here[-1] if here else None)
        means = [r for r in speaking if r and r["field"] == "mean"]
        if means:
            out[step] = max(means, key=rows.index)["value"]
        else:
            out[step] *= np.mean([r["value"] if r else 1.0 for r in speaking])
    return out


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("width", [1, 7])
def test_forecast_rows_change_their_dates_only(decide, seed, width):
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(9):
        start = int(rng.integers(-3, 50))
        more = [{}, {"sku": "a"}, {"sku": "b", "location": "Y"}][rng.integers(3)]
        rows.append(
            row("forecast", ["mean", "factor"][rng.integers(2)], float(rng.integers(0, 5)),
                start=on(start), end=on(start + int(rng.integers(0, 12))), **more)
        )  # fmt: skip
    horizon = 56 // width
    settings = {"period": {1: "day", 7: "week"}[width], "horizon": horizon}
    overrides = decide(*rows, **settings).overrides
    mean = rng.random((4, horizon)).astype(np.float32)
    adjusted = overrides.adjusted(mean)
    for series, (sku, place) in enumerate(KEYS):
        expected = naive_forecast(rows, sku, place, mean[series], width)
        assert adjusted[series] == pytest.approx(expected, rel=1e-5)
    some = np.array([1, 3])
    assert (overrides.take(some).adjusted(mean[some]) == adjusted[some]).all()


def test_rows_that_make_no_sense_are_left_out_and_counted(decide):
    situation = decide(
        row("policy", "service_level", 1.5), row("policy", "mean", 3), row("order", "units", -2)
    )
    assert np.isnan(situation.overrides.service_level).all()
    assert "overrides: 3 bad rows are set aside" in situation.notes


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("width", [1, 7])
def test_a_past_origin_sees_the_rows_that_were_known_by_then(decide, seed, width):
    """Against the rule by hand, row by row and day by day, among the rows known at the origin."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(14):
        start = int(rng.integers(-20, 9))
        known = [{}, {"known_since": on(int(rng.integers(-25, 1)))}][rng.integers(2)]
        more = [{}, {"sku": "a"}, {"sku": "b", "location": "Y"}][rng.integers(3)]
        rows.append(
            row("forecast", ["mean", "factor"][rng.integers(2)], float(rng.integers(0, 5)),
                start=on(start), end=on(start + int(rng.integers(0, 12))), **more, **known)
        )  # fmt: skip
    situation = decide(*rows, period={1: "day", 7: "week"}[width])
    back = 14 // width
    series = np.array([3, 0])
    said = situation.past_overrides.at(situation.panel.origin - back, series, back)
    known = [one for one in rows if one.get("known_since", "") <= on(-14)]
    mean = rng.random((2, back))
    for place, key in enumerate(series):
        moved = [
            one | {"start": _later(one["start"], 14), "end": _later(one["end"], 14)}
            for one in known
        ]
        expected = naive_forecast(moved, *KEYS[key], mean[place], width)
        assert said.adjusted(mean)[place] == pytest.approx(expected, rel=1e-5)


def _later(day, days):
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def test_rows_that_no_date_puts_into_the_past_say_nothing_of_it(decide):
    rows = [row("forecast", "factor", 2), row("forecast", "mean", 2, start=on(1))]
    assert decide(*rows).past_overrides is None
    assert decide(row("policy", "target", 2, start=on(-9))).past_overrides is None
    standing = decide(row("forecast", "factor", 2, known_since=on(-5))).past_overrides
    asked = (np.arange(4), 3)
    assert not standing.at(19 - 6, *asked).given.any()
    assert standing.at(19 - 5, *asked).given.all()


def test_what_was_sold_as_a_commitment_is_part_of_what_an_override_says(situate):
    """Ten a day of which six are a contract: a planner's twelve leave six for the rest."""
    sales = [{**one, "units": 10} for one in SALES]
    kept = {"sku": "a", "location": "X", "date": on(-3), "units": 6, "kind": "contract"}
    rows = [row("forecast", "mean", 12, start=on(-4), end=on(-3))]
    night = situate(
        TONIGHT, sales=sales, inventory=STOCK, lanes=LANES, overrides=rows,
        commitments=[{**kept, "stage": "paid"}],
    )  # fmt: skip
    said = night.past_overrides.at(night.panel.origin - 5, np.array([0]), 4)
    assert said.committed.tolist() == [[0, 6, 0, 0]]
    assert said.adjusted(np.full((1, 4), 4.0)).tolist() == [[12, 6, 4, 4]]


def test_limits_of_clearance_say_whether_all_locations_share_them(decide):
    overrides = decide(
        row("clearance", "units", 30, sku="a"),
        row("clearance", "units", 5, sku="a", location="Y"),
        row("clearance", "frozen", "yes", sku="b", location="X"),
    ).overrides
    assert np.nan_to_num(overrides.clearance_units, nan=-1).tolist() == [30, 5, -1, -1]
    assert overrides.clearance_shared.tolist() == [True, False, False, False]
    assert overrides.clearance_frozen.tolist() == [False, False, True, False]
    assert np.isnan(overrides.order_units).all()
