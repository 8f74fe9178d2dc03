"""The files of a night as a whole."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipelines.publish.audit import audit
from pipelines.publish.cells import read_csv
from stockwright.errors import DataError
from stockwright.plan import Lines

# The columns of docs/contract.md, without those of later releases.
ORDERS_NAMES = (
    "line_id order_ref order_date available_date supplier destination sku units cases "
    "unit_cost value order_kind status reason money_at_risk available inbound_units "
    "demand_mean demand_bought need yield_added rounding_added limit_cut cover_days_before "
    "cover_days_after stockout_date previous_units change planner explanation "
    "override_cost approval"
)
POLICY_NAMES = (
    "sku location abc_xyz life_stage hit service_level safety_stock reorder_point order_up_to "
    "review_days lead_time_days protection_days demand_mean demand_q50 demand_q90 "
    "demand_q95 cover_days bias_8w wape_8w stockout_days_8w"
)
FORECASTS_NAMES = (
    "sku location date mean q50 q80 q90 q95 q99 base uplift committed returns_expected model "
    "level season booster blend correction life event price override"
)
EXCEPTIONS_NAMES = (
    "exception_id severity code sku location line_id money_at_stake message suggestion "
    "first_seen nights_open planner"
)


def _bytes(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _shuffled(lines: Lines) -> Lines:
    order = np.arange(len(lines.units))[::-1]
    return Lines(**{each.name: getattr(lines, each.name)[order] for each in fields(Lines)})


def test_the_same_night_gives_the_same_bytes(publish) -> None:
    assert _bytes(publish("first")) == _bytes(publish("second"))


def test_the_order_in_which_lines_were_planned_changes_no_byte(publish, parts) -> None:
    turned = replace(
        parts.plan, orders=_shuffled(parts.plan.orders), transfers=_shuffled(parts.plan.transfers)
    )
    assert _bytes(publish("first")) == _bytes(publish("second", plan=turned))


def test_files_have_the_columns_of_the_contract_in_their_order(publish) -> None:
    run = publish()
    assert list(read_csv(run / "orders.csv")) == ORDERS_NAMES.split()
    assert list(read_csv(run / "policy.csv"))[: len(POLICY_NAMES.split())] == POLICY_NAMES.split()
    assert pq.read_schema(run / "policy.parquet").names == list(read_csv(run / "policy.csv"))
    assert pq.read_schema(run / "forecasts.parquet").names == FORECASTS_NAMES.split()
    assert list(read_csv(run / "exceptions.csv")) == EXCEPTIONS_NAMES.split()


def test_codes_stay_text_in_every_file(publish) -> None:
    run, skus = publish(), ["00123", "123", "=cmd()", "短袖👕"]
    sheet = openpyxl.load_workbook(run / "plan.xlsx")["orders"]
    place = [cell.value for cell in sheet[1]].index("SKU")
    cells = [row[place] for row in sheet.iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == skus
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.number_format for cell in cells} == {"@"}
    assert read_csv(run / "orders.csv")["sku"] == skus
    for name in ("policy.parquet", "forecasts.parquet"):
        assert list(dict.fromkeys(pd.read_parquet(run / name)["sku"])) == skus


def test_both_policy_files_hold_the_same_values(publish) -> None:
    run = publish()
    parquet = pd.read_parquet(run / "policy.parquet")
    table = read_csv(run / "policy.csv")
    for name in POLICY_NAMES.split():
        column = parquet[name]
        if pd.api.types.is_numeric_dtype(column):
            texts = pd.to_numeric(pd.Series(table[name], dtype=object).replace("", np.nan))
            np.testing.assert_array_equal(texts.to_numpy(float), column.to_numpy(float))
        else:
            assert table[name] == column.fillna("").tolist()


def test_a_budget_of_0_publishes_whole_files_without_lines(publish, parts) -> None:
    run = publish(plan=parts.empty_plan)
    assert list(read_csv(run / "orders.csv")) == ORDERS_NAMES.split()
    assert read_csv(run / "orders.csv")["line_id"] == []
    assert audit(run, parts.situation) == []
    sheet = openpyxl.load_workbook(run / "plan.xlsx")["orders"]
    assert sheet.max_row == 1


def test_the_language_changes_texts_and_no_code_or_number(publish) -> None:
    english, chinese = publish("en"), publish("zh", language="zh")
    for name in ("orders.csv", "transfers.csv", "clearance.csv", "exceptions.csv", "policy.csv"):
        one, other = read_csv(english / name), read_csv(chinese / name)
        assert list(one) == list(other)
        for column in one.keys() - {"explanation", "message", "suggestion"}:
            assert one[column] == other[column]
    assert read_csv(chinese / "orders.csv")["explanation"][0].endswith("。")
    sheet = openpyxl.load_workbook(chinese / "plan.xlsx")["orders"]
    assert "商品编码" in [cell.value for cell in sheet[1]]


def test_a_rejected_row_is_published_with_its_reason_and_no_formula(publish) -> None:
    text = (publish() / "rejected_rows.csv").read_text("utf-8-sig")
    assert text.splitlines()[1] == "sales,sales.csv,17,units,'=SUM(A1),text in a number"


def test_a_situation_of_another_night_is_refused(publish, parts) -> None:
    with pytest.raises(DataError, match="2026-11-21"):
        publish(as_of=parts.as_of - 1, situation=parts.situation)
