"""RMSSE and WRMSSE against a loop written from the guide of the M5 competition, and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.metrics.scaled import naive_scale, rmsse


def test_rmsse_of_a_hand_example() -> None:
    """Sales 0 0 2 4 3: two changes since the first sale, (4 + 1) / 2 = 2.5; misses 1 and 2."""
    demand = np.array([[0.0, 0.0, 2.0, 4.0, 3.0]])
    scale = naive_scale(demand, np.ones_like(demand, bool))
    assert scale == pytest.approx([2.5])
    assert rmsse(np.array([5.0]), np.array([2]), scale) == pytest.approx([1.0])


def m5_wrmsse(history, outcome, forecast, price):
    """The competitors' guide, section "Evaluation", one series at a time."""
    weights, scores = [], []
    for sold, came, said, cost in zip(history, outcome, forecast, price, strict=True):
        first = next(t for t, units in enumerate(sold) if units > 0)
        active = sold[first:]
        scale = sum((active[t] - active[t - 1]) ** 2 for t in range(1, len(active)))
        scale /= len(active) - 1
        error = sum((y - f) ** 2 for y, f in zip(came, said, strict=True)) / len(came)
        scores.append((error / scale) ** 0.5)
        weights.append(sum(units * cost for units in sold[-28:]))
    return sum(w * s for w, s in zip(weights, scores, strict=True)) / sum(weights)


def test_wrmsse_equals_a_loop_over_series() -> None:
    rng = np.random.default_rng(1)
    history = rng.poisson(rng.gamma(1, 3, (30, 1)), (30, 90)).astype(float)
    history[:, :10][rng.random((30, 10)) < 0.8] = 0
    history[:, 40] += 1
    outcome, forecast = rng.poisson(3.0, (30, 28)).astype(float), rng.gamma(2, 2, (30, 28))
    price = rng.uniform(1, 20, 30)
    scale = naive_scale(history, np.ones(history.shape, bool))
    each = rmsse(((outcome - forecast) ** 2).sum(axis=1), np.full(30, 28), scale)
    weight = history[:, -28:].sum(axis=1) * price
    theirs = m5_wrmsse(history, outcome, forecast, price)
    assert (weight * each).sum() / weight.sum() == pytest.approx(theirs)


def test_periods_out_of_stock_take_no_part_in_the_scale() -> None:
    demand = np.array([[4.0, 6.0, 0.0, 6.0, 5.0]])
    known = np.array([[True, True, False, True, True]])
    assert naive_scale(demand, known) == pytest.approx([(4.0 + 1.0) / 2])


def test_a_series_that_never_changed_has_no_score() -> None:
    demand = np.array([[3.0, 3.0, 3.0], [0.0, 0.0, 0.0], [0.0, 0.0, 5.0]])
    scale = naive_scale(demand, np.ones_like(demand, bool))
    assert np.isnan(rmsse(np.ones(3), np.ones(3, int), scale)).all()


def test_scaling_the_units_leaves_rmsse() -> None:
    rng = np.random.default_rng(2)
    history, miss = rng.poisson(3.0, (5, 60)).astype(float), rng.normal(size=(5, 7))
    known = np.ones(history.shape, bool)
    once = rmsse((miss**2).sum(axis=1), np.full(5, 7), naive_scale(history, known))
    often = rmsse(((9 * miss) ** 2).sum(axis=1), np.full(5, 7), naive_scale(9 * history, known))
    np.testing.assert_allclose(once, often)
