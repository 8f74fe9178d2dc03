"""The spread found from totals is the spread that they were drawn with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from forecasting.spread.moments import Moments
from forecasting.spread.spread import (
    Spread,
    Totals,
    fit_spread,
    location_correlation,
    log_likelihood,
)
from stockwright.errors import FitError

LINEAR, STEP, LEVEL = 1.5, 0.2, 0.3


def drawn_totals(groups: int = 3000, members: int = 1, shared: float = 0.0) -> Totals:
    """Gamma level, gamma steps, negative binomial counts; spans of 1, 4 and 8 steps.

    ``shared`` is the correlation of the level between the members of a group.
    """
    rng = np.random.default_rng(3)
    rate = np.repeat(10 ** rng.uniform(-0.5, 2, groups), members)
    n = len(rate)
    shape = 1 / LEVEL
    common = np.repeat(rng.gamma(shape * shared, 1 / shape, groups), members) if shared else 0.0
    level = common + rng.gamma(shape * (1 - shared), 1 / shape, n)
    steps = rng.gamma(1 / STEP, STEP, (n, 8)) * (rate * level)[:, None]
    size = steps / (LINEAR - 1)
    counts = rng.negative_binomial(np.maximum(size, 1e-9), 1 / LINEAR)
    parts = [(span, counts[:, :span].sum(axis=1)) for span in (1, 4, 8)]
    one = np.ones(3 * n)
    spans = np.concatenate([np.full(n, float(span)) for span, _ in parts])
    return Totals(
        rate=np.tile(rate, 3),
        mean=np.tile(rate, 3) * spans,
        squares=np.tile(rate, 3) ** 2 * spans,
        units=np.concatenate([units for _, units in parts]).astype(float),
        at_least=np.zeros(3 * n, np.bool_),
        moments=Moments(one, 2 * one, 0.5 * one),
    )


@pytest.fixture(scope="module")
def fitted() -> tuple[Totals, Spread]:
    totals = drawn_totals()
    return totals, fit_spread(totals)


def test_the_three_dispersions_are_found_again(fitted: tuple[Totals, Spread]) -> None:
    """Simulated with known values: variance of totals of every span within 15 %."""
    totals, spread = fitted
    found = totals.distribution(spread).variance
    true = LINEAR * totals.mean + STEP * totals.squares + LEVEL * totals.mean**2
    for span in (1, 4, 8):
        rows = np.isclose(totals.mean / totals.rate, span) & (totals.rate > 3)
        assert abs(np.mean(found[rows] / true[rows]) - 1) < 0.15


def test_coverage_of_what_was_fitted_is_the_level(fitted: tuple[Totals, Spread]) -> None:
    totals, spread = fitted
    distribution = totals.distribution(spread)
    above, below = distribution.cdf(totals.units), distribution.cdf(totals.units - 1)
    for level in (0.8, 0.9, 0.95, 0.99):
        reached = np.clip((level - below) / (above - below), 0, 1)
        assert abs(reached.mean() - level) < 0.015


def test_the_likelihood_of_a_plain_spread_is_the_negative_binomial_of_scipy() -> None:
    totals = drawn_totals(50)
    flat = np.zeros((3, 4))
    flat[:, 0] = np.log([LINEAR - 1, STEP, LEVEL])
    spread = Spread(flat, np.zeros(3), np.ones(3), (0.0, 1.0))
    distribution = totals.distribution(spread)
    size = totals.mean**2 / (distribution.variance - totals.mean)
    twin = stats.nbinom.logpmf(totals.units, size, totals.mean / distribution.variance)
    assert np.allclose(log_likelihood(totals, distribution), twin, atol=1e-8)


def test_a_hidden_total_is_as_likely_as_demand_of_at_least_its_sales() -> None:
    totals = drawn_totals(50)
    hidden = Totals(
        totals.rate,
        totals.mean,
        totals.squares,
        totals.units,
        np.ones(len(totals.units), np.bool_),
        totals.moments,
    )
    flat = np.zeros((3, 4))
    flat[:, 0] = np.log([LINEAR - 1, STEP, LEVEL])
    distribution = totals.distribution(Spread(flat, np.zeros(3), np.ones(3), (0.0, 1.0)))
    survival = 1 - distribution.cdf(totals.units - 1)
    assert np.allclose(np.exp(log_likelihood(hidden, distribution)), survival, atol=1e-9)


def test_shared_levels_are_found_as_correlation_of_locations() -> None:
    """Levels drawn with correlation 0.6 between four locations of a SKU."""
    totals = drawn_totals(2500, members=4, shared=0.6)
    spread = fit_spread(totals)
    groups = np.tile(np.repeat(np.arange(2500), 4), 3) + 2500 * np.repeat(np.arange(3), 10_000)
    assert abs(location_correlation(totals, spread, groups) - 0.6) < 0.12


def test_nothing_held_out_is_a_fit_error() -> None:
    nothing = np.empty(0)
    empty = Moments(nothing, nothing, nothing)
    with pytest.raises(FitError, match="held-out"):
        fit_spread(Totals(nothing, nothing, nothing, nothing, nothing.astype(bool), empty))


def test_where_sizes_disagree_the_large_totals_decide() -> None:
    """Sizes 10, 100, 1000 with level variances .1, .6, .1: no three dispersions fit all of them.

    Counted alike, totals of every size would be given .3.
    """
    rng = np.random.default_rng(5)
    rate = np.repeat([10.0, 100.0, 1000.0], 2000)
    level = np.repeat([0.1, 0.6, 0.1], 2000)
    units = rng.poisson(rate * rng.gamma(1 / level, level)).astype(float)
    one = np.ones(len(rate))
    traits = Moments(one, one, 0.5 * one)
    totals = Totals(one, rate, rate**2, units, np.zeros(len(rate), np.bool_), traits)
    relative = (totals.distribution(fit_spread(totals)).variance - rate) / rate**2
    assert abs(relative[rate == 1000].mean() - 0.1) < 0.03


def test_a_single_hit_does_not_decide_how_locations_hang_together() -> None:
    """One SKU sells fifty times its forecast everywhere; the correlation found moves by < .1."""
    totals = drawn_totals(2500, members=4, shared=0.6)
    spread = fit_spread(totals)
    groups = np.tile(np.repeat(np.arange(2500), 4), 3) + 2500 * np.repeat(np.arange(3), 10_000)
    before = location_correlation(totals, spread, groups)
    largest = int(np.argmax(totals.mean))
    hit = groups == groups[largest]
    more = replace(totals, units=np.where(hit, 50 * totals.mean, totals.units))
    assert abs(location_correlation(more, spread, groups) - before) < 0.1
