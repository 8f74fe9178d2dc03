"""A customer's forecast in the place of ours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from stockwright.errors import DataError
from stockwright.forecast import Forecast
from stockwright.given import GivenForecast
from stockwright.panel import SeriesIndex

LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)
STEPS = 14


def ours(n: int, quantum: float = 1.0, level: float = 0.1) -> Forecast:
    return Forecast(
        index=SeriesIndex(tuple(f"s{i:05d}" for i in range(n)), ("a",), np.arange(n), np.zeros(n)),
        origin=9,
        mean=np.full((n, STEPS), 3.0),
        linear_dispersion=np.ones(n),
        step_variance=np.full(n, 0.3),
        level_variance=np.full(n, level),
        quantum=np.full(n, quantum),
        model=np.zeros(n, np.uint8),
        model_names=("global", "none"),
    )


def given(mean: np.ndarray, quantiles: np.ndarray | None = None, **more) -> GivenForecast:
    n = len(mean)
    if quantiles is None:
        quantiles = np.full((n, mean.shape[1], len(LEVELS)), np.nan)
    content = {"series": np.arange(n), "mean": mean, "levels": LEVELS, "quantiles": quantiles}
    return GivenForecast(**{**content, "shared": np.full(n, np.nan), **more})


def negative_binomial(mean: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Quantiles of negative binomials with variance m + noise m^2, by scipy."""
    size, m = 1 / noise[:, None, None], mean[:, :, None]
    return stats.nbinom.ppf(np.array(LEVELS), size, size / (size + m))


def test_quantiles_of_negative_binomials_give_these_back() -> None:
    rng = np.random.default_rng(1)
    mean = 10 ** rng.uniform(0.5, 2.5, (60, 1)) * rng.uniform(0.5, 1.5, (60, STEPS))
    noise = 10 ** rng.uniform(-2, 0, 60)
    got = given(mean, negative_binomial(mean, noise)).on(ours(60))
    assert got.step_variance + got.level_variance == pytest.approx(noise, rel=0.25, abs=0.01)
    error = got.quantile(LEVELS) - negative_binomial(mean, noise)
    deviation = np.sqrt(mean + noise[:, None] * mean**2)[:, :, None]
    assert np.abs(error / np.maximum(deviation, 1.0)).mean() < 0.05


@pytest.mark.parametrize("law", ["normal", "lognormal", "uniform"])
def test_quantiles_of_other_laws_are_met_within_a_tenth_of_a_deviation(law: str) -> None:
    mean = np.full((1, STEPS), 200.0)
    found = {
        "normal": stats.norm(200, 40),
        "lognormal": stats.lognorm(0.5, scale=200 / np.exp(0.125)),
        "uniform": stats.uniform(140, 120),
    }[law]
    wanted = np.broadcast_to(found.ppf(LEVELS), (1, STEPS, len(LEVELS)))
    got = given(mean, wanted).on(ours(1)).quantile(LEVELS)
    upper = slice(1, None)
    worst = {"normal": 0.15, "lognormal": 0.15, "uniform": 0.6}[law]
    assert np.abs(got - wanted)[:, :, upper].max() < worst * found.std()


def test_quantiles_narrower_than_poisson_are_met() -> None:
    mean = np.full((1, STEPS), 100.0)
    wanted = np.broadcast_to(stats.norm(100, 3).ppf(LEVELS), (1, STEPS, len(LEVELS)))
    got = given(mean, wanted).on(ours(1)).quantile(LEVELS)
    assert np.abs(got - wanted)[:, :, 1:].max() < 1.0


def test_quantiles_that_are_the_mean_make_a_certain_forecast() -> None:
    mean = np.arange(STEPS, dtype=np.float64)[None]
    got = given(mean, np.repeat(mean[:, :, None], len(LEVELS), axis=2)).on(ours(1))
    total = got.total(1, 5)
    assert total.quantile([0.01, 0.5, 0.999]).tolist() == [[10.0, 10.0, 10.0]]


def test_means_alone_keep_our_spread() -> None:
    own = ours(2)
    got = given(np.full((2, STEPS), 7.0)).on(own)
    assert (got.mean == 7).all()
    for name in ("step_variance", "level_variance", "linear_dispersion", "tail_share"):
        assert (getattr(got, name) == getattr(own, name)).all()


def test_quantiles_of_nothing_but_zero_below_the_mean_tell_no_spread() -> None:
    mean = np.full((1, STEPS), 0.02)
    got = given(mean, np.zeros((1, STEPS, len(LEVELS)))).on(ours(1))
    assert got.step_variance == ours(1).step_variance


def test_steps_and_series_that_are_not_covered_keep_ours() -> None:
    mean = np.full((1, STEPS), np.nan)
    mean[0, 2:4] = 9.0
    own = ours(3)
    got = given(mean, series=np.array([1])).on(own)
    assert got.mean[1].tolist() == [3, 3, 9, 9, *[3] * (STEPS - 4)]
    assert (got.mean[[0, 2]] == own.mean[[0, 2]]).all()
    names = [got.model_names[code] for code in got.model]
    assert names == ["global", "given", "global"]


def test_a_part_of_the_demand_takes_its_part_of_the_spread() -> None:
    """Two certain steps with 18 of the 54 expected units: two thirds of our variances stay."""
    mean = np.full((1, STEPS), np.nan)
    mean[0, :2] = 9.0
    own = ours(1)
    got = given(mean, np.repeat(mean[:, :, None], len(LEVELS), axis=2)).on(own)
    assert got.mean.sum() == 54
    assert got.step_variance[0] == pytest.approx(own.step_variance[0] * 2 / 3)
    assert got.level_variance[0] == pytest.approx(own.level_variance[0] * 2 / 3)


def test_what_is_committed_is_part_of_what_is_given() -> None:
    own = replace(ours(1), committed=np.full((1, STEPS), 5, np.float32))
    mean = np.full((1, STEPS), np.nan)
    mean[0, :3] = 6.0
    got = given(mean).on(own)
    assert got.expected[0].tolist() == [6, 6, 6, *[8] * (STEPS - 3)]


@pytest.mark.parametrize("shared", [0.0, 0.4, 1.0])
def test_the_share_that_steps_have_in_common_decides_the_spread_of_sums(shared: float) -> None:
    mean, noise = np.full((1, STEPS), 400.0), np.array([0.05])
    got = given(mean, negative_binomial(mean, noise), shared=np.array([shared])).on(ours(1))
    total = got.total(1, 4)
    wanted = 1600 + 0.05 * ((1 - shared) * 4 + shared * 16) * 400**2
    assert total.variance[0] == pytest.approx(wanted, rel=0.1)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"mean": np.array([[-1.0]])}, "mean must be finite and >= 0"),
        ({"quantiles": np.array([[[1.0, 2, 3, 5, 4]]])}, "quantiles must be rising"),
        ({"series": np.array([0, 0])}, "mean has shape"),
    ],
)
def test_what_cannot_be_is_refused(what: dict, message: str) -> None:
    sound = {
        "series": np.zeros(1, np.int64), "mean": np.ones((1, 1)), "levels": LEVELS,
        "quantiles": np.ones((1, 1, 5)), "shared": np.zeros(1),
    }  # fmt: skip
    with pytest.raises(DataError, match=message):
        GivenForecast(**{**sound, **what})
