"""Chances of a week's demand against scipy's laws, and what lots keep of them."""

from itertools import islice

import numpy as np
import pytest
from scipy import stats

from replenishment.clearance.demand import TAIL, StockLots, lot_chances, step_chances
from replenishment.clearance.task import MarkdownTask


def _table(task, lots):
    """Chances of 0, 1, ... lots in the one week, at the one rung, of the one item."""
    return lot_chances(task.mean, task.weight, task.dispersion, lots).table[0, :, 0, 0]


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
    table = _table(task, StockLots.of(task.stock, task.dispersion, 64))
    k = np.arange(len(table))
    known = 0.3 * stats.poisson.pmf(k, 2) + 0.7 * stats.poisson.pmf(k, 5)
    np.testing.assert_allclose(table[:-1], known[:-1], atol=1e-12)
    assert table.sum() == pytest.approx(1, abs=1e-15)
    assert known[-1] < TAIL


@pytest.mark.parametrize(("stock", "dispersion"), [(300.0, 1.0), (317.5, 2.0), (9000.0, 5.0)])
def test_lots_keep_the_variance_but_for_what_lies_between_two_of_them(stock, dispersion):
    """A demand between two lots scatters by a quarter of a lot's square more at most."""
    task = MarkdownTask([stock], 1, [[9.0]], [[[stock / 4]]], dispersion=dispersion)
    lots = StockLots.of(task.stock, task.dispersion, 64)
    table, units = _table(task, lots), np.arange(64) * lots.lot[0]
    variance = (table * (units[: len(table)] - stock / 4) ** 2).sum()
    known = dispersion * stock / 4
    assert known * (1 - 1e-6) <= variance <= known + lots.lot[0] ** 2 / 4


def test_expected_sales_are_those_of_the_law():
    mean = np.array([[[[3.0, 8.0]], [[5.0, 20.0]]]])
    task = MarkdownTask([40], 1, [[9.0, 7.0]], mean, 2.0, dispersion=1.8)
    lots = StockLots.of(task.stock, task.dispersion, 64)
    sold = lot_chances(mean, task.weight, task.dispersion, lots).sold[0, :, :, 0]
    stock, units = np.arange(len(sold))[:, None, None], np.arange(400)
    law = stats.nbinom(mean[0, :, 0].ravel()[:, None] / 0.8, 1 / 1.8)
    known = np.minimum(stock, units) @ law.pmf(units).T
    known = known.reshape(len(sold), 2, 2).mean(axis=1)
    np.testing.assert_allclose(sold, known, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("stock", [300.0, 317.5, 5000.0])
def test_lots_keep_the_mean_of_demand_that_stays_below_the_stock(stock):
    task = MarkdownTask([stock], 1, [[9.0]], [[[120.0]]], dispersion=2.0)
    lots = StockLots.of(task.stock, task.dispersion, 64)
    table = _table(task, lots)
    assert table.sum() == pytest.approx(1)
    assert (table * np.arange(len(table))).sum() * lots.lot[0] == pytest.approx(120)
