"""Names and keys of the panel."""

from __future__ import annotations

import numpy as np
import pytest

from stockwright.calendar import Calendar
from stockwright.errors import DataError
from stockwright.panel import Covariates, DemandPanel, SeriesIndex, text_hash


def test_texts_hash_to_the_published_values_of_fnv_1a() -> None:
    """The test vectors that Fowler, Noll and Vo publish for 64 bits, and any mix of lengths."""
    known = {
        "": 0xCBF29CE484222325, "a": 0xAF63DC4C8601EC8C, "foobar": 0x85944171F73967E8,
    }  # fmt: skip
    assert text_hash([*known]).tolist() == [*known.values()]
    assert len(text_hash([])) == 0
    texts = ["短袖👕", "00123", "", "123", "x" * 300]
    apart = [int(text_hash([text])[0]) for text in texts]
    assert text_hash(texts).tolist() == apart
    assert len(set(apart)) == len(texts)


def test_the_hash_of_a_key_depends_on_its_own_names_alone() -> None:
    codes = np.arange(8)
    index = SeriesIndex(("a", "b", "c", "d"), ("x", "y"), codes // 2, codes % 2)
    few = SeriesIndex(("b", "d"), ("y",), np.array([0, 1]), np.array([0, 0]))
    rows = np.array([3, 7])
    assert index.take(rows).key_hash().tolist() == index.key_hash()[rows].tolist()
    assert few.key_hash().tolist() == index.key_hash()[rows].tolist()


@pytest.mark.parametrize("names", [("b", "a"), ("a", "a")])
def test_name_tables_out_of_order_are_refused(names: tuple[str, ...]) -> None:
    none = np.zeros(0, np.int32)
    with pytest.raises(DataError, match="skus must be sorted and unique"):
        SeriesIndex(names, ("x",), none, none)


def _panel_with_signals(clicks: np.ndarray, festival: np.ndarray, periods: int) -> DemandPanel:
    n, width = 3, clicks.shape[1]
    flat = np.zeros((1, width), np.float32)
    none = np.zeros((1, width), np.int16)
    covariates = Covariates(
        flat, flat, none, none,
        signals={"clicks": clicks, "festival": festival}, known_ahead=frozenset({"festival"}),
    )  # fmt: skip
    return DemandPanel(
        index=SeriesIndex(("a", "b", "c"), ("x",), np.arange(n), np.zeros(n)),
        calendar=Calendar("day", np.datetime64("2026-01-01")),
        demand=np.ones((n, periods), np.float32),
        status=np.zeros((n, periods), np.uint8),
        in_stock=np.ones((n, periods), np.float32),
        covariates=covariates,
        launch=np.zeros(n, np.int32),
    )


def test_an_earlier_origin_sees_no_later_value_of_a_signal_unless_it_is_known_ahead() -> None:
    periods, width, origin = 6, 9, 3
    clicks = np.arange(3 * width, dtype=np.float32).reshape(3, width)
    clicks[:, periods:] = np.nan
    festival = np.arange(width, dtype=np.float32)[None]
    past = _panel_with_signals(clicks, festival, periods).until(origin)
    seen = past.covariates.signals
    assert np.isnan(seen["clicks"][:, origin + 1 :]).all()
    assert (seen["clicks"][:, : origin + 1] == clicks[:, : origin + 1]).all()
    assert (seen["festival"] == festival).all()


def test_some_series_have_their_own_rows_of_a_signal_and_share_what_is_shared() -> None:
    clicks = np.arange(12, dtype=np.float32).reshape(3, 4)
    festival = np.arange(4, dtype=np.float32)[None]
    some = _panel_with_signals(clicks, festival, 4).take(np.array([0, 2])).covariates.signals
    assert some["clicks"].tolist() == clicks[[0, 2]].tolist()
    assert some["festival"].tolist() == festival.tolist()


def test_a_signal_with_a_later_value_that_is_not_known_ahead_is_refused() -> None:
    with pytest.raises(DataError, match="signal clicks after the origin must be NaN"):
        _panel_with_signals(np.zeros((3, 5), np.float32), np.zeros((1, 5), np.float32), 4)


def test_a_signal_of_another_width_is_refused() -> None:
    with pytest.raises(DataError, match="different numbers of periods"):
        _panel_with_signals(np.zeros((3, 4), np.float32), np.zeros((1, 5), np.float32), 4)
