"""Nights of a shop that measures more than sales."""

from __future__ import annotations

import numpy as np
import pandas as pd

SUNDAY = np.datetime64("2026-11-22")
HEAD = "date,name,value,sku,location,known_ahead\n"


def signals(last: int) -> str:
    """Clicks of a SKU by week up to the night and later, and a weather forecast."""
    rng = np.random.default_rng(3)
    rows = []
    for week in range(-29, 9):
        day = SUNDAY + 7 * week
        value = last if week > 0 else rng.integers(50, 90)
        rows.append(f"{day},clicks,{value},fan,,no\n")
        rows.append(f"{day},weather,{15 + week % 7},,East,yes\n")
    return HEAD + "".join(rows)


def means(night) -> np.ndarray:
    return pd.read_parquet(night.folder / "forecasts.parquet")["mean"].to_numpy()


def test_later_clicks_change_nothing_and_are_counted(shop) -> None:
    found = []
    for last in (1, 100_000):
        night = shop.write("signals.csv", signals(last)).night(str(SUNDAY), "--force")
        assert night.code == 0, night.said
        found.append(means(night))
    np.testing.assert_array_equal(*found)
    notes = " ".join(night.summary["notes"])
    assert "8 rows dated after 2026-11-22 are left out, for they are not known ahead" in notes


def test_a_bad_row_of_signals_is_set_aside_and_named(shop) -> None:
    table = signals(1) + "2026-11-22,clicks,many,fan,,no\n2026-11-22,clicks,3,fan,Mars,no\n"
    shop.write("signals.csv", table).configure(gates__bad_row_share="0.1")
    night = shop.night()
    assert night.code == 0, night.said
    assert [row[2:] for row in night.rejected] == [
        ("value", "many", "not a number"),
        ("location", "Mars", "unknown location; locations lacks it"),
    ]
