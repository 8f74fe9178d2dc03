"""The staircase: gains add up, and what is known to be better stands higher."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from forecasting.blend.rungs import GLOBAL, LEVEL, RUNGS, SMOOTHED, STEADY
from forecasting.blend.staircase import OVERRIDDEN, SHOP, Stair, staircase
from forecasting.blend.weights import Sums
from forecasting.spread.moments import Moments
from forecasting.spread.spread import DEFAULT_SPREAD, Totals

ALL = (LEVEL, SMOOTHED, STEADY, GLOBAL)


def held() -> tuple[Sums, Totals, np.ndarray]:
    """True means seen ever more clearly from rung to rung, in two segments; and these means."""
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
    return sums, totals, mean


@pytest.fixture(scope="module")
def stairs() -> tuple[Stair, ...]:
    return staircase(*held()[:2], DEFAULT_SPREAD, ALL, ALL)


def overridden(change: Callable[[np.ndarray], np.ndarray]) -> tuple[Stair, ...]:
    """The stairs with every third total of the blend changed by a planner."""
    sums, totals, _ = held()
    said = np.arange(len(sums.units)) % 3 == 0
    return staircase(
        sums, totals, DEFAULT_SPREAD, ALL, ALL, lambda blend: np.where(said, change(blend), blend)
    )


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


def test_a_planner_who_knows_more_gains_and_one_who_doubles_forecasts_loses_surely() -> None:
    _, _, mean = held()
    for change, gains in ((lambda _: mean, True), (lambda blend: 2 * blend, False)):
        found = overridden(change)
        (word,) = [s for s in found if (s.rung, s.segment) == ("override", OVERRIDDEN)]
        (below,) = [s for s in found if (s.rung, s.segment) == ("blend", OVERRIDDEN)]
        assert (word.gain > 2 * word.error) == gains
        assert word.harmful == (not gains)
        assert (word.totals, word.series) == (1000, 100)
        assert abs(below.bias) < 0.1
        assert abs(word.bias - (0 if gains else 1)) < 0.2


def test_an_override_adds_to_the_shop_what_it_adds_where_it_speaks(
    stairs: tuple[Stair, ...],
) -> None:
    """All other stairs stay, to the bit."""
    found = overridden(lambda blend: 1.3 * blend)
    units = held()[0].units
    gains = {s.segment: s.gain for s in found if s.rung == "override"}
    part = gains[OVERRIDDEN] * units[::3].sum()
    assert gains[SHOP] * units.sum() == pytest.approx(part)
    assert tuple(s for s in found if s.rung != "override" and s.segment != OVERRIDDEN) == stairs


def test_overrides_that_change_nothing_are_no_rung(stairs: tuple[Stair, ...]) -> None:
    assert overridden(lambda blend: blend) == stairs


def test_a_few_series_prove_no_harm() -> None:
    few = Stair("override", OVERRIDDEN, 60, 9, 2.0, 1.0, 1.0, gain=-1.0, error=0.01)
    assert not few.harmful
    assert replace(few, series=10).harmful


def test_without_totals_there_are_no_stairs() -> None:
    none, whole = np.zeros(0), np.zeros(0, np.int64)
    sums = Sums(np.zeros((0, len(RUNGS))), none, none, whole, whole, whole, whole, whole)
    totals = Totals(none, none, none, none, none.astype(np.bool_), Moments(none, none, none))
    assert staircase(sums, totals, DEFAULT_SPREAD, ALL, ALL) == ()
