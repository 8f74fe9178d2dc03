"""Chances of a week's demand against scipy's laws, and what lots keep of them."""

from itertools import islice

import numpy as np
import pytest
from scipy import stats

from replenishment.clearance.demand import StockLots, lot_chances, step_chances
from replenishment.clearance.task import MarkdownTask


@pytest.mark.parametrize("mean", [0.0, 1e-8, 0.3, 7.0, 640.0, 900.0, 4000.0])
@pytest.mark.parametrize("dispersion", [1.0, 1.0001, 1.7, 8.0])
def test_chances_are_those_of_the_negative_binomial_or_poisson_law(mean, dispersion):
    """Also where no demand at all is less likely than the smallest number a float can hold."""
    k = np.arange(5000)
    steps = step_chances(np.array([mean]), np.array([dispersion]), np.ones(1))
    found = np.array([chance[0] for chance in islice(steps, len(k))])
    if dispersion == 1:
        known = stats.poisson.pmf(k, mean)
    else:
        known = stats.nbinom.pmf(k, mean / (dispersion - 1), 1 / dispersion) if mean else k == 0
    np.testing.assert_allclose(found, known, rtol=1e-7, atol=1e-15)


def test_scenarios_are_mixed_by_their_weights():
    mean = np.array([[[[2.0]], [[5.0]]]])
    task = MarkdownTask([30], 1, [[9.0]], mean, weight=[[0.3, 0.7]])
    table = lot_chances(task, StockLots.of(task, 64), 1)[0, 0, :, 0]
    k = np.arange(len(table))
    known = 0.3 * stats.poisson.pmf(k, 2) + 0.7 * stats.poisson.pmf(k, 5)
    np.testing.assert_allclose(table, known, atol=1e-12)


@pytest.mark.parametrize("stock", [300.0, 317.5, 5000.0])
def test_lots_keep_the_mean_of_demand_that_stays_below_the_stock(stock):
    task = MarkdownTask([stock], 1, [[9.0]], [[[120.0]]], dispersion=2.0)
    lots = StockLots.of(task, 64)
    table = lot_chances(task, lots, 1)[0, 0, :, 0]
    assert table.sum() == pytest.approx(1)
    assert (table * np.arange(len(table))).sum() * lots.lot[0] == pytest.approx(120)
