"""Signals and forecasts as they are read."""

from __future__ import annotations

import pytest


def test_a_signal_is_read_with_what_selects_it(shop) -> None:
    shop.write(
        "signals.csv",
        "date,name,value,sku,category,location,channel,known_ahead\n"
        "2026-11-22,点击,12,00123,,,tmall,no\n2026-12-01,weather,-3.5,,,East,,yes\n",
    )
    frame = shop.read().tables["signals"]
    assert frame["value"].tolist() == [12.0, -3.5]
    assert frame["sku"].tolist() == ["00123", ""]
    assert frame["known_ahead"].tolist() == [False, True]


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("2026-11-22,clicks,many,", "value", "not a number"),
        ("2026-11-22,clicks,inf,", "value", "not a number"),
        ("2026-11-22,clicks,,", "value", "empty"),
        ("2026-11-22,,3,", "name", "empty"),
        ("2026-13-22,clicks,3,", "date", "there is no such date"),
        ("2026-11-22,clicks,3,perhaps", "known_ahead", "neither yes nor no"),
    ],
)
def test_a_bad_row_of_signals_is_set_aside(shop, row, column, reason) -> None:
    shop.write("signals.csv", f"date,name,value,known_ahead\n2026-11-20,a,1,\n{row}\n")
    got = shop.lenient()
    assert len(got.tables["signals"]) == 1
    assert got.rejected[["row", "column", "reason"]].to_numpy().tolist() == [[3, column, reason]]


def test_a_signal_not_known_by_the_night_does_not_exist_for_it(shop) -> None:
    shop.write(
        "signals.csv",
        "date,name,value,known_since\n2026-11-20,a,1,2026-11-22\n2026-11-20,a,2,2026-11-23\n",
    )
    assert shop.read().tables["signals"]["value"].tolist() == [1.0]


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("-1,,,,", "mean", "less than 0"),
        ("3,5,4,6,", "q80", "below a lower quantile"),
        ("3,5,,4,", "q90", "below a lower quantile"),
        ("3,-1,2,3,", "q50", "less than 0"),
        ("3,,,,-2", "path_1", "less than 0"),
        ("3,,,,x", "path_1", "not a number"),
        (",1,2,3,", "mean", "empty"),
    ],
)
def test_a_bad_row_of_forecasts_is_set_aside(shop, row, column, reason) -> None:
    head = "sku,location,date,mean,q50,q80,q90,path_1\n"
    good = "00123,East,2026-11-23,3,2,2,6.5,4\n"
    shop.write("forecasts.csv", f"{head}{good}00123,East,2026-11-24,{row}\n")
    got = shop.lenient()
    assert got.tables["forecasts"]["path_1"].tolist() == [4.0]
    assert got.rejected[["row", "column", "reason"]].to_numpy().tolist() == [[3, column, reason]]


def test_of_two_rows_of_a_forecast_for_one_date_the_later_holds(shop) -> None:
    shop.write(
        "forecasts.csv",
        "sku,location,date,mean\n00123,East,2026-11-23,3\n00123,East,2026-11-23,4\n",
    )
    assert shop.read().tables["forecasts"]["mean"].tolist() == [4.0]
