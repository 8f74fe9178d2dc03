"""How often nights without drift raise an alert, and how soon a shift of one category raises one.

A shop is simulated with days that move together, categories that do, and series whose level
wanders; a smoothed mean forecasts it every night. Each night the forecasts of earlier nights are
held against the sales since. Quiet shops give the rate of false alarms; shops in which the demand
of one category is multiplied on a day give the nights until the alert.

    python benchmarks/forecasting/drift_alarms.py --seeds 2 3
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

from forecasting.watch.alerts import ALERT, forecast_alerts
from forecasting.watch.scores import BLOCKS, all_scores
from forecasting.watch.sums import LEVELS, PARTS, DaySums, Segments, day_sums

CATEGORIES, LOCATIONS, WEEK = 6, 4, 7
WARMING, LEAST = 90, 0.1


@dataclass(frozen=True)
class Shop:
    """units: (series, days). level: (series, nights) smoothed after each day."""

    units: np.ndarray
    level: np.ndarray
    season: np.ndarray
    segments: Segments
    spread: float


def simulated(seed: int, series: int, days: int, shift: float, since: int) -> Shop:
    """shift: factor on the demand of category c0 from day ``since`` on."""
    rng = np.random.default_rng(seed)
    category = np.arange(series) % CATEGORIES
    rate = 10 ** rng.normal(0.0, 0.5, series)
    season = np.array([0.9, 0.85, 0.9, 0.95, 1.05, 1.2, 1.15])
    wander = np.cumsum(rng.normal(0, 0.008, (series, days)), axis=1)
    shared = rng.normal(0, 0.05, days) + rng.normal(0, 0.05, (CATEGORIES, days))[category]
    mean = rate[:, None] * np.exp(wander + shared) * season[np.arange(days) % WEEK]
    mean[category == 0, since:] *= shift
    spread = 0.3
    units = rng.poisson(mean * rng.gamma(1 / spread, spread, mean.shape))
    names = {
        "category": np.array([f"c{code}" for code in category], object),
        "location": np.array([f"l{code}" for code in np.arange(series) // CATEGORIES % LOCATIONS]),
    }
    plain = units / season[np.arange(days) % WEEK]
    level, now = np.empty(units.shape), plain[:, :28].mean(axis=1)
    for day in range(days):
        now = now + 0.06 * (plain[:, day] - now)
        level[:, day] = now
    return Shop(units, level, season, Segments.of(names, series), spread)


def night(shop: Shop, day: int) -> DaySums:
    """What the night of a day knows of forecasts that are a week old at most."""
    parts = np.zeros((len(PARTS), len(shop.segments.name), BLOCKS * WEEK))
    for block in range(BLOCKS):
        origin = day - WEEK * (block + 1)
        target = np.arange(origin + 1, origin + 1 + WEEK)
        mean = shop.level[:, origin, None] * shop.season[target % WEEK]
        quantiles = [_quantile(shop, q, mean) for q in LEVELS]
        told = np.stack([mean, *quantiles])
        units = shop.units[:, target]
        sums = day_sums(shop.segments, units, told, np.ones(units.shape, bool), np.ones(len(units)))
        parts[:, :, block * WEEK : (block + 1) * WEEK] = sums[:, :, ::-1]
    return DaySums(parts)


@cache
def _table(level: float, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """Quantile of a negative binomial on a fine grid of means."""
    means = np.exp(np.linspace(np.log(1e-3), np.log(1e4), 4000))
    size = 1 / spread
    return means, stats.nbinom.ppf(level, size, size / (size + means))


def _quantile(shop: Shop, level: float, mean: np.ndarray) -> np.ndarray:
    means, found = _table(level, shop.spread + 0.02)
    return found[np.minimum(np.searchsorted(means, mean), len(means) - 1)]


def alerts(sums: DaySums, rate: float) -> dict[str, list[str]]:
    """Alerts of a night by measure."""
    return forecast_alerts(all_scores(sums, WEEK, LEAST), rate, LEAST)


def false_alarms(seed: int, series: int, nights: int, rate: float) -> tuple[int, dict[str, int]]:
    """Nights with any alert in a quiet shop, and alerts by measure."""
    shop = simulated(seed, series, WARMING + nights, 1.0, 0)
    hit, by = 0, {}
    for day in range(WARMING, WARMING + nights):
        found = alerts(night(shop, day), rate)
        count = {name: words.count(ALERT) for name, words in found.items()}
        hit += any(count.values())
        by = {name: by.get(name, 0) + n for name, n in count.items()}
    return hit, by


def detection(seed: int, series: int, shift: float, rate: float) -> tuple[int | None, int]:
    """Nights from a shift of c0 to its first alert (None: not within 28), and alerts of other
    categories in these 28 nights.
    """
    shop = simulated(seed, series, WARMING + 28, shift, WARMING)
    first, others = None, 0
    for after in range(1, 29):
        found = alerts(night(shop, WARMING + after - 1), rate)["bias"]
        named = dict(zip(shop.segments.name, found, strict=True))
        if first is None and named["c0"] == ALERT:
            first = after
        others += sum(named[f"c{c}"] == ALERT for c in range(1, CATEGORIES))
    return first, others


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3])
    parser.add_argument("--series", type=int, default=240)
    parser.add_argument("--nights", type=int, default=120)
    parser.add_argument("--rate", type=float, nargs="+", default=[0.01, 0.1])
    parser.add_argument("--shifts", type=float, nargs="+", default=[0.5, 0.7, 1.4, 2.0])
    asked = parser.parse_args()
    for rate in asked.rate:
        for seed in asked.seeds:
            hit, by = false_alarms(seed, asked.series, asked.nights, rate)
            share = hit / asked.nights
            print(f"quiet, seed {seed}: {share:.3f} of nights alert (nominal {rate}); {by}")
    for shift in asked.shifts:
        found = [detection(s, asked.series, shift, asked.rate[0]) for s in asked.seeds]
        print(f"demand of one category x {shift}: nights to the alert, alerts of others: {found}")


if __name__ == "__main__":
    main()
