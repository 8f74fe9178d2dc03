"""Pairs in orders against naive counts, Fisher's exact test and chance."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from forecasting.baskets.pairs import BasketParams, Pairs, find_pairs
from stockwright.errors import ConfigError, DataError


def lines(
    orders: int, skus: int, seed: int, affinity: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Orders of SKUs with unequal chances; with ``affinity``, 2 k + 1 often joins 2 k."""
    rng = np.random.default_rng(seed)
    chance = 0.25 / (1 + np.arange(skus)) ** 0.5
    held = rng.random((orders, skus)) < chance
    joins = held[:, 0::2] & (rng.random((orders, skus // 2)) < affinity)
    held[:, 1::2] |= joins
    order, sku = np.nonzero(held)
    mixed = rng.permutation(len(order))
    return order[mixed], sku[mixed], np.ones(len(order))


@pytest.fixture(scope="module")
def sample() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return lines(2000, 40, 3, affinity=0.3)


def naive(order: np.ndarray, sku: np.ndarray) -> dict[tuple[int, int], int]:
    held = {code: set(order[sku == code].tolist()) for code in np.unique(sku).tolist()}
    return {(a, b): len(held[a] & held[b]) for a, b in combinations(sorted(held), 2)}


def named(pairs: Pairs) -> list[tuple[int, int]]:
    return list(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))


def test_counts_and_shares_equal_a_naive_count(sample: tuple[np.ndarray, ...]) -> None:
    order, sku, units = sample
    pairs, counts = find_pairs(order, sku, units), naive(order, sku)
    total = len(np.unique(order))
    assert len(pairs.first) >= 20
    for place, (a, b) in enumerate(named(pairs)):
        alone = [len(np.unique(order[sku == code])) for code in (a, b)]
        both = counts[a, b]
        assert pairs.together[place] == both
        assert pairs.support[place] == pytest.approx(both / total)
        assert pairs.confidence[place] == pytest.approx(both / alone[0])
        assert pairs.confidence_back[place] == pytest.approx(both / alone[1])
        assert pairs.lift[place] == pytest.approx(both * total / alone[0] / alone[1])


def test_a_pair_is_found_where_the_lower_limit_of_its_lift_exceeds_the_base_lift(
    sample: tuple[np.ndarray, ...],
) -> None:
    """By the Poisson tail of scipy.stats and the step-up rule written as a loop."""
    order, sku, units = sample
    pairs, counts = find_pairs(order, sku, units), naive(order, sku)
    total = len(np.unique(order))
    size = np.unique(order, return_counts=True)[1]
    base = max(total * (size * (size - 1)).sum() / size.sum() ** 2, 1.0)
    assert pairs.base_lift == pytest.approx(base)
    alone = np.bincount(sku)
    chance = {
        (a, b): stats.poisson.sf(both - 1, base * alone[a] * alone[b] / total) if both >= 5 else 1.0
        for (a, b), both in counts.items()
    }
    assert pairs.tested == len(chance)
    ranked = sorted(chance, key=lambda pair: chance[pair])
    most = max(k for k, pair in enumerate(ranked, 1) if chance[pair] <= 0.05 * k / len(ranked))
    assert sorted(ranked[:most]) == named(pairs)
    assert (pairs.lift_low >= pairs.base_lift * (1 - 1e-9)).all()
    assert (pairs.lift_low < pairs.lift).all()
    level = 0.05 * most / len(ranked)
    for place in range(0, most, 7):
        reached = stats.poisson.sf(
            pairs.together[place] - 1,
            pairs.lift_low[place] * pairs.together[place] / pairs.lift[place],
        )
        assert reached == pytest.approx(level, rel=1e-6)


def test_the_chance_of_a_pair_is_never_below_that_of_fishers_exact_test(
    sample: tuple[np.ndarray, ...],
) -> None:
    """For every pair found: chosen by Fisher's test at the same level, had sizes been alike."""
    order, sku, units = sample
    pairs, total = find_pairs(order, sku, units), len(np.unique(order))
    alone, level = np.bincount(sku), 0.05
    for place, (a, b) in enumerate(named(pairs)):
        both = pairs.together[place]
        fisher = stats.hypergeom.sf(both - 1, total, alone[a], alone[b])
        assert fisher <= stats.poisson.sf(both - 1, alone[a] * alone[b] / total) <= level


def test_the_true_pairs_are_found_and_few_others(sample: tuple[np.ndarray, ...]) -> None:
    """Simulated: 20 pairs with an affinity; at most a tenth of what is found is none of them."""
    found = named(find_pairs(*sample))
    true = {(2 * k, 2 * k + 1) for k in range(20)}
    assert true <= set(found)
    assert len(set(found) - true) <= 0.1 * len(found)


def test_orders_of_very_unequal_size_alone_make_no_pairs() -> None:
    """Simulated: a few orders hold a third of everything, and nothing has to do with anything."""
    rng = np.random.default_rng(4)
    share = np.where(rng.random(3000) < 0.05, 0.35, 0.02)
    order, sku = np.nonzero(rng.random((3000, 120)) < share[:, None])
    pairs = find_pairs(order, sku, np.ones(len(order)))
    assert pairs.base_lift > 3
    assert len(pairs.first) <= 0.002 * pairs.tested


def test_returns_unknown_skus_and_repeated_lines_do_not_count(
    sample: tuple[np.ndarray, ...],
) -> None:
    order, sku, units = sample
    plain = find_pairs(order, sku, units)
    half = len(order) // 2
    more = find_pairs(
        np.concatenate([order, order[:half], order[:50] * 0 + 7, [9, 9]]),
        np.concatenate([sku, sku[:half], sku[:50] * 0 - 1, [1, 2]]),
        np.concatenate([units, 3 * units[:half], units[:50], [-1, 0]]),
    )
    assert named(more) == named(plain)
    np.testing.assert_array_equal(more.together, plain.together)
    assert more.orders == plain.orders


def test_the_size_of_the_blocks_changes_nothing(sample: tuple[np.ndarray, ...]) -> None:
    whole = find_pairs(*sample)
    for work in (1, 5000):
        part = find_pairs(*sample, BasketParams(work=work))
        assert named(part) == named(whole)
        np.testing.assert_array_equal(part.lift_low, whole.lift_low)


def test_a_stricter_rate_finds_a_part_of_the_pairs_with_lower_limits(
    sample: tuple[np.ndarray, ...],
) -> None:
    loose, strict = (
        find_pairs(*sample, BasketParams(false_discoveries=rate)) for rate in (0.2, 0.001)
    )
    limits = dict(zip(named(loose), loose.lift_low, strict=True))
    assert 0 < len(strict.first) <= len(loose.first)
    for pair, low in zip(named(strict), strict.lift_low, strict=True):
        assert low < limits[pair]


def test_orders_of_one_sku_or_no_lines_at_all_give_no_pairs() -> None:
    for n in (0, 30):
        pairs = find_pairs(np.arange(n), np.arange(n) % 3, np.ones(n))
        assert len(pairs.first) == 0
        assert pairs.orders == n


def test_lines_of_different_lengths_and_impossible_parameters_are_refused() -> None:
    with pytest.raises(DataError, match="order lines"):
        find_pairs(np.arange(3), np.arange(2), np.ones(3))
    with pytest.raises(ConfigError, match="least_orders"):
        BasketParams(least_orders=0)
