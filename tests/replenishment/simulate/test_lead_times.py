"""Drawn lead times: their distribution, and orders that never overtake."""

import numpy as np
import pytest
from scipy.stats import chi2

from replenishment.simulate import Decisions, RandomLead, ShopState, ShopTerms, place, simulate

CHANCE = np.array([[0.1, 0.4, 0.3, 0.2], [0.0, 0.0, 1.0, 0.0], [0.7, 0.0, 0.05, 0.25]])


def shop(chance, crossing):
    n = len(chance)
    law = RandomLead(chance, crossing)
    return ShopTerms(np.zeros(n, int), np.ones(n), np.ones(n), random_lead=law)


def test_lead_times_follow_their_chances():
    """Chi-square of the columns in which 20,000 orders of each row arrive."""
    terms = shop(CHANCE, crossing=True)
    rows = np.repeat(np.arange(3), 20_000)
    lines = Decisions.lines(rows, np.ones(len(rows)))
    after, _ = place(ShopState.opening(0, terms), lines, terms, np.random.default_rng(20))
    expected, possible = 20_000 * CHANCE, CHANCE > 0
    assert after.pipeline[~possible].sum() == 0
    for row in range(3):
        kept = possible[row]
        gap = (after.pipeline[row] - expected[row])[kept] ** 2 / expected[row][kept]
        assert gap.sum() <= chi2.ppf(0.999, max(kept.sum() - 1, 1))


@pytest.mark.parametrize("crossing", [True, False])
def test_only_crossing_orders_overtake(crossing):
    """Order t has 2 ** t units, so that what is received tells which orders arrived."""
    n, periods = 200, 30
    terms = shop(np.tile([0.25, 0.25, 0.25, 0.25], (n, 1)), crossing)

    def order(period, state):
        return np.full(n, 2.0**period)

    run = simulate(
        np.zeros((n, periods)), order, terms, ShopState.opening(0, terms),
        rng=np.random.default_rng(21),
    )  # fmt: skip
    arrived = run.received.astype(np.int64)[:, :, None] >> np.arange(periods) & 1
    when = np.where(arrived.any(axis=1), arrived.argmax(axis=1), periods + 4)
    whole = when[:, : periods - 4]  # these have arrived by the end
    assert (whole < periods).all()
    delay = whole - np.arange(periods - 4) - 1
    assert set(np.unique(delay)) == {0, 1, 2, 3}
    overtaken = (np.diff(whole, axis=1) < 0).any()
    assert overtaken == crossing
