"""Pairs in the orders of a real shop, against sets of orders counted one pair at a time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecasting.baskets.pairs import Pairs, find_pairs

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "online_retail"))

Lines = tuple[np.ndarray, np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def bought(real_data: Callable[[str], Path]) -> Lines:
    """Order, SKU and units of all lines; cancellations have negative units."""
    folder = real_data("online_retail")
    from lines import RETURN, SALE, classified, read_lines

    lines = read_lines(folder)
    lines = lines[classified(lines).isin([SALE, RETURN])]
    order, sku = (pd.factorize(lines[name])[0] for name in ("Invoice", "code"))
    return order, sku, lines["Quantity"].to_numpy()


@pytest.fixture(scope="module")
def pairs(bought: Lines) -> Pairs:
    return find_pairs(*bought)


@pytest.mark.slow
def test_counts_of_a_real_shop_equal_a_naive_count(bought: Lines, pairs: Pairs) -> None:
    """Every pair among 100 of the 1,000 SKUs in most orders."""
    order, sku, units = bought
    order, sku = order[units > 0], sku[units > 0]
    often = np.argsort(-np.bincount(sku), kind="stable")[:1000]
    codes = np.sort(np.random.default_rng(3).choice(often, 100, replace=False))
    held = {code: set(order[sku == code].tolist()) for code in codes.tolist()}
    places = zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)
    found = dict(zip(places, pairs.together.tolist(), strict=True))
    shared = [pair for pair in combinations(held, 2) if pair in found]
    assert len(shared) > 300
    assert [found[a, b] for a, b in shared] == [len(held[a] & held[b]) for a, b in shared]


@pytest.mark.slow
def test_shuffling_the_skus_of_a_real_shop_leaves_next_to_no_pairs(
    bought: Lines, pairs: Pairs
) -> None:
    """The sizes of orders stay, so nothing but chance is left: below 0.1 % of what was found."""
    order, sku, units = bought
    chance = find_pairs(order, np.random.default_rng(4).permutation(sku), units)
    assert chance.base_lift > 2
    assert len(chance.first) < 0.001 * len(pairs.first)
