"""The scatter of demand: against loops, first-order invariance, and simulation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from features.price import Strata, cut_strata
from forecasting.elasticity.params import ElasticityParams
from forecasting.elasticity.scatter import Scatter, ScatterSums, Score
from stockwright.panel import DemandPanel

PARAMS = ElasticityParams()
MakeShop = Callable[..., DemandPanel]


def strata_of(panel: DemandPanel) -> tuple[Strata, np.ndarray]:
    strata = cut_strata(panel, np.arange(panel.n_series), 0, PARAMS.window)
    return strata, panel.index.sku[strata.series].astype(np.int64)


def test_the_variance_of_a_score_is_the_sum_over_all_pairs_of_cells(make_shop: MakeShop) -> None:
    """Against loops over the cells of every stretch of a SKU, all its locations together."""
    strata, sku = strata_of(make_shop(np.full(3, 2.0), periods=182))
    score = Score.of(strata, sku, np.full(len(sku), 2.0))
    lag = np.arange(91)
    scatter = Scatter(1.7, 0.3 * 0.9**lag, 0.1 * 0.8**lag)
    found = scatter.variance(score)
    members = score.pools.toarray() > 0
    apart = np.abs(np.subtract.outer(lag, lag))
    for pool in range(len(found)):
        rows = np.flatnonzero(members[pool])
        expected = 1.7 * sum(score.information[row] for row in rows)
        for one in rows:
            for other in rows:
                kind = scatter.own if one == other else scatter.between
                expected += score.lever[one] @ kind[apart] @ score.lever[other]
        assert found[pool] == pytest.approx(max(expected, score.information[rows].sum()))


def test_a_steady_trend_of_demand_does_not_move_the_score(make_shop: MakeShop) -> None:
    """Noiseless demand that grows by 30 % over a stretch with a cut at its end: no step, where
    the plain conditional likelihood would step by more than 0.3."""
    cut = np.zeros((1, 91))
    cut[0, 70:84] = 0.25
    panel = make_shop(np.array([2.0]), locations=1, periods=91, cut=cut)
    strata, sku = strata_of(panel)
    flat = strata.weights(np.array([2.0]))
    sold = (50 * flat * (1 + 0.3 * np.arange(91) / 91)).astype(np.float32)
    trending = Strata(strata.series, strata.stretch, sold, strata.seen, strata.depth)
    score = Score.of(trending, sku, np.array([2.0]))
    assert abs(score.slope()[0] / score.information[0]) < 1e-3
    centered = strata.depth - (flat * strata.depth).sum() / flat.sum()
    naive = (sold * centered).sum() / (sold.sum() / flat.sum() * flat * centered**2).sum()
    assert naive > 0.3


def test_the_score_falls_by_its_information_for_each_unit_of_elasticity(
    make_shop: MakeShop,
) -> None:
    """Noiseless demand, by a central difference."""
    strata, sku = strata_of(make_shop(np.full(20, 2.0), locations=1, periods=182))
    weight = strata.weights(np.full(len(sku), 2.0))
    exact = Strata(strata.series, strata.stretch, 5 * weight, strata.seen, strata.depth)
    low, middle, high = (
        Score.of(exact, sku, np.full(len(sku), value)) for value in (1.95, 2.0, 2.05)
    )
    np.testing.assert_allclose(middle.slope(), 0.0, atol=1e-3)
    fall = (low.slope() - high.slope()) / 0.1
    np.testing.assert_allclose(fall, middle.pools @ middle.information, rtol=0.02)


def test_scores_at_the_truth_scatter_as_their_learned_variance_says(make_shop: MakeShop) -> None:
    """Simulated: weekly shocks of 25 %, counts with twice a Poisson's variance, 400 SKUs."""
    strata, sku = strata_of(make_shop(np.full(400, 2.0), shock=0.25, seed=3))
    score = Score.of(strata, sku, np.full(len(sku), 2.0))
    scatter = ScatterSums.of(score).learned(PARAMS)
    assert scatter.dispersion == pytest.approx(2.0, rel=0.1)
    ratio = score.slope() / np.sqrt(scatter.variance(score))
    assert ratio.mean() == pytest.approx(0.0, abs=0.08)
    assert (ratio**2).mean() == pytest.approx(1.0, abs=0.12)
    naive = score.slope() ** 2 / (2.0 * (score.pools @ score.information))
    assert naive.mean() > 1.3


def test_few_strata_leave_the_assumed_dispersion(make_shop: MakeShop) -> None:
    strata, sku = strata_of(make_shop(np.full(5, 2.0), periods=182))
    score = Score.of(strata, sku, np.full(len(sku), 2.0))
    scatter = ScatterSums.of(score).learned(PARAMS)
    assert scatter.dispersion == PARAMS.dispersion
    assert not scatter.own.any()
    np.testing.assert_allclose(
        scatter.variance(score), PARAMS.dispersion * (score.pools @ score.information)
    )


def test_sums_of_parts_are_the_sums_of_the_whole(make_shop: MakeShop) -> None:
    panel = make_shop(np.full(20, 2.0), periods=182)
    strata, sku = strata_of(panel)
    whole = ScatterSums.of(Score.of(strata, sku, np.full(len(sku), 2.0)))
    parts = []
    for rows in (sku < 8, sku >= 8):
        part = Strata(*(values[rows] for values in vars(strata).values()))
        parts.append(ScatterSums.of(Score.of(part, sku[rows], np.full(int(rows.sum()), 2.0))))
    both = parts[0] + parts[1]
    assert both.strata == whole.strata
    np.testing.assert_allclose(both.lags, whole.lags, rtol=1e-9)
    np.testing.assert_allclose(both.moments, whole.moments, rtol=1e-9)
