"""Inputs that change raise an alert, inputs that do not, or do so every year, raise none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecasting.watch.alerts import ALERT, input_alerts
from forecasting.watch.inputs import input_changes, pooled_change, share_change, stability_index
from stockwright.calendar import Calendar
from stockwright.panel import Covariates, DemandPanel, SeriesIndex, Status

N, DAYS = 300, 28 * 17
RATE, LEAST = 0.02, 0.25


def panel(seed: int, season: float = 0.0) -> DemandPanel:
    """Keys that sell about the same all the time, or with a season of a year of 13 stretches."""
    rng = np.random.default_rng(seed)
    rate = 10 ** rng.normal(0.3, 0.4, (N, 1))
    wave = np.exp(season * np.sin(2 * np.pi * np.arange(DAYS) / (28 * 13)))
    demand = rng.poisson(rate * wave).astype(np.float32)
    price = np.repeat(rng.uniform(5, 50, (N, 1)), DAYS + 7, axis=1).astype(np.float32)
    flat = np.zeros((1, DAYS + 7))
    return DemandPanel(
        index=SeriesIndex(
            tuple(f"s{i:03}" for i in range(N)), ("shop",), np.arange(N), np.zeros(N)
        ),
        calendar=Calendar("day", np.datetime64("2025-01-01")),
        demand=demand,
        status=np.zeros(demand.shape),
        in_stock=np.ones(demand.shape),
        covariates=Covariates(price, flat, flat, flat),
        launch=np.full(N, -100),
    )


def alerts(found) -> set[str]:
    words = input_alerts(found, RATE, LEAST)
    return {each.measure for each, word in zip(found, words, strict=True) if word == ALERT}


def changed(whole: DemandPanel, **parts: np.ndarray) -> DemandPanel:
    return replace(whole, **parts)


def test_the_index_of_two_bins_is_that_worked_out_by_hand() -> None:
    """(.5 - .6) ln(.5 / .6) + (.5 - .4) ln(.5 / .4) = .0405."""
    now, reference = np.array([5e5, 5e5]), np.array([6e5, 4e5])
    assert stability_index(now, reference) == pytest.approx(0.04055, abs=1e-4)
    assert stability_index(now, now) == pytest.approx(0.0, abs=1e-12)


def test_a_quiet_shop_raises_no_alert_beyond_the_rate() -> None:
    raised = sum(bool(alerts(input_changes(panel(seed), RATE))) for seed in range(20))
    assert raised <= 2


def test_demand_that_rises_everywhere_is_an_alert() -> None:
    whole = panel(3)
    demand = whole.demand.copy()
    demand[:, -28:] *= 2
    assert "demand" in alerts(input_changes(changed(whole, demand=demand), RATE))


def test_prices_stock_and_missing_days_are_told_apart() -> None:
    whole = panel(4)
    price = whole.covariates.price.copy()
    price[:, DAYS - 28 : DAYS] *= 1.2
    dear = changed(whole, covariates=replace(whole.covariates, price=price))
    assert alerts(input_changes(dear, RATE)) == {"price"}
    status = whole.status.copy()
    status[:, -12:] = Status.MISSING
    assert "missing_days" in alerts(input_changes(changed(whole, status=status), RATE))
    in_stock, status = whole.in_stock.copy(), whole.status.copy()
    in_stock[::2, -28:], status[::2, -28:] = 0.4, Status.CENSORED
    empty = changed(whole, in_stock=in_stock, status=status)
    assert "in_stock_share" in alerts(input_changes(empty, RATE))


def test_new_and_lost_keys_are_counted() -> None:
    whole = panel(5)
    launch, status = whole.launch.copy(), whole.status.copy()
    launch[:150], status[:150, : DAYS - 20] = DAYS - 20, Status.NOT_LISTED
    assert "new_keys" in alerts(input_changes(changed(whole, launch=launch, status=status), RATE))
    status = whole.status.copy()
    status[:150, -10:] = Status.NOT_LISTED
    found = {each.measure: each for each in input_changes(changed(whole, status=status), RATE)}
    assert found["lost_keys"].now == pytest.approx(0.5)
    assert "lost_keys" in alerts([*found.values()])


def test_a_season_that_comes_every_year_raises_no_alert() -> None:
    assert "demand" not in alerts(input_changes(panel(6, season=0.9), RATE))


def test_a_history_too_short_to_know_what_is_usual_says_nothing() -> None:
    short = panel(7)
    assert input_changes(replace(
        short, demand=short.demand[:, :140], status=short.status[:, :140],
        in_stock=short.in_stock[:, :140],
    ), RATE) == []  # fmt: skip


def test_lead_times_that_grow_are_an_alert_and_old_ones_too_few_to_tell_are_none() -> None:
    rng = np.random.default_rng(8)
    stretch = rng.integers(0, 8, 2000)
    days = np.where(stretch == 0, 14, 7) + rng.integers(0, 4, 2000).astype(float)
    found = pooled_change("lead_time", days, stretch, 8, RATE)
    assert alerts([found]) == {"lead_time"}
    assert (found.now, found.before) == pytest.approx((15.5, 8.5), abs=0.3)
    quiet = pooled_change("lead_time", days - 7 * (stretch == 0), stretch, 8, RATE)
    assert alerts([quiet]) == set()
    assert pooled_change("lead_time", days[:40], stretch[:40], 8, RATE) is None


def test_a_share_of_the_shop_is_held_against_its_past() -> None:
    whole = np.full(10, 1000.0)
    part = np.array([400.0, 52, 48, 50, 47, 55, 51, 49, 50, 53])
    found = share_change("returns", part, whole, RATE)
    assert alerts([found]) == {"returns"}
    assert share_change("returns", part[1:], whole[1:], RATE).psi < 0.01
    assert share_change("returns", part[:3], whole[:3], RATE) is None
