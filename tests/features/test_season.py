"""Seasons of goods that are made for one, and weeks in which only an event was seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from features.context import SEASON_GROUP, build_context
from features.params import FeatureParams
from features.season import bridged, split_index
from stockwright.calendar import Calendar
from stockwright.panel import Covariates, DemandPanel, SeriesIndex

PARAMS = FeatureParams.for_period("week", "")
_HORIZON = 13


def _shop(mean: np.ndarray, season: np.ndarray, event: np.ndarray | None = None) -> DemandPanel:
    """Weekly Poisson sales of one category whose articles are made for a season, by code."""
    n, total = mean.shape
    demand = np.random.default_rng(7).poisson(mean[:, :-_HORIZON]).astype(np.float32)
    flat = np.zeros((1, total), np.float32)
    told = (np.zeros((1, total)) if event is None else event).astype(np.int16)
    one = np.zeros(n, np.int32)
    names = tuple(f"s{i:04d}" for i in range(n))
    return DemandPanel(
        SeriesIndex(names, ("w",), np.arange(n, dtype=np.int32), one),
        Calendar("week", np.datetime64("2021-01-04")),
        demand,
        np.zeros(demand.shape, np.uint8),
        np.ones(demand.shape, np.float32),
        Covariates(flat, flat, told, told),
        one,
        {"category_1": one, "category_2": one, SEASON_GROUP: season.astype(np.int32)},
    )


def _winter(total: int) -> np.ndarray:
    """A season of three months, mean 1, and next to nothing outside it."""
    bell = np.exp(5 * np.cos(2 * np.pi * np.arange(total) / 52))
    return np.asarray(bell / bell[:52].mean())


def test_a_few_winter_articles_get_their_own_season_beside_many_without_one() -> None:
    """Simulated: 4 of 44 articles sell in winter only; two years and a half are known."""
    total = 130 + _HORIZON
    made = np.repeat([0, 1], [40, 4])
    mean = np.where(made[:, None] == 1, 4.0 * _winter(total), 8.0)
    bins = build_context(_shop(mean, made), PARAMS).season.bins
    assert bins[1, [0, 51]].min() > 3.5
    # Pulled to the other articles' by its 4 x 130 weeks alone it would be above 0.8 all year.
    assert bins[1, 16:38].max() < 0.4
    assert np.abs(bins[0] - 1).max() < 0.25


def test_groups_that_do_not_differ_share_their_parents_index() -> None:
    """Simulated: both seasons' articles sell steadily, so that what differs is luck."""
    made = np.repeat([0, 1], [40, 4])
    bins = build_context(_shop(np.full((44, 130 + _HORIZON), 3.0), made), PARAMS).season.bins
    assert np.abs(bins[1] / bins[0] - 1).max() < 0.1


def test_the_more_groups_differ_the_less_they_are_pulled_together() -> None:
    """By hand: two groups of one parent, of 100 expected units a bin, d above it and d below it."""
    expected = np.full((3, 4), 100.0)
    pulls = []
    for apart in (0.3, 0.6, 0.9):
        units = expected * np.array([[1 + apart], [1 - apart], [1.0]])
        index = split_index(units, expected, np.ones(4), np.array([0, 0, -1]))
        pulls.append((index[0, 0] - 1) / apart)
        # Moments: a = d^2 - s / e with e = 100 and s = 5; weight a / (a + s / e).
        spread = apart**2 - 0.05
        np.testing.assert_allclose(pulls[-1], spread / (spread + 0.05), rtol=1e-9)
    assert pulls == sorted(pulls)


def test_weeks_that_only_an_event_was_seen_in_lie_between_their_neighbors() -> None:
    """Winter goods whose week 26 is always an event are no usual goods in that week."""
    index = np.array([[1.0, 4.0, 1.0, 2.0, 8.0]])
    place, seen = np.arange(5), np.array([1.0, 1.0, 0.0, 1.0, 1.0])
    np.testing.assert_allclose(bridged(index, place, seen), [[1.0, 4.0, 3.0, 2.0, 8.0]])
    np.testing.assert_allclose(
        bridged(index, place, np.array([0.0, 1.0, 1.0, 1.0, 1.0])), [[6.0, 4.0, 1.0, 2.0, 8.0]]
    )
    total = 130 + _HORIZON
    event = (np.arange(total) % 52 // 3 == 8).astype(int)[None, :]
    mean = np.tile(4.0 * _winter(total), (20, 1))
    bins = build_context(_shop(mean, np.zeros(20), event), PARAMS).season.bins
    assert bins[0, 22:30].max() < 0.1


def test_weeks_in_which_nothing_sold_are_known_and_not_bridged() -> None:
    """A shop that sells nothing in the same ten weeks of each year has no usual weeks there."""
    total = 130 + _HORIZON
    mean = np.where(np.arange(total) % 52 // 10 == 2, 0.0, 5.0)
    bins = build_context(_shop(np.tile(mean, (20, 1)), np.zeros(20)), PARAMS).season.bins
    assert bins[0, 22:28].max() < 0.4


def test_goods_of_one_category_share_its_elasticity_whatever_their_season() -> None:
    """The same panel, with and without the attribute that names seasons."""
    total = 130 + _HORIZON
    made = np.repeat([0, 1], [40, 4])
    panel = _shop(np.full((44, total), 6.0), made)
    cut = np.zeros((44, total), np.float32)
    cut[::3, 60::7] = 0.3
    panel = replace(panel, covariates=replace(panel.covariates, discount=cut))
    left = {name: codes for name, codes in panel.attributes.items() if name != SEASON_GROUP}
    plain = build_context(replace(panel, attributes=left), PARAMS).elasticity
    np.testing.assert_array_equal(build_context(panel, PARAMS).elasticity, plain[[0, 0, -1]])
