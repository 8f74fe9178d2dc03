"""What is committed to customers, in the files of a run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipelines.publish.explain import explain
from pipelines.publish.plan_findings import commitments_at_risk

EAST = 1


def with_promise(parts, units: float, step: int, series: int = EAST):
    """The forecast with ``units`` committed at ``step`` of one series."""
    committed = np.zeros(parts.forecast.mean.shape, np.float32)
    committed[series, step - 1] = units
    return replace(parts.forecast, committed=committed)


def test_committed_units_are_a_column_and_a_part_of_the_mean(publish, parts) -> None:
    run = publish(forecast=with_promise(parts, 9, 4))
    frame = pd.read_parquet(run / "forecasts.parquet")
    assert frame["committed"].sum() == 9
    (row,) = np.flatnonzero(frame["committed"])
    whole = parts.forecast.mean.ravel()[row] + 9
    assert frame["mean"].iloc[row] == whole
    assert frame["base"].iloc[row] + frame["uplift"].iloc[row] + 9 == pytest.approx(whole)
    assert (frame["q50"] >= frame["committed"]).all()


@pytest.mark.parametrize(
    ("language", "words"), [("en", "committed: 9 of"), ("zh", "已承诺客户 9 件")]
)
def test_explain_says_what_is_committed(publish, parts, language, words) -> None:
    names = parts.forecast.index.take(np.array([EAST]))
    sku, location = str(names.sku_names()[0]), str(names.location_names()[0])
    run = publish(forecast=with_promise(parts, 9, 4))
    assert words in explain(run, sku, location, language=language)
    plain = explain(publish("plain"), sku, location, language=language)
    assert words.split()[0] not in plain


def test_a_commitment_that_no_stock_can_serve_in_time_is_named_with_its_money(parts) -> None:
    night = parts.night(forecast=with_promise(parts, 50, 2), plan=parts.empty_plan)
    (found,) = commitments_at_risk(night)
    held = parts.situation.stock.on_hand[EAST]
    cost = parts.situation.network.items.shortage_cost[EAST]
    assert found.series == EAST
    assert found.message["units"] == pytest.approx(50 - held)
    assert found.money == pytest.approx((50 - held) * cost)


def test_a_commitment_within_the_stock_or_beyond_the_protection_interval_is_not(parts) -> None:
    held = float(parts.situation.stock.on_hand[EAST])
    inside = with_promise(parts, held, 2)
    assert not commitments_at_risk(parts.night(forecast=inside, plan=parts.empty_plan))
    last = int(parts.plan.policy.protection[EAST])
    for step, risks in ((last, 1), (last + 1, 0)):
        late = parts.night(forecast=with_promise(parts, 500, step), plan=parts.empty_plan)
        assert len(commitments_at_risk(late)) == risks
