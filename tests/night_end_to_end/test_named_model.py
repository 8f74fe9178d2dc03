"""Nights with a model that the configuration names."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

SUNDAY, NEXT_SUNDAY = "2026-11-15", "2026-11-22"
CLASS = """
import numpy as np
from stockwright.scatter import Scatter

class Last:
    def __init__(self, factor=1.0):
        self.factor = factor

    def fit(self, panel):
        {fit}
        return str(panel.origin).encode()

    def predict(self, content, panel, horizon):
        mean = np.repeat(panel.demand[:, -1:], horizon, axis=1) * self.factor
        names = np.array(panel.index.skus)[panel.index.sku]
        {predict}
        return Scatter().around(panel, mean, "last of " + content.decode())
"""


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``model(fit=..., predict=...)``: the module ``last_units`` with lines of faults."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(fit: str = "pass", predict: str = "pass") -> None:
        text = CLASS.format(fit=fit, predict=predict)
        (tmp_path / "last_units.py").write_text(text, "utf-8")
        monkeypatch.delitem(sys.modules, "last_units", raising=False)

    write()
    return write


@pytest.fixture
def named(shop):
    """The small shop with the model in its configuration; it keeps a model for a month."""
    return shop.configure(model__use='"last_units:Last"', model__refit='"monthly"')


def forecasts(night) -> pd.DataFrame:
    return pd.read_parquet(night.folder / "forecasts.parquet")


def manifest(night) -> dict:
    return json.loads((night.folder / "manifest.json").read_text("utf-8"))


def test_a_night_forecasts_by_the_class_and_its_settings(model, named) -> None:
    one = named.night(NEXT_SUNDAY)
    assert one.code == 0
    found = forecasts(one)
    assert set(found["model"]) == {"last of 29"}
    text = named.data.joinpath("stockwright.toml").read_text()
    named.write("stockwright.toml", text + "[model.settings]\nfactor = 2.0\n")
    two = named.night(NEXT_SUNDAY, "--force")
    assert forecasts(two)["mean"].sum() == pytest.approx(2 * found["mean"].sum())
    assert manifest(two)["model"]["version"] != manifest(one)["model"]["version"]
    assert manifest(two)["model"]["staircase"] == []
    told = named.call("explain", "--run", str(two.folder), "--sku", "mug", "--location", "East")
    assert told.code == 0
    assert "SKU mug" in told.said


def test_a_stored_model_is_used_until_its_class_changes(model, named) -> None:
    named.night(SUNDAY)
    later = named.night(NEXT_SUNDAY)
    assert manifest(later)["model"]["fitted_on"] == SUNDAY
    assert "drift" not in manifest(later)["model"]
    model(predict="mean = mean + 1")
    changed = named.night(NEXT_SUNDAY, "--force")
    assert manifest(changed)["model"]["fitted_on"] == NEXT_SUNDAY
    assert forecasts(changed)["mean"].sum() > forecasts(later)["mean"].sum()


def test_a_fit_that_raises_is_replaced_and_named(model, named) -> None:
    model(fit='raise RuntimeError("no luck")')
    night = named.night(NEXT_SUNDAY)
    assert night.code == 4
    found = night.table("exceptions").set_index("code")["message"]["MODEL_SUBSTITUTE"]
    assert "last_units:Last raised RuntimeError: no luck" in found
    assert not forecasts(night)["model"].str.startswith("last").any()
    model(fit="return {}")
    assert named.night(NEXT_SUNDAY, "--force").code == 4


def test_a_series_that_fails_stays_alone(model, named) -> None:
    named.configure(model__use='"last_units:Last"', gates__failed_series_share="0.4")
    model(predict='mean[names == "mug"] = np.nan')
    night = named.night(NEXT_SUNDAY)
    assert night.code == 0
    failed = night.table("exceptions").query("code == 'SERIES_FAILED'")
    assert set(failed["sku"]) == {"mug"}
    assert failed["message"].str.contains("last_units:Last: mean must be finite").all()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("mean = mean - 1000", "last_units:Last: mean must be finite and >= 0"),
        ("mean = mean[:, :1]", "last_units:Last: a forecast of 1 steps"),
        ("return mean", "last_units:Last: predict gave ndarray, not a Forecast"),
        ("mean = mean[:-1]", "last_units:Last: mean has shape"),
        ("1 / 0", "last_units:Last raised ZeroDivisionError"),
    ],
)
def test_forecasts_that_cannot_be_used_name_the_class(model, named, line, said) -> None:
    model(predict=line)
    night = named.night(NEXT_SUNDAY)
    assert night.code == 3
    assert said in " ".join(night.message.split())
    assert not (named.out / NEXT_SUNDAY).exists()


def test_a_class_that_is_not_there_is_a_configuration_error(shop) -> None:
    night = shop.configure(model__use='"not_there:Last"').night()
    assert night.code == 2
    assert "PYTHONPATH" in night.message
