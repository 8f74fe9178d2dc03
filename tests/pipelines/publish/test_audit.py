"""The audit finds a run whose files disagree."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from pipelines.publish.audit import audit


def _replace(file: str, old: str, new: str):
    def spoil(run: Path) -> None:
        text = (run / file).read_bytes().decode()
        assert old in text
        (run / file).write_bytes(text.replace(old, new, 1).encode())

    return spoil


def _drop_last_row(file: str):
    def spoil(run: Path) -> None:
        rows = (run / file).read_bytes().splitlines(keepends=True)
        (run / file).write_bytes(b"".join(rows[:-1]))

    return spoil


def _repeat_last_row(file: str):
    def spoil(run: Path) -> None:
        content = (run / file).read_bytes()
        (run / file).write_bytes(content + content.splitlines(keepends=True)[-1])

    return spoil


def _change_summary(run: Path) -> None:
    summary = json.loads((run / "summary.json").read_text("utf-8"))
    summary["orders"]["value"] += 1
    (run / "summary.json").write_text(json.dumps(summary), encoding="utf-8")


def _cut_forecast(run: Path) -> None:
    frame = pd.read_parquet(run / "forecasts.parquet")
    frame.iloc[:-1].to_parquet(run / "forecasts.parquet")


def test_a_sound_run_has_no_problems(publish, parts) -> None:
    assert audit(publish(), parts.situation) == []


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (_replace("orders.csv", ",72,6,9.37,674.64,", ",84,7,9.37,674.64,"), "units x unit_cost"),
        (_replace("orders.csv", ",72,6,9.37,674.64,", ",73,6,9.37,684.01,"), "multiple"),
        (_replace("orders.csv", ",72,6,9.37,674.64,", ",0,0,9.37,0,"), "without units"),
        (_replace("orders.csv", ",00123,72,", ",99999,72,"), "not in policy.csv"),
        (_drop_last_row("transfers.csv"), "units of transfers.csv"),
        (_repeat_last_row("orders.csv"), "more than once"),
        (_repeat_last_row("policy.csv"), "more than once"),
        (_drop_last_row("exceptions.csv"), "counts exceptions otherwise"),
        (_drop_last_row("orders.csv"), "plan.xlsx"),
        (_replace("policy.csv", "0.95,4,61.5,64", "0.95,4,61.5,65"), "differ in order_up_to"),
        (_drop_last_row("rejected_rows.csv"), "rejected_rows"),
        (_change_summary, "value of orders.csv"),
        (_cut_forecast, "rows of forecasts.parquet"),
        (lambda run: (run / "plan.xlsx").unlink(), "missing"),
    ],
)
def test_every_disagreement_is_named(publish, parts, spoil, found) -> None:
    run = publish()
    spoil(run)
    assert any(found in problem for problem in audit(run, parts.situation))


@pytest.mark.parametrize(("gap", "told"), [(3.0, False), (1e6, True)])
def test_sums_beyond_the_cents_of_double_precision_may_differ_by_rounding(
    publish, gap, told
) -> None:
    run, huge = publish(), 8e15
    table = pd.read_csv(run / "exceptions.csv", dtype=str, keep_default_na=False)
    table.loc[0, "money_at_stake"] = str(huge)
    table.to_csv(run / "exceptions.csv", index=False, encoding="utf-8-sig")
    stake = pd.to_numeric(table["money_at_stake"]).sum()
    figures = json.loads((run / "summary.json").read_text("utf-8"))
    figures["exceptions_money_at_stake"] = {"all": float(stake) + gap}
    (run / "summary.json").write_text(json.dumps(figures), encoding="utf-8")
    assert any("money at stake" in problem for problem in audit(run)) == told
