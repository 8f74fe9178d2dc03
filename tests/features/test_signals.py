"""Features of signals that run beside demand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.build import build_features
from features.context import build_context
from features.params import FeatureParams
from features.signals import learn_leads, signal_state_features, signal_target_features
from stockwright.panel import DemandPanel

DAY = FeatureParams.for_period("day")


def with_signals(panel: DemandPanel, ahead: tuple[str, ...] = (), **values) -> DemandPanel:
    """The panel with signals; of those not known ahead, what lies after the origin is hidden."""
    width = panel.covariates.n_periods
    shown = {}
    for name, each in values.items():
        full = np.array(np.broadcast_to(each, (len(each), width)), np.float32)
        if name not in ahead:
            full[:, panel.n_periods :] = np.nan
        shown[name] = full
    covariates = replace(panel.covariates, signals=shown, known_ahead=frozenset(ahead))
    return replace(panel, covariates=covariates)


def clicks_of(panel: DemandPanel, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    size = (panel.n_series, panel.covariates.n_periods)
    values = rng.lognormal(3.0, 0.5, size).astype(np.float32)
    return np.where(rng.random(size) < 0.1, np.nan, values).astype(np.float32)


def usual(values: np.ndarray, period: int, origin: int, cycle: int) -> float:
    """Slow twin: mean of the last four of the same weekday before ``period``, none of them later
    than the origin."""
    places = [p for p in range(period - cycle, -1, -cycle) if p <= origin][:4]
    found = [np.arcsinh(values[p]) for p in places if np.isfinite(values[p])]
    return float(np.mean(found)) if found else np.nan


def test_each_feature_of_a_signal_equals_its_definition_taken_cell_by_cell(make_panel) -> None:
    panel = make_panel(periods=120)
    clicks, weather = clicks_of(panel, 1), clicks_of(panel, 2)[:1]
    panel = with_signals(panel, ("weather",), clicks=clicks, weather=weather)
    steps, lead, origin = np.array([1, 3, 9]), 3, panel.origin
    state = signal_state_features(panel, DAY)
    target = signal_target_features(panel, {"clicks": lead}, steps, DAY)
    for i in range(panel.n_series):
        row = panel.covariates.signals["clicks"][i]
        last = max(p for p in range(origin + 1) if np.isfinite(row[p]))
        recent = np.arcsinh(row[origin - 6 : origin + 1])
        middle = np.arcsinh(row[origin - 90 : origin + 1])
        assert state["signal_clicks_age"][i] == origin - last
        change = np.arcsinh(row[last]) - usual(row, last, origin, 7)
        assert state["signal_clicks_last"][i] == pytest.approx(change, abs=1e-5)
        trend = np.nanmean(recent) - np.nanmean(middle)
        assert state["signal_clicks_trend"][i] == pytest.approx(trend, abs=1e-5)
        for j, step in enumerate(steps):
            at = origin + step
            led = np.nan
            if at - lead <= origin:
                led = np.arcsinh(row[at - lead]) - usual(row, at - lead, origin, 7)
            got = target["signal_clicks_led"][i, j]
            assert got == pytest.approx(led, abs=1e-5, nan_ok=True)
            cell, shown = weather[0, at], target["signal_weather_value"][i, j]
            assert shown == pytest.approx(cell, nan_ok=True)
            change = np.arcsinh(cell) - usual(weather[0], at, origin, 7)
            got = target["signal_weather_change"][i, j]
            assert got == pytest.approx(change, abs=1e-5, nan_ok=True)


@pytest.mark.parametrize(("period", "lead"), [("day", 3), ("day", 11), ("week", 2)])
def test_the_lead_of_a_signal_that_demand_follows_is_found(make_panel, period, lead) -> None:
    params = FeatureParams.for_period(period)
    panel = make_panel(period=period, skus=40, periods=200)
    pull = np.random.default_rng(3).normal(0.0, 0.6, (panel.n_series, panel.covariates.n_periods))
    ahead = np.roll(pull, -lead, axis=1)
    demand = panel.demand * np.exp(pull[:, : panel.n_periods])
    panel = replace(panel, demand=demand.astype(np.float32))
    clicks = 100 * np.exp(ahead + 0.3 * np.sin(np.arange(ahead.shape[1]) * 2 * np.pi / 7))
    noise = np.random.default_rng(4).normal(size=clicks.shape)
    found = learn_leads(with_signals(panel, clicks=clicks, noise=noise), params)
    assert found["clicks"] == lead


def test_a_signal_that_is_never_known_has_no_lead_and_no_features(make_panel) -> None:
    panel = make_panel(periods=60)
    nothing = np.full((1, panel.covariates.n_periods), np.nan)
    panel = with_signals(panel, clicks=nothing)
    assert learn_leads(panel, DAY) == {}
    columns = signal_state_features(panel, DAY)
    columns |= signal_target_features(panel, {}, np.array([1, 2]), DAY)
    assert all(np.isnan(values).all() for values in columns.values())


def test_what_a_signal_says_after_the_origin_changes_no_feature(make_panel) -> None:
    """At a past origin, whatever comes later of a signal that is not known ahead."""
    panel, origin = make_panel(periods=300), 250
    one = clicks_of(panel, 5)
    other = one.copy()
    other[:, origin + 1 :] = 1e6
    seen = []
    for clicks in (one, other):
        past = with_signals(panel, clicks=clicks).until(origin)
        matrix = build_features(past, [1, 5, 12], DAY, build_context(past, DAY))
        seen.append(matrix)
    assert any(name.startswith("signal_clicks") for name in seen[0].names)
    assert seen[0].names == seen[1].names
    np.testing.assert_array_equal(seen[0].X, seen[1].X)


def test_the_features_of_a_series_do_not_depend_on_its_block(make_panel) -> None:
    panel = make_panel(periods=150)
    panel = with_signals(panel, clicks=clicks_of(panel), weather=clicks_of(panel, 7)[:1])
    context, steps = build_context(panel, DAY), np.array([1, 4])
    whole = build_features(panel, steps, DAY, context)
    part = build_features(panel.take(slice(4, 7)), steps, DAY, context)
    np.testing.assert_array_equal(part.X, whole.X[4 * 2 : 7 * 2])
