"""The choice of acts under shared rooms."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from replenishment.clearance.choose import Options, choose
from stockwright.errors import DataError


def _random(rng, items, channels, most=4):
    """Options of random worth and use; the first of each item does nothing."""
    count = rng.integers(1, most + 1, items)
    item = np.repeat(np.arange(items), count)
    first = np.diff(item, prepend=-1) > 0
    channel = np.where(first, -1, rng.integers(-1, channels, len(item)))
    units = np.where(channel >= 0, rng.integers(1, 40, len(item)), 0).astype(float)
    discount = np.where(first | (rng.random(len(item)) < 0.3), 0.0, rng.random(len(item)) * 50)
    value = rng.normal(0, 30, len(item)) + np.where(first, 0, 20)
    return Options(item, value, channel, units, discount)


def _fits(options, rows, rooms, budget):
    use = np.bincount(options.channel[rows] + 1, options.units[rows], minlength=len(rooms) + 1)[1:]
    return (use <= rooms + 1e-6).all() and options.discount[rows].sum() <= budget + 1e-6


def _best(options, rooms, budget):
    """The most money over every combination."""
    rows = [np.flatnonzero(options.item == i) for i in range(options.item.max() + 1)]
    fitting = [
        options.value[list(each)].sum()
        for each in itertools.product(*rows)
        if _fits(options, list(each), rooms, budget)
    ]
    return max(fitting)


@pytest.mark.parametrize("seed", range(40))
def test_the_choice_is_that_of_exhaustive_search(seed):
    rng = np.random.default_rng(seed)
    options = _random(rng, 7, 3)
    rooms, budget = rng.integers(0, 60, 3).astype(float), float(rng.random() * 120)
    found = choose(options, rooms, budget)
    assert _fits(options, found.option, rooms, budget)
    assert found.value == pytest.approx(_best(options, rooms, budget), abs=1e-6)
    assert found.value <= found.bound + 1e-6


def test_without_limits_every_item_takes_its_best():
    options = _random(np.random.default_rng(1), 500, 3)
    found = choose(options, np.full(3, np.inf))
    best = np.maximum.reduceat(options.value, np.flatnonzero(np.diff(options.item, prepend=-1)))
    np.testing.assert_allclose(options.value[found.option], best)
    assert found.bound == pytest.approx(found.value)


@pytest.mark.slow
def test_many_items_fit_and_come_near_the_bound():
    rng = np.random.default_rng(2)
    options = _random(rng, 20_000, 5)
    rooms, budget = np.full(5, 15_000.0), 60_000.0
    found = choose(options, rooms, budget)
    assert _fits(options, found.option, rooms, budget)
    np.testing.assert_array_equal(options.item[found.option], np.arange(20_000))
    assert found.bound - found.value <= 1e-4 * found.bound


def test_more_room_never_earns_less():
    options = _random(np.random.default_rng(3), 12, 2)
    values = [choose(options, np.full(2, room), room).value for room in (0.0, 20.0, 50.0, 200.0)]
    assert (np.diff(values) >= -1e-6).all()


def test_no_item_at_all_is_no_choice():
    none = np.zeros(0)
    options = Options(none.astype(int), none, none.astype(int), none, none)
    assert choose(options, np.full(2, 5.0)).value == 0.0


def test_an_item_without_a_free_first_option_is_refused():
    with pytest.raises(DataError, match="first option"):
        Options(np.zeros(1, int), np.ones(1), np.zeros(1, int), np.ones(1), np.zeros(1))
