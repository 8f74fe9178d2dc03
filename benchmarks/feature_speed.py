"""Time of the feature engine by group of features, on a synthetic panel.

    python benchmarks/feature_speed.py [--series 8000] [--periods 730] [--steps 30] [--repeat 3]

Prints the best of the repetitions in milliseconds, single thread, and the peak memory.
"""

from __future__ import annotations

import argparse
import resource
from collections.abc import Callable
from time import perf_counter

import numpy as np

from features.build import build_features, prepare, state_features, target_features
from features.context import build_context
from features.dates import date_features
from features.events import event_features
from features.level import base_level, group_prior, season_factor
from features.params import FeatureParams
from features.signal import deseasonalized, recent_signal
from features.state import (
    exponential_features,
    lag_features,
    quantile_features,
    rolling_features,
    sale_features,
    spread_features,
    stock_features,
)
from features.target import (
    cycle_features,
    group_features,
    price_features,
    season_features,
    year_features,
)
from stockwright.calendar import Calendar
from stockwright.panel import Covariates, DemandPanel, SeriesIndex, Status

LOCATIONS, CATEGORIES, BRANDS = 4, 60, 80


def synthetic_panel(series: int, periods: int, steps: int, seed: int = 1) -> DemandPanel:
    """Daily Poisson demand over log-normal rates with stock-outs and shop-wide events."""
    rng = np.random.default_rng(seed)
    skus = -(-series // LOCATIONS)
    index = SeriesIndex(
        tuple(f"{i:06d}" for i in range(skus)),
        tuple(f"w{i}" for i in range(LOCATIONS)),
        np.repeat(np.arange(skus), LOCATIONS)[:series].astype(np.int32),
        np.tile(np.arange(LOCATIONS), skus)[:series].astype(np.int32),
    )
    total = periods + steps
    event = np.zeros((series, total), np.int16)
    for start in range(40, total, 60):
        event[:, start : start + 5] = 1 + (start // 60) % 4
    phase = np.where(event > 0, 1, 0)
    price = np.repeat(rng.uniform(5, 100, (series, 1)), total, axis=1)
    covariates = Covariates(
        price.astype(np.float32),
        np.where(event > 0, 0.2, 0.0).astype(np.float32),
        event,
        phase.astype(np.int16),
        ("a", "b", "c", "d"),
        ("burst",),
    )
    demand = rng.poisson(np.exp(rng.normal(-1, 1.5, (series, 1))), (series, periods))
    status = np.where(rng.random((series, periods)) < 0.05, Status.CENSORED, Status.OBSERVED)
    in_stock = np.where(status == Status.CENSORED, rng.random((series, periods)), 1)
    codes = {
        "category_1": rng.integers(0, CATEGORIES, skus)[index.sku].astype(np.int32),
        "brand": rng.integers(0, BRANDS, skus)[index.sku].astype(np.int32),
    }
    return DemandPanel(
        index,
        Calendar("day", np.datetime64("2023-01-02")),
        demand.astype(np.float32),
        status.astype(np.uint8),
        in_stock.astype(np.float32),
        covariates,
        np.zeros(series, np.int32),
        codes,
    )


def best(call: Callable[[], object], repeat: int) -> float:
    times = []
    for _ in range(repeat):
        began = perf_counter()
        call()
        times.append(perf_counter() - began)
    return 1000 * min(times)


def measured(panel: DemandPanel, steps: int, repeat: int) -> dict[str, float]:
    """Milliseconds by name."""
    params = FeatureParams.for_period("day")
    context = build_context(panel, params)
    wanted = np.arange(1, steps + 1)
    ready = prepare(panel, steps, params, context)
    signal, calm, level = ready.signal, ready.calm, ready.level
    prior = group_prior(panel, context, params)
    scale = level.astype(np.float32)
    window = signal.window
    future = season_factor(panel, context, panel.n_periods, steps, params)
    recent, periods = scale, panel.origin + wanted
    calls: dict[str, Callable[[], object]] = {
        "context of the whole panel": lambda: build_context(panel, params),
        "signal": lambda: recent_signal(panel, params.window(steps), params),
        "season of the past": lambda: season_factor(
            panel, context, panel.n_periods - window, window, params
        ),
        "deseasonalize": lambda: deseasonalized(signal, ready.factor),
        "level": lambda: base_level(signal, calm, prior, params),
        "state: rolling": lambda: rolling_features(signal, scale, params),
        "state: exponential": lambda: exponential_features(signal, scale, params),
        "state: lags": lambda: lag_features(signal, scale, params),
        "state: quantiles": lambda: quantile_features(signal, scale, params),
        "state: spread": lambda: spread_features(signal, scale, params),
        "state: sales": lambda: sale_features(signal, params),
        "state: stock": lambda: stock_features(panel.status, panel.in_stock, signal, params),
        "state: groups": lambda: group_features(panel, context, scale, params),
        "state: all": lambda: state_features(ready),
        "target: weekday": lambda: cycle_features(signal, scale, wanted, params),
        "target: year": lambda: year_features(signal, scale, wanted, params),
        "target: season": lambda: season_features(panel, context, future, recent, periods, params),
        "target: price": lambda: price_features(panel, wanted, signal, params),
        "target: events": lambda: event_features(panel, context, wanted, signal, params),
        "target: dates": lambda: date_features(panel.calendar, periods, params.country),
        "target: all": lambda: target_features(ready, wanted),
        "build_features, 1 step": lambda: build_features(panel, [1], params, context),
        f"build_features, {steps} steps": lambda: build_features(panel, wanted, params, context),
    }
    return {name: best(call, repeat) for name, call in calls.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=8000)
    parser.add_argument("--periods", type=int, default=730)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    panel = synthetic_panel(given.series, given.periods, given.steps)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for name, time in measured(panel, given.steps, given.repeat).items():
        print(f"{name:32s} {time:9.1f} ms")
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {after:.0f} MB, before the features {before:.0f} MB")


if __name__ == "__main__":
    main()
