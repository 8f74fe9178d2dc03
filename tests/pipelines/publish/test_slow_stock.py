"""What is published of stock that does not sell."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipelines.config import Config
from pipelines.config.clearance import ClearanceConfig
from pipelines.publish.cells import read_csv


@pytest.fixture
def heaped(parts):
    """The small night with 2,000 units of one key, and one that ended ten days ago with stock."""
    items = parts.situation.network.items
    ends = np.array(items.ends)
    ends[7] = parts.forecast.origin - 10
    ends[10] = parts.forecast.origin + 10
    on_hand = np.full(12, 30.0)
    on_hand[[4, 10]] = 2000.0, 500.0
    network = replace(parts.situation.network, items=replace(items, ends=ends))
    stock = replace(parts.situation.stock, on_hand=on_hand, age_days=np.full(12, 200.0))
    return replace(parts.situation, network=network, stock=stock)


def read(folder):
    table = pd.DataFrame(read_csv(folder / "exceptions.csv"))
    return json.loads((folder / "summary.json").read_text("utf-8")), table


@pytest.mark.parametrize("language", ["en", "zh"])
def test_slow_items_are_named_with_their_numbers_and_counted_by_grade(
    publish, heaped, parts, language
) -> None:
    summary, table = read(publish("x", situation=heaped, language=language))
    grades = summary["slow_grades"]
    assert list(grades) == sorted(grades)
    assert set(grades) == {"S", "A", "B", "C"}
    value = summary["kpis"]["stock_value"]["value"]
    for each in grades.values():
        assert each["share"] == pytest.approx(each["value"] / value, abs=1e-4)
        assert each["left_value"] <= each["value"]
    slow = table[table["code"] == "COVER_ABOVE_THRESHOLD"].iloc[0]
    assert (slow["sku"], slow["location"]) == ("123", "EAST")
    # Class A turns in 60 days, in which 3 a day and 13.5 more are asked for.
    left = 2000 - 60 * 3 - 13.5
    assert float(slow["money_at_stake"]) == pytest.approx(left * 9.37, rel=1e-3)
    (ending,) = table[table["code"] == "LEFT_AT_THE_END"].to_dict("records")
    assert (ending["sku"], ending["location"]) == ("短袖👕", "EAST")
    for message, units in ((slow["message"], "2000"), (ending["message"], "500")):
        assert units in message
        assert "?" not in message


def test_goods_past_their_end_are_told_once(publish, heaped) -> None:
    summary, table = read(publish("x", situation=heaped))
    late = table[table["code"].isin(["LEFT_AT_THE_END", "COVER_ABOVE_THRESHOLD"])]
    assert ("=cmd()", "EAST") not in set(zip(late["sku"], late["location"], strict=True))
    # Their 30 units are in the grades all the same.
    assert sum(each["items"] for each in summary["slow_grades"].values()) == len(late) + 1


def test_clearance_that_is_switched_off_says_nothing(publish, heaped) -> None:
    summary, table = read(
        publish("x", situation=heaped, config=Config(clearance=ClearanceConfig(use=False)))
    )
    assert summary["slow_grades"] == {}
    assert not set(table["code"]) & {"COVER_ABOVE_THRESHOLD", "LEFT_AT_THE_END"}


def test_hits_are_left_alone(publish, heaped, parts) -> None:
    life = parts.night().life()
    hit = replace(life, hit=np.ones(12, np.bool_))
    _, table = read(publish("x", situation=heaped, plan=replace(parts.plan, life=hit)))
    assert "COVER_ABOVE_THRESHOLD" not in set(table["code"])
