"""Cost curves against plain loops, and the newsvendor answers of the books."""

import numpy as np
import pytest
from scipy import stats

from replenishment.needs.curves import CostCurves


def slow_cost(thresholds, weights, shortage, quantity):
    closes, paths = thresholds.shape
    held = sum(
        weights[j] * max(quantity - thresholds[j, n], 0)
        for j in range(closes)
        for n in range(paths)
    )
    lost = sum(max(thresholds[-1, n] - quantity, 0) for n in range(paths))
    return (held + shortage * lost) / paths


@pytest.fixture
def sample():
    rng = np.random.default_rng(1)
    thresholds = np.sort(rng.poisson(6, (5, 3, 40)), axis=1) - 4.0
    return thresholds, rng.uniform(0.1, 2, (5, 3)), rng.uniform(1, 9, 5)


def test_cost_is_the_sum_over_futures_and_closes(sample):
    curves = CostCurves.from_thresholds(*sample)
    for quantity in (-9.0, -1.0, 0.0, 2.5, 4.0, 30.0):
        got = curves.cost(np.full(5, quantity))
        wanted = [slow_cost(*(part[i] for part in sample), quantity) for i in range(5)]
        np.testing.assert_allclose(got, wanted, rtol=1e-12)


def test_cheapest_is_the_smallest_quantity_of_least_cost(sample):
    curves = CostCurves.from_thresholds(*sample)
    grid = np.arange(-6, 20)
    cost = np.stack([curves.cost(np.full(5, float(q))) for q in grid], axis=1)
    np.testing.assert_array_equal(curves.cheapest(), grid[cost.argmin(axis=1)])


def test_merged_curves_stay_convex_and_close(sample):
    full = CostCurves.from_thresholds(*sample)
    few = full.merged(24)
    assert few.knots.shape[1] == 24
    assert (np.diff(few.slopes, axis=1) >= 0).all()
    for quantity in (-3.0, 0.0, 3.0, 12.0):
        at = np.full(5, quantity)
        np.testing.assert_allclose(few.cost(at), full.cost(at), rtol=0.02, atol=0.05)


def newsvendor(points, holding, shortage):
    """Curve of one close with equally likely demands."""
    thresholds = np.asarray(points, np.float64).reshape(1, 1, -1)
    return CostCurves.from_thresholds(thresholds, np.array([[holding]]), np.array([shortage]))


@pytest.mark.parametrize("case", ["newsvendor-4.3", "basestock-lead-4.4"])
def test_normal_newsvendor_of_the_book(case, known_answers):
    given, answer, tolerance = known_answers[case]
    mean, sd = given["demand"]["normal"]
    periods = given.get("protection_periods", 1)
    levels = (np.arange(400_000) + 0.5) / 400_000
    points = stats.norm.ppf(levels, periods * mean, periods**0.5 * sd)
    curve = newsvendor(points, given["holding_cost"], given["shortage_cost"])
    target = curve.cheapest()
    assert target[0] == pytest.approx(answer["target"], rel=tolerance)
    assert curve.cost(target)[0] == pytest.approx(answer["cost"], rel=tolerance)
    if "cost_at_40" in answer:
        assert curve.cost(np.array([40.0]))[0] == pytest.approx(answer["cost_at_40"], rel=tolerance)


def test_discrete_newsvendor_of_the_book(known_answers):
    given, answer, tolerance = known_answers["newsvendor-discrete-p4.7b"]
    counts = np.rint(np.array(given["demand"]["pmf_from_1"]) * 20).astype(int)
    points = np.repeat(np.arange(1, len(counts) + 1), counts)
    curve = newsvendor(points, given["holding_cost"], given["shortage_cost"])
    assert curve.cheapest()[0] == answer["target"]
    assert curve.cost(curve.cheapest())[0] == pytest.approx(answer["cost"], rel=tolerance)


def test_poisson_newsvendor_of_the_book(known_answers):
    given, answer, tolerance = known_answers["newsvendor-poisson-4.7"]
    levels = (np.arange(400_000) + 0.5) / 400_000
    points = stats.poisson.ppf(levels, given["demand"]["poisson"])
    curve = newsvendor(points, given["holding_cost"], given["shortage_cost"])
    assert curve.cheapest()[0] == answer["target"]
    assert curve.cost(curve.cheapest())[0] == pytest.approx(answer["cost"], rel=tolerance)
    assert curve.cost(np.array([5.0]))[0] == pytest.approx(answer["cost_at_5"], rel=tolerance)
