"""Demo, validate, nightly, explain and status work on one another's results."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from pipelines.demo import DEMO_LAST_DATE
from planner.main import app
from planner.screen import number

DATE = str(DEMO_LAST_DATE)


def call(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A demo shop and its published night; what each command said."""
    folder = tmp_path_factory.mktemp("planner")
    data, out = folder / "shop", folder / "runs"
    said = {"demo": call("demo", data, "--skus", 20, "--days", 200)}
    said["validate"] = call("validate", "--data", data, "--date", DATE)
    (data / "stockwright.toml").write_text("[model]\ntrees = 10\n")
    said["nightly"] = call("nightly", "--data", data, "--date", DATE, "--out", out)
    return data, out, said


def test_the_demo_says_that_it_is_synthetic(shop):
    answer = shop[2]["demo"]
    assert answer.exit_code == 0
    assert "synthetic" in answer.stdout


def test_a_sound_shop_passes_validation_with_every_row_counted(shop):
    data, _, said = shop
    assert said["validate"].exit_code == 0
    assert number(len(pd.read_parquet(data / "sales.parquet"))) in said["validate"].stdout


def test_validation_names_every_problem_and_ends_with_3(tmp_path):
    (tmp_path / "sales.csv").write_text("date,sku\n2026-01-01,a\n")
    answer = call("validate", "--data", tmp_path)
    assert answer.exit_code == 3
    for name in ("location", "units", "inventory"):
        assert name in answer.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["sales.csv"]


def test_validation_of_a_wrong_date_or_folder_ends_with_2(shop, tmp_path):
    assert call("validate", "--data", shop[0], "--date", "yesterday").exit_code == 2
    assert call("validate", "--data", tmp_path / "none").exit_code == 2


def test_the_closing_table_shows_the_figures_of_the_summary(shop):
    _, out, said = shop
    assert said["nightly"].exit_code == 0, said["nightly"].stderr
    summary = json.loads((out / DATE / "summary.json").read_text("utf-8"))
    for figure in summary["kpis"].values():
        assert number(figure["value"], figure["unit"]) in said["nightly"].stdout
    assert "Published" in said["nightly"].stdout


def test_the_log_of_a_night_is_json_and_names_one_run(shop):
    lines = [json.loads(line) for line in shop[2]["nightly"].stderr.splitlines()]
    assert len({line["run"] for line in lines}) == 1
    assert [line["step"] for line in lines if line["event"] == "finished"] == [
        *("read", "panel", "drift", "fit", "forecast", "plan", "write", "audit", "publish")
    ]


def test_a_line_of_the_plan_is_explained(shop):
    _, out, _ = shop
    lines = pd.read_csv(out / DATE / "transfers.csv", dtype={"sku": "str"}, encoding="utf-8-sig")
    sku, place = lines.loc[0, ["sku", "destination"]]
    answer = call("explain", "--run", out / DATE, "--sku", sku, "--location", place)
    assert answer.exit_code == 0
    assert lines.loc[0, "explanation"] in " ".join(answer.stdout.split())
    assert call("explain", "--run", out / DATE, "--sku", "none").exit_code == 2


def test_status_names_the_published_run(shop):
    _, out, _ = shop
    answer = call("status", "--out", out)
    assert answer.exit_code == 0
    assert (out / "latest").resolve().name in answer.stdout


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, "days", "-"), (0, "count", "0"), (1234567.0, "lines", "1,234,567"),
        (5.7, "days", "5.7"), (48.2, "days", "48.2"), (6.0, "days", "6.0"),
        (0.12345, "share", "0.1235"), (1.0, "share", "1.0000"),
        (1234.567, "money", "1,234.57"), (7.0, "money", "7.00"),
        (37.0, "units", "37"), (3.25, "units", "3.2"),
    ],
)  # fmt: skip
def test_figures_of_one_unit_have_the_same_decimals(value, unit, shown):
    assert number(value, unit) == shown
