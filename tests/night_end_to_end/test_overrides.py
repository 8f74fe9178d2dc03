"""What planners said of past weeks is held against what came, and said; it is honoured anyway."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

SUNDAY = np.datetime64("2026-11-22")
HEADER = "table,sku,location,field,value,start,end,by,known_since\n"


def weeks_ago(weeks: int, days: int = 0) -> str:
    return str(SUNDAY - 7 * weeks + days)


def said(value: float, first: int, last: int, known: int, field: str = "factor") -> str:
    """An override of all keys, from the Monday after week ``first`` to the end of ``last``."""
    span = f"{weeks_ago(first, 1)},{weeks_ago(last)}"
    return f"forecast,,,{field},{value},{span},li,{weeks_ago(known)}\n"


def stairs(night) -> dict[tuple[str, str], dict]:
    return {(row["segment"], row["rung"]): row for row in night.summary["staircase"]}


def forecasts(night) -> pd.DataFrame:
    return pd.read_parquet(night.folder / "forecasts.parquet")


@pytest.fixture
def plain(shop):
    return shop.night()


def test_the_staircase_is_published(shop, plain) -> None:
    """Each rung's gain is what its loss is below that of the rung before; no planner, no rung."""
    found = stairs(plain)
    assert [rung for segment, rung in found if segment == "shop"] == [
        "naive",
        "statistical",
        "blend",
    ]
    assert {segment for segment, _ in found} == {"shop"}
    step = found["shop", "naive"]["pinball"] - found["shop", "statistical"]["pinball"]
    assert found["shop", "statistical"]["gain"] == pytest.approx(step, abs=2e-6)


def test_overrides_that_lowered_accuracy_are_named_and_still_hold(shop, plain) -> None:
    ahead = f"forecast,fan,East,mean,500,{SUNDAY + 1},{SUNDAY + 7},li,{SUNDAY}\n"
    shop.write("overrides.csv", HEADER + said(3, 12, 0, 13) + ahead)
    night = shop.night(str(SUNDAY), "--force")
    row = night.table("exceptions").set_index("code").loc["OVERRIDES_LOWER_ACCURACY"]
    word = stairs(night)["overridden", "override"]
    assert f"{word['totals']} totals of 12 keys" in row["message"]
    assert word["gain"] < -2 * word["error"] < 0
    assert word["bias"] > 1.5
    one, other = forecasts(plain), forecasts(night)
    fan = (other["sku"] == "fan") & (other["location"] == "East")
    first = fan & (other["date"].astype(str) == str(SUNDAY + 1))
    assert other["mean"][first].tolist() == [500]
    assert np.array_equal(one["mean"][~first], other["mean"][~first])


def test_an_override_known_only_after_its_weeks_is_not_judged(shop, plain) -> None:
    shop.write("overrides.csv", HEADER + said(3, 12, 0, 0))
    night = shop.night(str(SUNDAY), "--force")
    assert stairs(night) == stairs(plain)
    assert "OVERRIDES_LOWER_ACCURACY" not in night.codes()


def test_a_planner_who_saw_a_rush_coming_gains(shop) -> None:
    """Two weeks sold three times the usual twelve, and the planner had said so."""
    lines = shop.text("sales").splitlines()
    rush = {weeks_ago(back) for back in (3, 4)}
    tripled = [
        ",".join([*row[:3], str(3 * int(row[3])), row[4]]) if row[0] in rush else ",".join(row)
        for row in (line.split(",") for line in lines[1:])
    ]
    shop.write("sales.csv", "\n".join([lines[0], *tripled]) + "\n")
    shop.write("overrides.csv", HEADER + said(36, 5, 3, 9, "mean"))
    night = shop.night()
    word = stairs(night)["overridden", "override"]
    assert word["gain"] > 2 * word["error"] > 0
    assert "OVERRIDES_LOWER_ACCURACY" not in night.codes()
