"""The staircase: gains add up, and what is known to be better stands higher."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from forecasting.blend.rungs import GLOBAL, LEVEL, RUNGS, SMOOTHED, STEADY
from forecasting.blend.staircase import SHOP, Stair, staircase
from forecasting.blend.weights import Sums
from forecasting.spread.moments import Moments
from forecasting.spread.spread import DEFAULT_SPREAD, Totals

ALL = (LEVEL, SMOOTHED, STEADY, GLOBAL)


@pytest.fixture(scope="module")
def stairs() -> tuple[Stair, ...]:
    """True means seen ever more clearly from rung to rung, in two segments."""
    rng = np.random.default_rng(9)
    n = 3000
    mean = 10 ** rng.uniform(0.3, 1.5, n)
    noise = np.array([0.8, 0.5, 0.5, 0.5, 0.2])
    rungs = mean[:, None] * np.exp(noise * rng.normal(size=(n, len(RUNGS))))
    units = rng.negative_binomial(mean, 0.5).astype(float)
    order = np.arange(n)
    sums = Sums(
        rungs, units, np.full(n, 2.0), order % 300, order % 6, order % 2, order * 0 + 4, order
    )
    one = np.ones(n)
    totals = Totals(
        mean / 4, mean, mean**2 / 4, units, np.zeros(n, np.bool_), Moments(one, 2 * one, 0.5 * one)
    )
    return staircase(sums, totals, DEFAULT_SPREAD, ALL, ALL)


def test_every_segment_has_every_rung(stairs: tuple[Stair, ...]) -> None:
    segments = {stair.segment for stair in stairs}
    assert SHOP in segments
    assert len(segments) == 3
    assert len(stairs) == 3 * 4


def test_gains_are_differences_of_neighboring_rungs(stairs: tuple[Stair, ...]) -> None:
    shop = [stair for stair in stairs if stair.segment == SHOP]
    assert [stair.rung for stair in shop] == ["naive", "statistical", "global", "blend"]
    for below, above in itertools.pairwise(shop):
        assert above.gain == pytest.approx(below.pinball - above.pinball)
        assert above.error > 0


def test_a_clearer_rung_gains_surely(stairs: tuple[Stair, ...]) -> None:
    shop = {stair.rung: stair for stair in stairs if stair.segment == SHOP}
    assert shop["statistical"].gain > 2 * shop["statistical"].error
    assert shop["global"].gain > 2 * shop["global"].error


def test_the_shop_is_the_mean_of_its_segments(stairs: tuple[Stair, ...]) -> None:
    """Halves of equal demand: the shop's loss lies between them."""
    for rung in ("naive", "global", "blend"):
        found = [stair for stair in stairs if stair.rung == rung]
        whole = next(stair.pinball for stair in found if stair.segment == SHOP)
        parts = [stair.pinball for stair in found if stair.segment != SHOP]
        assert min(parts) <= whole <= max(parts)
        assert sum(stair.totals for stair in found if stair.segment != SHOP) == 3000


def test_without_totals_there_are_no_stairs() -> None:
    none, whole = np.zeros(0), np.zeros(0, np.int64)
    sums = Sums(np.zeros((0, len(RUNGS))), none, none, whole, whole, whole, whole, whole)
    totals = Totals(none, none, none, none, none.astype(np.bool_), Moments(none, none, none))
    assert staircase(sums, totals, DEFAULT_SPREAD, ALL, ALL) == ()
