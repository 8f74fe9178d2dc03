"""Nights of a weekly shop of two categories, one of which leaves its forecasts."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

WEEKS, NIGHTS, SHIFTED = 46, 7, 2
LAST = np.datetime64("2026-09-06")
CATEGORIES = {"home": range(20), "toys": range(20, 40)}
CONFIG = """period = "week"
[model]
use = "early_units:Early"
refit = "monthly"
[clearance]
use = false
"""
# It needs no fit worth the name, and never learns of a shift.
CLASS = """
import numpy as np
from stockwright.scatter import Scatter

class Early:
    def fit(self, panel):
        return b"early"

    def predict(self, content, panel, horizon):
        mean = panel.demand[:, :30].mean(axis=1, keepdims=True)
        return Scatter().around(panel, np.repeat(mean, horizon, axis=1), "early")
"""


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The module ``early_units``."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "early_units.py").write_text(CLASS, "utf-8")
    monkeypatch.delitem(sys.modules, "early_units", raising=False)


def sundays() -> list[str]:
    return [str(LAST - 7 * back) for back in range(WEEKS - 1, -1, -1)]


def write_shop(shop) -> None:
    """40 SKUs in one place; demand of toys is four times as high in the last two weeks."""
    rng = np.random.default_rng(2)
    rate = 10 ** rng.uniform(1.0, 1.8, 40)
    units = rng.poisson(rate[:, None] * np.ones(WEEKS))
    units[20:, -SHIFTED:] = rng.poisson(4 * rate[20:, None] * np.ones(SHIFTED))
    sales = [
        f"{date},s{i:02},Here,{units[i, week]},10"
        for week, date in enumerate(sundays())
        for i in range(40)
    ]
    stock = [f"s{i:02},Here,{int(4 * rate[i])}" for i in range(40)]
    products = [f"s{i:02},{name},6,10" for name, some in CATEGORIES.items() for i in some]
    shop.write("sales.csv", "\n".join(["date,sku,location,units,price", *sales]))
    shop.write("inventory.csv", "\n".join(["sku,location,on_hand", *stock]))
    shop.write("products.csv", "\n".join(["sku,category,unit_cost,price", *products]))
    shop.write("stockwright.toml", CONFIG)


def manifest_of(night) -> dict:
    return json.loads((night.folder / "manifest.json").read_text("utf-8"))


def dates() -> list[str]:
    return sundays()[-NIGHTS:]


@pytest.mark.slow
def test_a_shift_of_one_category_is_told_of_it_alone_and_lasting_falls_back(bare, models) -> None:
    write_shop(bare)
    nights = [bare.night(date) for date in dates()]
    assert {night.code for night in nights} == {0}
    first, *later, last = nights
    assert list(first.table("drift")["segment"]) == []
    quiet = pd.concat([night.table("drift") for night in later[: 1 - SHIFTED]])
    assert len(quiet) > 40
    assert (quiet["alert"] == "alert").sum() == 0
    drift = last.table("drift")
    biases = drift[drift["measure"] == "bias"].set_index("segment")["alert"]
    assert (biases["home"], biases["toys"]) == ("none", "alert")
    drifted = last.table("exceptions").query("code == 'FORECAST_DRIFT'")["message"]
    assert drifted.str.contains("category toys").any()
    assert not drifted.str.contains("home").any()
    assert last.summary["drift"]["alerts"] == (drift["alert"] == "alert").sum()
    assert last.summary["drift"]["fallback"] == []
    fitted = [manifest_of(night)["model"]["fitted_on"] for night in nights]
    begun = NIGHTS - SHIFTED
    assert fitted[begun - 1] < fitted[begun] == dates()[begun]

    bare.write("stockwright.toml", CONFIG + "[drift]\nfallback_nights = 1\n")
    fallen = bare.night(str(LAST), "--force")
    assert fallen.code == 0
    assert "forecast of category toys: it has drifted" in manifest_of(fallen)["substitutes"]
    assert "category toys" in fallen.summary["drift"]["fallback"]
    assert "FORECAST_FALLBACK" in fallen.codes()
    model = pd.read_parquet(fallen.folder / "forecasts.parquet").groupby("sku")["model"].first()
    assert {*model[[f"s{i:02}" for i in CATEGORIES["toys"]]]} == {"plain"}
    before = bare.files(str(LAST))
    bare.night(str(LAST), "--force")
    assert bare.files(str(LAST)) == before
