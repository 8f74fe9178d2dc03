"""The policy rows: stages, stock-outs and the record of earlier forecasts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.assemble.strategies import stage_names
from pipelines.publish.accuracy import accuracy
from pipelines.publish.decisions import decisions
from pipelines.publish.policy import policy_table, stockout_days
from stockwright.life import LifeStage, LifeStages
from stockwright.plan import Finding


def _life(stage: LifeStage) -> LifeStages:
    return replace(LifeStages.untold(12), stage=np.full(12, stage, np.uint8))


def test_the_catalogs_knowledge_of_launch_stock_and_dates_goes_first() -> None:
    named = np.array(["new", "dormant", "ended", "stocked", "upcoming"] + ["regular"] * 7, object)
    stages = stage_names(_life(LifeStage.GROWTH), named).tolist()
    assert stages[:6] == ["growth", "dormant", "ended", "stocked", "upcoming", "growth"]


def test_silence_beyond_chance_makes_a_dormant_key_an_ended_one() -> None:
    named = np.full(12, "dormant", dtype=object)
    assert set(stage_names(_life(LifeStage.ENDED), named)) == {"ended"}


def test_stage_breakout_and_evidence_of_the_plan_are_published(parts) -> None:
    hit = np.arange(12) == 4
    life = replace(_life(LifeStage.GROWTH), hit=hit, trend=np.full(12, np.log(1.05)))
    of_sku = replace(_life(LifeStage.MATURITY), hit=~hit)
    plan = replace(parts.plan, life=life, life_of_sku=of_sku)
    table = policy_table(parts.night(plan=plan), [])
    assert table["life_stage"][4] == "growth"
    assert table["hit"].tolist() == np.where(hit, "yes", "no").tolist()
    assert table["hit_sku"].tolist() == np.where(hit, "no", "yes").tolist()
    assert table["trend_per_week"][0] == pytest.approx(0.05)


def test_stockout_days_add_up_the_missing_shares_of_days(parts) -> None:
    days = stockout_days(parts.situation.panel)
    assert days[1] == pytest.approx(4 * 0.75)
    assert days[[0, 2, 3]].tolist() == [0, 0, 0]


def test_the_record_of_one_earlier_night_is_judged_by_hand(publish, parts) -> None:
    as_of = parts.as_of
    folder = publish("week", as_of=as_of - 7)
    bias, wape = accuracy(parts.situation.panel, as_of, [folder])
    forecast, panel = parts.forecast, parts.situation.panel
    median = forecast.quantile([0.5])[:, :7, 0]
    for series in (1, 4, 8):
        sold = panel.demand[series, -7:].astype(float)
        mean = forecast.mean[series, :7].astype(float)
        assert bias[series] == pytest.approx((mean.sum() - sold.sum()) / sold.sum(), rel=1e-5)
        error = np.abs(median[series] - sold).sum() / sold.sum()
        assert wape[series] == pytest.approx(error, rel=1e-5)
    assert np.isnan(bias[0])


def test_stretches_take_the_newest_forecast_a_week_before_their_end(publish, parts) -> None:
    as_of = parts.as_of
    folders = [publish(f"{days}", as_of=as_of - days) for days in (15, 8, 7, 1)]
    bias, _ = accuracy(parts.situation.panel, as_of, folders)
    # Walking back from D: the night 7 days ago, then the one 15 days ago; never 8 or 1.
    fewer, _ = accuracy(parts.situation.panel, as_of, [folders[0], folders[2]])
    np.testing.assert_array_equal(bias, fewer)
    other, _ = accuracy(parts.situation.panel, as_of, [folders[2]])
    assert not np.array_equal(bias, other, equal_nan=True)


def test_a_censored_day_is_not_judged(publish, parts) -> None:
    folder = publish("week", as_of=parts.as_of - 7)
    panel = parts.situation.panel
    status, demand = np.array(panel.status), np.array(panel.demand)
    status[:, -3], demand[:, -3] = 1, 1000.0
    spoiled = replace(panel, status=status, demand=demand)
    bias, _ = accuracy(spoiled, parts.as_of, [folder])
    kept = [0, 1, 2, 3, 5, 6]
    sold = panel.demand[4, -7:][kept].astype(float).sum()
    mean = parts.forecast.mean[4, :7][kept].astype(float).sum()
    assert bias[4] == pytest.approx((mean - sold) / sold, rel=1e-5)


def test_without_an_earlier_night_the_record_is_empty(parts) -> None:
    bias, wape = accuracy(parts.situation.panel, parts.as_of, [])
    assert np.isnan(bias).all()
    assert np.isnan(wape).all()


def test_a_decision_is_the_first_reason_that_applies(parts) -> None:
    situation, policy = parts.situation, parts.empty_plan.policy
    stock_mode, known = np.ones(12, np.bool_), np.ones(12, np.bool_)
    stock_mode[3], known[[3, 4]] = False, False
    lane, position = np.array(policy.lane), np.array(policy.position)
    lane[[4, 5]], position[[6, 7]] = -1, 1000.0
    cut = (Finding("LIMIT_CUT", "medium", 10, 1.0, {}),)
    plan = replace(parts.plan, orders=parts.empty_plan.orders, findings=cut)
    steered = replace(policy, lane=lane.astype(np.int32), position=position)
    plan = replace(plan, policy=steered)
    items = replace(situation.network.items, stock_mode=stock_mode)
    changed = replace(
        situation,
        network=replace(situation.network, items=items),
        stock=replace(situation.stock, known=known),
    )
    codes = decisions(parts.night(situation=changed, plan=plan)).tolist()
    assert codes[1:6] == ["TRANSFER", "TRANSFER", "NOT_STOCKED", "STOCK_UNKNOWN", "TRANSFER"]
    assert codes[6:9] == ["ENOUGH", "ENOUGH", "NOT_WORTH_IT"]
    assert codes[10] == "LIMIT_CUT"


def test_a_key_without_a_lane_has_no_levels(parts) -> None:
    policy = parts.plan.policy
    lane = np.array(policy.lane)
    lane[4] = -1
    plan = replace(parts.empty_plan, policy=replace(policy, lane=lane))
    table = policy_table(parts.night(plan=plan), [])
    assert np.isnan([table[name][4] for name in ("order_up_to", "lead_time_days")]).all()
    assert table["source"][4] == ""
