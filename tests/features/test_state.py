"""State features against plain loops over one series at a time."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from features.build import build_features
from features.matrix import FeatureMatrix
from features.params import FeatureParams
from stockwright.panel import DemandPanel, Status

Cell = tuple[float, float]
NAN = math.nan


def cells(panel: DemandPanel, i: int, params: FeatureParams) -> list[Cell]:
    """(units, exposure) of one series, newest first, by the stated rule."""
    out = []
    for t in range(panel.n_periods - 1, -1, -1):
        status, share = panel.status[i, t], float(panel.in_stock[i, t])
        exposure = 0.0
        if status == Status.OBSERVED:
            exposure = 1.0
        if status == Status.CENSORED and share >= np.float32(params.least_exposure):
            exposure = share
        out.append((float(panel.demand[i, t]) if exposure else 0.0, exposure))
    return out


def rates(newest_first: list[Cell], params: FeatureParams) -> list[float]:
    return [u / e if e >= params.least_rate_exposure else NAN for u, e in newest_first]


def mean(part: list[Cell], weights: list[float] | None = None) -> float:
    weights = weights or [1.0] * len(part)
    bottom = sum(w * e for w, (_, e) in zip(weights, part, strict=True))
    return sum(w * u for w, (u, _) in zip(weights, part, strict=True)) / bottom if bottom else NAN


def over(a: float, b: float) -> float:
    return a / b if b > 0 else NAN


@pytest.fixture(params=["day", "week"])
def case(
    request: pytest.FixtureRequest, make_panel: Callable[..., DemandPanel]
) -> tuple[DemandPanel, FeatureParams, FeatureMatrix]:
    panel = make_panel(request.param, seed=3)
    params = FeatureParams.for_period(request.param)
    return panel, params, build_features(panel, [1], params)


def agree(
    case: tuple[DemandPanel, FeatureParams, FeatureMatrix],
    name: str,
    oracle: Callable[[list[Cell], float, FeatureParams], float],
) -> None:
    panel, params, matrix = case
    wanted = [
        oracle(cells(panel, i, params), float(matrix.level[i]), params)
        for i in range(panel.n_series)
    ]
    assert np.isfinite(wanted).any()
    np.testing.assert_allclose(matrix.column(name), wanted, rtol=2e-4, atol=2e-5)


def test_rolling_means_are_units_over_exposure_relative_to_the_level(case) -> None:
    for window in case[1].windows:
        agree(case, f"mean_{window}", lambda c, level, p, w=window: mean(c[:w]) / level)


def test_trends_are_ratios_of_short_to_long_means(case) -> None:
    p = case[1]
    for short, long in ((p.windows[0], p.short), (p.short, p.middle), (p.middle, p.long)):
        agree(
            case,
            f"trend_{short}_{long}",
            lambda c, level, p, s=short, n=long: over(mean(c[:s]), mean(c[:n])),
        )


def test_exponential_means_halve_the_weight_at_each_half_life(case) -> None:
    for half_life in case[1].half_lives:

        def oracle(c: list[Cell], level: float, p: FeatureParams, h: float = half_life) -> float:
            part = c[: p.long]
            return mean(part, [0.5 ** (k / h) for k in range(len(part))]) / level

        agree(case, f"exponential_{half_life:g}", oracle)


def test_lags_are_the_in_stock_rates_of_single_periods(case) -> None:
    for lag in case[1].lags:
        agree(case, f"lag_{lag}", lambda c, level, p, k=lag: rates(c, p)[k - 1] / level)


def test_quantiles_interpolate_between_the_in_stock_rates(case) -> None:
    def oracle(probability: float) -> Callable[[list[Cell], float, FeatureParams], float]:
        def quantile(c: list[Cell], level: float, p: FeatureParams) -> float:
            known = [r for r in rates(c[: p.quantile_window], p) if not math.isnan(r)]
            return float(np.quantile(known, probability)) / level if known else NAN

        return quantile

    for probability in case[1].quantiles:
        agree(case, f"quantile_{100 * probability:g}", oracle(probability))
    agree(case, "max", oracle(1.0))


def test_zero_shares_and_deviations_are_over_known_rates(case) -> None:
    p = case[1]

    def known(c: list[Cell], p: FeatureParams, window: int) -> list[float]:
        return [r for r in rates(c[:window], p) if not math.isnan(r)]

    def zeros(c: list[Cell], level: float, p: FeatureParams, w: int) -> float:
        seen = known(c, p, w)
        return sum(r == 0 for r in seen) / len(seen) if seen else NAN

    def deviation(c: list[Cell], level: float, p: FeatureParams, w: int) -> float:
        seen = known(c, p, w)
        return float(np.std(seen)) / level if seen else NAN

    for window in (p.short, p.middle, p.long):
        agree(case, f"zero_share_{window}", lambda c, x, p, w=window: zeros(c, x, p, w))
    for window in (p.short, p.middle):
        panel, params, matrix = case
        wanted = [
            deviation(cells(panel, i, params), float(matrix.level[i]), params, window)
            for i in range(panel.n_series)
        ]
        np.testing.assert_allclose(matrix.column(f"deviation_{window}"), wanted, atol=2e-3)


def test_interval_is_exposure_per_selling_period(case) -> None:
    def oracle(c: list[Cell], level: float, p: FeatureParams) -> float:
        part = c[: p.long]
        return over(sum(e for _, e in part), sum(u > 0 for u, _ in part))

    agree(case, "interval", oracle)


def test_periods_since_the_last_sale_are_counted_on_the_calendar(case) -> None:
    def oracle(c: list[Cell], level: float, p: FeatureParams) -> float:
        return next((float(k) for k, (u, _) in enumerate(c[: p.long]) if u > 0), NAN)

    agree(case, "since_sale", oracle)


def test_size_variation_is_the_squared_coefficient_of_variation(case) -> None:
    def oracle(c: list[Cell], level: float, p: FeatureParams) -> float:
        sizes = [u for u, _ in c[: p.long] if u > 0]
        return (float(np.std(sizes) / np.mean(sizes)) ** 2) if sizes else NAN

    agree(case, "size_variation", oracle)


def test_exposure_share_counts_the_whole_window(case) -> None:
    agree(case, "exposure_share", lambda c, x, p: sum(e for _, e in c[: p.long]) / p.long)


def test_stockout_share_is_the_lost_part_of_the_selling_time(case) -> None:
    panel, params, matrix = case
    for window in (params.windows[0], params.short):
        wanted = []
        for i in range(panel.n_series):
            lost = selling = 0.0
            for t in range(panel.n_periods - window, panel.n_periods):
                status = panel.status[i, t]
                selling += status in (Status.OBSERVED, Status.CENSORED)
                lost += (1 - panel.in_stock[i, t]) if status == Status.CENSORED else 0
            wanted.append(over(lost, selling))
        found = matrix.column(f"stockout_share_{window}")
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)
    assert np.nanmax(found) > 0
