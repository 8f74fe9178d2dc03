"""A history of two months gives what a year-long window padded with nothing would give."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from features import build as module
from features.build import build_features
from features.context import build_context
from features.params import FeatureParams
from features.signal import signal_window
from stockwright.panel import DemandPanel

DAYS = FeatureParams.for_period("day")


@pytest.mark.parametrize(("period", "periods"), [("day", 62), ("day", 20), ("week", 30)])
def test_a_short_window_equals_the_padded_one(
    make_panel: Callable[..., DemandPanel],
    monkeypatch: pytest.MonkeyPatch,
    period: str,
    periods: int,
) -> None:
    """Up to rounding, for sums of zeros are added up in other blocks."""
    panel, params = make_panel(period, periods=periods), FeatureParams.for_period(period)
    context = build_context(panel, params)
    short = build_features(panel, [1, 9, 20], params, context)
    monkeypatch.setattr(module, "signal_window", lambda _, last, params: params.window(last))
    padded = build_features(panel, [1, 9, 20], params, context)
    assert short.names == padded.names
    np.testing.assert_allclose(short.X, padded.X, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(short.level, padded.level, rtol=1e-6)


def test_the_window_is_whole_as_soon_as_a_year_is_in_reach(
    make_panel: Callable[..., DemandPanel],
) -> None:
    """A target 20 days ahead with three days around it: 364 - 20 - 3 days back at the most."""
    assert signal_window(make_panel(periods=341), 20, DAYS) == 341
    assert signal_window(make_panel(periods=342), 20, DAYS) == DAYS.window(20)


def test_two_months_have_no_season_of_the_year(make_panel: Callable[..., DemandPanel]) -> None:
    short, long = (make_panel(periods=periods) for periods in (62, 460))
    assert (build_context(short, DAYS).season.bins == 1).all()
    assert (build_context(long, DAYS).season.bins != 1).any()
    assert (build_context(short, DAYS).season.weekday != 1).any()
