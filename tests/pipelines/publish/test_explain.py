"""explain says from the run's files why a key has a line, or none."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pipelines.publish.cells import read_csv
from pipelines.publish.explain import explain
from stockwright.decomposition import PARTS, Decomposition
from stockwright.errors import ConfigError
from stockwright.life import LifeStages


def test_a_line_is_explained_in_the_words_of_its_file(publish) -> None:
    run = publish()
    text = explain(run, "00123", "CENTRAL")
    assert read_csv(run / "orders.csv")["explanation"][0] in text
    assert "decision: an order is proposed (ORDER)" in text
    assert "EAST" not in text


def test_a_key_without_a_line_is_explained_by_its_numbers(publish, parts) -> None:
    stock = replace(parts.situation.stock, on_hand=np.full(12, 100.0))
    situation = replace(parts.situation, stock=stock)
    policy = replace(parts.empty_plan.policy, position=stock.on_hand)
    plan = replace(parts.empty_plan, policy=policy)
    text = explain(publish(situation=situation, plan=plan), "123", "EAST")
    assert "100 on hand" in text
    assert "reorder point 18," in text
    assert "stock and orders are above the reorder point (ENOUGH)" in text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_units_are_explained_with_at_most_two_decimals(publish, parts, language) -> None:
    policy = replace(parts.empty_plan.policy, stock_at_arrival=np.full(12, 433.3398))
    text = explain(
        publish(plan=replace(parts.empty_plan, policy=policy)), "123", "EAST", language=language
    )
    assert "433.34" in text
    assert "433.3398" not in text


@pytest.mark.parametrize(
    ("weeks", "english", "chinese"),
    [
        (1e6, "launched before the history;", "上市早于历史数据；"),
        (-2.0, "weeks until the launch: 2;", "距上市 2 周；"),
        (1.5, "weeks since the launch: 1.5;", "上市 1.5 周；"),
    ],
)
def test_a_launch_is_unknown_ahead_or_past(publish, parts, weeks, english, chinese) -> None:
    life = replace(LifeStages.untold(12), weeks=np.full(12, weeks))
    run = publish(plan=replace(parts.empty_plan, life=life))
    assert english in explain(run, "123", "EAST", language="en")
    assert chinese in explain(run, "123", "EAST", language="zh")


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "level 21, events +21, discounts -3.5"), ("zh", "基础水平 21，活动 +21，折扣 -3.5")],
)
def test_the_parts_of_the_demand_to_protect_are_told(publish, parts, language, words) -> None:
    days = int(parts.plan.policy.protection[1])
    mean = parts.forecast.mean
    units = np.zeros((len(PARTS), *mean.shape), np.float32)
    for name, value in (("level", 21), ("event", 21), ("price", -3.5)):
        units[PARTS.index(name), :, :days] = value / days
    whole = Decomposition(PARTS, units)
    run = publish(forecast=replace(parts.forecast, mean=whole.mean, parts=whole))
    text = explain(run, "00123", "EAST", language=language)
    assert words in text
    (line,) = [line for line in text.splitlines() if words in line]
    assert "38.5" in line
    assert str(days) in line


def test_a_weekly_run_of_a_single_step_tells_of_seven_days(publish, parts) -> None:
    mean = parts.forecast.mean
    units = np.zeros((len(PARTS), *mean.shape), np.float32)
    units[PARTS.index("level"), :, 0] = 21
    whole = Decomposition(PARTS, units)
    policy = replace(parts.empty_plan.policy, protection=np.full(12, 7))
    plan = replace(parts.empty_plan, policy=policy)
    run = publish(plan=plan, forecast=replace(parts.forecast, mean=whole.mean, parts=whole))
    rows = pq.read_table(run / "forecasts.parquet")
    pq.write_table(rows.filter(pc.equal(rows["date"], rows["date"][0])), run / "forecasts.parquet")
    figures = json.loads((run / "summary.json").read_text("utf-8"))
    (run / "summary.json").write_text(json.dumps(figures | {"period": "week"}), "utf-8")
    (line,) = [x for x in explain(run, "00123", "EAST").splitlines() if "level 21" in x]
    assert "7 days" in line


def test_no_demand_has_no_parts_to_tell(publish) -> None:
    run = publish()
    assert "what makes" in explain(run, "00123", "EAST")
    assert "what makes" not in explain(run, "00123", "CENTRAL")


def test_without_a_location_every_key_of_the_sku_is_explained(publish) -> None:
    text = explain(publish(), "=cmd()", language="zh")
    assert all(f"\n{place}（" in text for place in ("CENTRAL", "EAST", "西仓"))


def test_exceptions_of_the_key_are_named(publish) -> None:
    assert "exception STALE_STOCK (medium" in explain(publish(), "123", "西仓")


@pytest.mark.parametrize(
    ("sku", "location", "nearest"), [("0123", None, "00123, 123"), ("123", "WEST", "EAST")]
)
def test_an_unknown_name_is_answered_with_the_nearest(publish, sku, location, nearest) -> None:
    with pytest.raises(ConfigError, match=nearest):
        explain(publish(), sku, location)


def test_a_folder_without_a_run_is_a_configuration_error(tmp_path) -> None:
    with pytest.raises(ConfigError, match="no published run"):
        explain(tmp_path, "123")


def test_an_unknown_sku_may_be_a_kit(publish) -> None:
    with pytest.raises(ConfigError, match="kit without stock of its own"):
        explain(publish(), "KIT1")
