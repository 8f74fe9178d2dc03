"""The response to price: its formula, its monotony and its scenarios against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from stockwright.errors import ConfigError, DataError
from stockwright.price_response import PriceResponse

RESPONSE = PriceResponse(np.array([0.0, 1.0, 2.5]), np.array([0.0, 0.1, 0.4]))
RATIOS = np.array([1.0, 0.9, 0.5])


def test_half_the_price_at_elasticity_one_doubles_demand() -> None:
    factor = RESPONSE.factor(RATIOS)
    assert factor.shape == (3, 3)
    np.testing.assert_allclose(factor[:, 2], [1.0, 2.0, 0.5**-2.5])


def test_a_lower_price_never_lowers_demand() -> None:
    ratios = np.linspace(1.0, 0.05, 40)
    assert (np.diff(RESPONSE.factor(ratios), axis=1) >= 0).all()
    assert (np.diff(RESPONSE.scenario_factors(ratios, 5)[0], axis=2) >= 0).all()


def test_ratios_may_differ_by_series() -> None:
    each = np.array([[1.0, 0.5], [1.0, 0.8], [0.9, 0.7]])
    found = RESPONSE.factor(each)
    for series in range(3):
        np.testing.assert_allclose(found[series], RESPONSE.factor(each[series])[series])


@pytest.mark.parametrize("n", [3, 5, 9])
def test_scenarios_have_the_mean_and_deviation_of_the_posterior(n: int) -> None:
    places, weights = RESPONSE.scenarios(n)
    mean = places[1] @ weights
    assert weights.sum() == pytest.approx(1.0)
    assert mean == pytest.approx(1.0)
    assert np.sqrt((places[1] - mean) ** 2 @ weights) == pytest.approx(0.1)


def test_the_mean_factor_of_scenarios_is_that_of_a_log_normal() -> None:
    """E exp(d e) = exp(d m + d**2 s**2 / 2) for a normal e."""
    factor, weights = RESPONSE.scenario_factors(np.array([0.6]), 9)
    depth = -np.log(0.6)
    expected = np.exp(depth * RESPONSE.elasticity + (depth * RESPONSE.sd) ** 2 / 2)
    np.testing.assert_allclose(np.einsum("sne,n->s", factor, weights), expected, rtol=1e-6)


def test_no_scenario_lies_below_zero() -> None:
    places, _ = PriceResponse(np.array([0.3]), np.array([1.0])).scenarios(7)
    assert places.min() == 0.0
    assert (np.diff(places) >= 0).all()


def test_taking_series_takes_their_response() -> None:
    taken = RESPONSE.take(np.array([2, 0]))
    assert taken.elasticity.tolist() == [2.5, 0.0]
    assert taken.sd.tolist() == [0.4, 0.0]
    assert taken.n_series == 2


@pytest.mark.parametrize(
    ("elasticity", "sd"), [([-0.1], [0.1]), ([1.0], [-0.1]), ([np.nan], [0.1]), ([1.0, 2.0], [])]
)
def test_impossible_responses_are_refused(elasticity: list[float], sd: list[float]) -> None:
    with pytest.raises(DataError):
        PriceResponse(np.array(elasticity), np.array(sd))


@pytest.mark.parametrize("ratio", [0.0, 1.2, np.nan])
def test_ratios_outside_zero_to_one_are_refused(ratio: float) -> None:
    with pytest.raises(DataError, match="price ratio"):
        RESPONSE.factor(np.array([ratio]))


def test_no_scenarios_at_all_are_refused() -> None:
    with pytest.raises(ConfigError):
        RESPONSE.scenarios(0)
