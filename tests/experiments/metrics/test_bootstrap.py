"""Intervals by blocks against variances known in closed form, and against simulation."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.metrics.bootstrap import Blocks, interval, paired_interval
from stockwright.errors import DataError


def test_the_interval_of_a_mean_is_as_wide_as_the_normal_one() -> None:
    sample = np.random.default_rng(1).normal(5.0, 2.0, 4000)
    value, low, high = interval(np.stack([sample, np.ones(4000)], 1), np.arange(4000))
    assert value == pytest.approx(sample.mean())
    assert high - low == pytest.approx(2 * 1.96 * sample.std() / np.sqrt(4000), rel=0.1)


def test_repeating_each_outcome_within_its_block_leaves_the_interval_of_a_mean() -> None:
    sample = np.random.default_rng(2).gamma(2.0, 3.0, 300)
    pair = np.stack([sample, np.ones(300)], 1)
    once = interval(pair, np.arange(300))
    often = interval(np.repeat(pair, 7, axis=0), np.repeat(np.arange(300), 7))
    np.testing.assert_allclose(once, often)


def test_the_interval_does_not_depend_on_names_of_blocks_or_order_of_outcomes() -> None:
    rng = np.random.default_rng(3)
    sample, sku, week = rng.random(500), rng.integers(0, 40, 500), rng.integers(0, 12, 500)
    order = rng.permutation(500)
    found = interval(sample, (sku, week))
    renamed = interval(sample[order], (1000 + 3 * sku[order], week[order]))
    np.testing.assert_allclose(found, renamed)


def test_a_constant_difference_of_sums_has_no_width() -> None:
    base = np.random.default_rng(4).random(200)
    difference, low, high = paired_interval(base, base + 0.5, np.arange(200))
    assert (difference, low, high) == pytest.approx((100.0, 100.0, 100.0))


@pytest.mark.parametrize("blocks", [2, 3])
def test_a_loss_that_is_sure_in_few_blocks_has_no_width(blocks: int) -> None:
    """Draws of none of the blocks, one in seven of two blocks, tell of no sum of 0."""
    base = np.full(4 * blocks, 10.0)
    found = paired_interval(base, 0.4 * base, np.repeat(np.arange(blocks), 4))
    assert found == pytest.approx(3 * (-24.0 * blocks,))
    week = np.tile(np.arange(4), blocks)
    by_two = paired_interval(base, 0.4 * base, (np.repeat(np.arange(blocks), 4), week))
    assert by_two == pytest.approx(3 * (-24.0 * blocks,))


def test_what_both_sides_share_takes_no_part_in_the_interval() -> None:
    rng = np.random.default_rng(5)
    shared, own = rng.normal(0, 100, 1000), rng.normal(0.2, 1, 1000)
    difference, low, high = paired_interval(shared, shared + own, np.arange(1000))
    assert difference == pytest.approx(own.sum())
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(1000) * own.std(), rel=0.15)


@pytest.mark.parametrize(("by_sku", "by_week"), [(1.0, 0.0), (0.0, 1.0), (0.7, 0.7)])
def test_two_way_intervals_hold_the_true_mean_as_often_as_they_say(by_sku, by_week) -> None:
    """Effects of 60 SKUs and 40 weeks; with noise of single outcomes below a fifth of a block's."""
    rng, held = np.random.default_rng(6), 0
    sku, week = np.repeat(np.arange(60), 40), np.tile(np.arange(40), 60)
    for trial in range(200):
        effect = by_sku * rng.normal(size=60)[sku] + by_week * rng.normal(size=40)[week]
        sample = effect + 0.3 * rng.normal(size=2400)
        found = interval(np.stack([sample, np.ones(2400)], 1), (sku, week), 200, trial)
        held += found.low <= 0 <= found.high
    assert 0.88 <= held / 200 <= 0.99


def test_blocks_of_one_way_alone_say_too_little_where_weeks_matter() -> None:
    """The negative control of the test above."""
    rng, held = np.random.default_rng(7), 0
    sku, week = np.repeat(np.arange(60), 40), np.tile(np.arange(40), 60)
    for trial in range(100):
        sample = rng.normal(size=40)[week] + 0.3 * rng.normal(size=2400)
        found = interval(np.stack([sample, np.ones(2400)], 1), sku, 200, trial)
        held += found.low <= 0 <= found.high
    assert held / 100 < 0.3


def test_two_way_sums_are_those_of_a_loop_over_outcomes() -> None:
    rng = np.random.default_rng(8)
    sku, week = rng.integers(0, 9, 80), rng.integers(0, 5, 80)
    values = rng.random((80, 3))
    blocks = Blocks((sku, week), draws=70, seed=4)
    counts = [np.random.default_rng(seed) for seed in (4, [4, 1])]
    found = blocks.sums(values)
    for draw in range(70):
        left, right = counts[0].poisson(1.0, 9), counts[1].poisson(1.0, 5)
        weight = left[sku] / left.mean() * right[week] / right.mean()
        np.testing.assert_allclose(found[draw], weight @ values)


def test_figures_without_a_base_are_told_apart_from_numbers() -> None:
    found = interval(np.zeros((5, 2)), np.arange(5))
    assert all(np.isnan(part) for part in found)
    assert all(np.isnan(part) for part in interval(np.zeros((0, 2)), np.zeros(0, int)))


def test_a_single_block_is_not_drawn() -> None:
    found = interval(np.array([1.0, 2.0]), np.zeros(2, int))
    assert found == (3.0, 3.0, 3.0)


def test_samples_that_do_not_pair_are_refused() -> None:
    with pytest.raises(DataError, match="pair"):
        paired_interval(np.ones(3), np.ones(4), np.arange(4))
    with pytest.raises(DataError, match="same length"):
        interval(np.ones(3), (np.arange(3), np.arange(4)))
    with pytest.raises(DataError, match="at least one draw"):
        interval(np.ones(3), np.arange(3), draws=0)
