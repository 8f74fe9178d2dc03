"""Dates alone decide which stored model a night may use."""

import numpy as np
import pytest

from pipelines.store.models import FolderModelStore, StoredModel, refit_since

RECIPE = "a" * 64


def day(text):
    return np.datetime64(text, "D")


@pytest.mark.parametrize(
    ("refit", "first"),
    [("nightly", "2026-11-19"), ("weekly", "2026-11-16"), ("monthly", "2026-11-01")],
)
def test_a_model_may_be_as_old_as_its_period(refit, first):
    # 2026-11-19 is a Thursday; its week began on Monday the 16th.
    assert refit_since(day("2026-11-19"), refit) == day(first)


def test_the_newest_model_before_the_night_is_found_and_none_of_the_night_itself(tmp_path):
    store = FolderModelStore(tmp_path)
    for date in ("2026-11-16", "2026-11-17", "2026-11-19"):
        store.put(StoredModel(day(date), RECIPE, date.encode()))
    found = store.find(RECIPE, day("2026-11-16"), day("2026-11-19"))
    assert found is not None
    assert (found.fitted_on, found.content) == (day("2026-11-17"), b"2026-11-17")
    assert store.find(RECIPE, day("2026-11-18"), day("2026-11-19")) is None
    assert store.find("b" * 64, day("2026-11-16"), day("2026-11-20")) is None


def test_a_damaged_model_does_not_count(tmp_path):
    store = FolderModelStore(tmp_path)
    store.put(StoredModel(day("2026-11-16"), RECIPE, b"whole"))
    next(tmp_path.glob("*/model.bin")).write_bytes(b"damaged")
    assert store.find(RECIPE, day("2026-11-01"), day("2026-11-19")) is None


def test_only_the_newest_models_are_kept(tmp_path):
    store = FolderModelStore(tmp_path)
    for date in ("2026-11-16", "2026-11-17", "2026-11-18"):
        store.put(StoredModel(day(date), RECIPE, b"model"))
    store.keep_newest(2)
    assert sorted(p.name[:10] for p in tmp_path.iterdir()) == ["2026-11-17", "2026-11-18"]
