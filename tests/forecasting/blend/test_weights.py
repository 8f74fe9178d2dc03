"""The blend: convex, near the best rung where it is sure, nested, the same for any block."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize

from forecasting.blend.rungs import GLOBAL, LEVEL, RUNGS, SMOOTHED, STEADY
from forecasting.blend.weights import (
    USUAL_WEIGHTS,
    Blend,
    Sums,
    _convex,
    averaged,
    gain_in_errors,
    learn_blend,
    tried,
    usual_weights,
    worthwhile,
)

ALL = (LEVEL, SMOOTHED, STEADY, GLOBAL)


def drawn(noise: dict[int, float], totals: int = 6000, segment: int = 3) -> Sums:
    """Totals around known means; each rung sees the mean through log-normal noise of its own."""
    rng = np.random.default_rng(4)
    mean = 10 ** rng.uniform(0, 2, totals)
    rungs = np.zeros((totals, len(RUNGS)))
    for rung in range(len(RUNGS)):
        rungs[:, rung] = mean * np.exp(noise.get(rung, 0.5) * rng.normal(size=totals))
    return Sums(
        rungs=rungs,
        units=rng.poisson(mean).astype(float),
        dispersion=np.ones(totals),
        series=np.arange(totals) % 500,
        origin=np.arange(totals) % 8,
        segment=np.full(totals, segment),
        span=np.full(totals, 4),
        row=np.arange(totals),
    )


def test_weights_are_convex_in_every_segment() -> None:
    blend = learn_blend(drawn({GLOBAL: 0.1}), ALL)
    assert (blend.weights >= 0).all()
    assert np.allclose(blend.weights.sum(axis=1), 1)
    assert (blend.weights[:, 0] == 0).all()


def test_the_convex_weights_are_those_of_a_general_solver() -> None:
    """Held against SLSQP on the same penalized squares."""
    rng = np.random.default_rng(0)
    design, aim = rng.gamma(2, 1, (300, 4)), rng.gamma(2, 1, 300)
    toward, pull = np.array([0.4, 0.3, 0.2, 0.1]), 0.2
    ridge = pull * np.trace(design.T @ design) / 4

    def loss(weights: np.ndarray) -> float:
        miss = aim - design @ weights
        return float(miss @ miss + ridge * ((weights - toward) ** 2).sum())

    rule = {"type": "eq", "fun": lambda weights: weights.sum() - 1}
    options = {"ftol": 1e-12, "maxiter": 500}
    found = optimize.minimize(
        loss, toward, method="SLSQP", bounds=[(0, 1)] * 4, constraints=rule, options=options
    )
    assert np.allclose(_convex(design, aim, toward, pull), found.x, atol=1e-4)


def test_a_better_rung_gets_more_than_its_usual_weight() -> None:
    usual = usual_weights(ALL)
    for rung in ALL:
        learned = learn_blend(drawn({rung: 0.05}), ALL).weights[-1]
        assert learned[rung] > usual[rung]


def test_without_held_out_totals_the_weights_are_the_usual_ones() -> None:
    nothing = drawn({}).take(np.zeros(6000, np.bool_))
    assert np.allclose(learn_blend(nothing, ALL).weights, USUAL_WEIGHTS)


def test_a_small_segment_takes_the_weights_of_the_shop() -> None:
    """Ten totals on which another rung is perfect move their segment by less than a tenth."""
    sums = drawn({GLOBAL: 0.1})
    segment = sums.segment.copy()
    segment[:10] = 7
    rungs = sums.rungs.copy()
    rungs[:10, LEVEL] = sums.units[:10]
    weights = learn_blend(replace(sums, segment=segment, rungs=rungs), ALL).weights
    assert np.abs(weights[7] - weights[-1]).max() < 0.1


def test_what_befell_the_shop_as_a_whole_moves_no_weight() -> None:
    """All demand of one origin halved: weights stay, for the shift is divided out."""
    sums = drawn({GLOBAL: 0.1})
    halved = np.where(sums.origin == 3, 0.5 * sums.units, sums.units)
    one = learn_blend(sums, ALL).weights[-1]
    other = learn_blend(replace(sums, units=halved), ALL).weights[-1]
    assert np.abs(one - other).max() < 0.03


def test_a_rung_that_only_harms_is_dropped_and_the_others_stay() -> None:
    kept = worthwhile(drawn({LEVEL: 0.15, SMOOTHED: 0.15, GLOBAL: 0.15, STEADY: 2.0}), ALL)
    assert STEADY not in kept
    assert GLOBAL in kept


def test_a_blend_of_independent_rungs_misses_less_than_each() -> None:
    sums = drawn(dict.fromkeys(ALL, 0.3))

    def loss(mean: np.ndarray) -> float:
        return float((sums.information() * (sums.units - mean) ** 2).sum())

    blended = loss(tried(sums, ALL))
    assert all(blended < loss(sums.rungs[:, rung]) for rung in ALL)


def test_weights_are_tried_on_origins_they_were_not_learned_on() -> None:
    """Changing the later origins changes nothing that was learned on them for themselves."""
    sums = drawn({GLOBAL: 0.2})
    later = sums.origin >= 4
    wild = replace(sums, units=np.where(later, 3 * sums.units[::-1], sums.units))
    assert np.array_equal(tried(wild, ALL)[later], tried(sums, ALL)[later])


def test_gains_are_counted_in_standard_errors_of_pairs() -> None:
    """Differences 1, 2, 3 of three series: 6 over sqrt(3) times their deviation."""
    before, after = np.array([5.0, 7, 9]), np.array([4.0, 5, 6])
    expected = 6 / (np.sqrt(3) * np.std([1, 2, 3]))
    assert gain_in_errors(before, after) == pytest.approx(expected)


def test_a_blend_of_a_block_is_the_block_of_the_blend() -> None:
    rng = np.random.default_rng(1)
    rungs, segment = rng.gamma(1, 1, (len(RUNGS), 50, 6)), rng.integers(0, 24, 50)
    blend = learn_blend(drawn({GLOBAL: 0.2}), ALL)
    some = np.array([3, 17, 40])
    whole = blend.mean(rungs, segment)
    assert np.array_equal(blend.mean(rungs[:, some], segment[some]), whole[some])
    assert np.array_equal(Blend.only(GLOBAL).mean(rungs, segment), rungs[GLOBAL])


def test_rungs_are_averaged_in_logarithms_and_no_rung_of_zero_ends_a_series() -> None:
    """Halves of 2 and 8 make 4; of 0 and 8, where 0 counts as a tenth of 4: sqrt(0.4 * 8)."""
    weights = np.array([0.5, 0.5])
    found = averaged(weights, np.array([[2.0, 0.0, 0.0], [8.0, 8.0, 0.0]]))
    assert found == pytest.approx([4.0, np.sqrt(3.2), 0.0])


def test_the_blend_of_the_shop_keeps_the_sum_of_plain_averages() -> None:
    """One rung twice as wild as the others takes nothing from the shop as a whole."""
    sums = drawn({GLOBAL: 0.2, LEVEL: 1.0})
    blend = learn_blend(sums, ALL)
    mean = blend.mean(sums.rungs.T[:, :, None], sums.segment).sum()
    plain = (blend.weights[sums.segment] * sums.rungs).sum()
    assert mean == pytest.approx(plain)
    assert blend.scale > 1


def test_a_single_rung_in_a_segment_is_its_blend_in_any_block() -> None:
    rng = np.random.default_rng(2)
    rungs, segment = rng.gamma(1, 1, (len(RUNGS), 40, 6)), np.arange(40) % 2
    weights = np.zeros_like(Blend.only(GLOBAL).weights)
    weights[0, STEADY], weights[1] = 1.0, usual_weights(ALL)
    mean = Blend(weights).mean(rungs, segment)
    assert np.array_equal(mean[segment == 0], rungs[STEADY][segment == 0])
    lone = Blend(weights).mean(rungs[:, :1], segment[:1])
    assert np.array_equal(lone, mean[:1])
