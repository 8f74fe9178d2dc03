"""Target features against plain loops over series and steps."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from features.build import build_features
from features.matrix import FeatureMatrix
from features.params import FeatureParams
from stockwright.panel import DemandPanel, Status

STEPS = (1, 2, 6, 7, 8, 15, 20)
NAN = math.nan
Case = tuple[DemandPanel, FeatureParams, FeatureMatrix]


@pytest.fixture(params=["day", "week", "shared"])
def case(request: pytest.FixtureRequest, make_panel: Callable[..., DemandPanel]) -> Case:
    period = "day" if request.param == "shared" else request.param
    panel = make_panel(period, seed=5, shared_events=request.param == "shared")
    params = FeatureParams.for_period(period)
    return panel, params, build_features(panel, STEPS, params)


def cell(panel: DemandPanel, i: int, t: int, params: FeatureParams) -> tuple[float, float]:
    if t < 0:
        return 0.0, 0.0
    share = float(panel.in_stock[i, t])
    if panel.status[i, t] == Status.OBSERVED:
        return float(panel.demand[i, t]), 1.0
    if panel.status[i, t] == Status.CENSORED and share >= np.float32(params.least_exposure):
        return float(panel.demand[i, t]), share
    return 0.0, 0.0


def mean(panel: DemandPanel, i: int, periods: list[int], params: FeatureParams) -> float:
    seen = [cell(panel, i, t, params) for t in periods]
    exposure = sum(e for _, e in seen)
    return sum(u for u, _ in seen) / exposure if exposure else NAN


def over(a: float, b: float) -> float:
    return a / b if b > 0 else NAN


def agree(case: Case, name: str, oracle: Callable[[int, int, float], float]) -> None:
    """oracle(series, target period, level)."""
    panel, _, matrix = case
    wanted = [
        oracle(int(i), panel.origin + int(s), float(x))
        for i, s, x in zip(matrix.series, matrix.step, matrix.level, strict=True)
    ]
    assert np.isfinite(wanted).any()
    np.testing.assert_allclose(matrix.column(name), wanted, rtol=2e-4, atol=2e-5)


def past_weekdays(panel: DemandPanel, target: int) -> list[int]:
    return [t for t in range(panel.origin, -1, -1) if (target - t) % 7 == 0]


def test_weekday_lags_are_the_last_known_periods_of_the_targets_weekday(case: Case) -> None:
    panel, params, _ = case
    if params.cycle == 1:
        pytest.skip("weeks have no weekday")

    def lag(i: int, t: int, level: float, k: int) -> float:
        units, exposure = cell(panel, i, past_weekdays(panel, t)[k - 1], params)
        return units / exposure / level if exposure >= params.least_rate_exposure else NAN

    for k in range(1, params.cycle_lags + 1):
        agree(case, f"weekday_lag_{k}", lambda i, t, x, k=k: lag(i, t, x, k))
    for count in params.cycle_means:
        agree(
            case,
            f"weekday_mean_{count}",
            lambda i, t, x, n=count: mean(panel, i, past_weekdays(panel, t)[:n], params) / x,
        )


def test_year_alone_is_the_target_period_a_year_before(case: Case) -> None:
    panel, params, _ = case

    def alone(i: int, t: int) -> float:
        back = params.year
        while t - back + params.year_reach > panel.origin:
            back += params.year
        return mean(panel, i, [t - back], params)

    agree(case, "year_alone", lambda i, t, x: alone(i, t) / x)


def test_year_lag_averages_around_the_target_a_year_before(case: Case) -> None:
    panel, params, _ = case

    def around(i: int, t: int) -> float:
        reach, back = params.year_reach, params.year
        while t - back + reach > panel.origin:
            back += params.year
        return mean(panel, i, list(range(t - back - reach, t - back + reach + 1)), params)

    agree(case, "year_lag", lambda i, t, x: around(i, t) / x)
    stop = panel.n_periods - params.year
    before = list(range(stop - params.short, stop))
    agree(case, "year_growth", lambda i, t, x: over(around(i, t), mean(panel, i, before, params)))


def test_price_ratio_compares_with_the_mean_price_in_stock(case: Case) -> None:
    panel, params, _ = case
    price = panel.covariates.price

    def past_mean(i: int) -> float:
        total = weight = 0.0
        for t in range(max(panel.n_periods - params.long, 0), panel.n_periods):
            exposure = cell(panel, i, t, params)[1]
            if not math.isnan(price[i, t]):
                total, weight = total + exposure * price[i, t], weight + exposure
        return over(total, weight)

    agree(case, "price_ratio", lambda i, t, x: price[i, t] / past_mean(i))
    agree(case, "price_change", lambda i, t, x: price[i, t] / price[i, panel.origin])


def test_discounts_are_of_the_target_and_against_the_recent_mean(case: Case) -> None:
    panel, params, _ = case
    wide = (panel.n_series, panel.covariates.n_periods)
    discount = np.broadcast_to(panel.covariates.discount, wide)
    recent = slice(panel.n_periods - params.short, panel.n_periods)
    agree(case, "discount", lambda i, t, x: float(discount[i, t]))
    agree(case, "discount_change", lambda i, t, x: discount[i, t] - discount[i, recent].mean())


def test_event_distances_count_periods_to_the_nearest_event_cells(case: Case) -> None:
    panel, params, _ = case
    width = panel.covariates.n_periods
    event = np.broadcast_to(panel.covariates.event, (panel.n_series, width))

    def distance(i: int, t: int, sign: int) -> float:
        for k in range(params.event_reach + 1):
            if 0 <= t + sign * k < width and event[i, t + sign * k] > 0:
                return float(k)
        return NAN

    agree(case, "event", lambda i, t, x: float(event[i, t]))
    agree(case, "to_event", lambda i, t, x: distance(i, t, 1))
    agree(case, "since_event", lambda i, t, x: distance(i, t, -1))


def test_own_uplift_is_the_rate_in_the_same_event_over_the_rate_without_one(case: Case) -> None:
    panel, params, matrix = case
    wide = (panel.n_series, panel.covariates.n_periods)
    event = np.broadcast_to(panel.covariates.event, wide)
    phase = np.broadcast_to(panel.covariates.phase, wide)
    first = max(panel.n_periods - params.window(max(STEPS)), 0)
    history = range(first, panel.n_periods)

    def uplift(i: int, t: int, level: float) -> float:
        if not event[i, t]:
            return NAN
        same = [s for s in history if (event[i, s], phase[i, s]) == (event[i, t], phase[i, t])]
        quiet = [s for s in history if not event[i, s]]
        return over(mean(panel, i, same, params), mean(panel, i, quiet, params))

    if not np.isfinite(matrix.column("event_uplift")).any():
        assert not (event[:, panel.origin + np.array(STEPS)] > 0).any()
        return
    agree(case, "event_uplift", uplift)


def test_age_counts_from_a_launch_that_has_happened(case: Case) -> None:
    panel = case[0]
    assert (panel.launch > panel.origin).any()
    agree(
        case,
        "age",
        lambda i, t, x: float(t - panel.launch[i]) if panel.launch[i] <= panel.origin else NAN,
    )


def test_codes_are_the_panels_and_missing_where_unknown(case: Case) -> None:
    panel, _, matrix = case
    category = panel.attributes["category_1"][matrix.series]
    np.testing.assert_array_equal(
        matrix.column("category_1_code"), np.where(category < 0, NAN, category)
    )
    assert (matrix.column("location_code") == panel.index.location[matrix.series]).all()
    assert set(matrix.categorical) == {
        "category_1_code",
        "category_2_code",
        "brand_code",
        "location_code",
        "event",
        "phase",
    }
