"""Service against stock: more of one costs more of the other, and money buys it cheaper."""

import numpy as np

from experiments.whatif.curve import PRICED, SAME_LEVEL, trade_off
from experiments.whatif.night import Night


def test_a_higher_level_serves_more_and_holds_more(night: Night):
    for way in (SAME_LEVEL, PRICED):
        points = [point for point in trade_off(night.base) if point.way == way]
        assert np.all(np.diff([point.at for point in points]) > 0)
        assert np.all(np.diff([point.fill_rate for point in points]) >= -1e-9)
        assert np.all(np.diff([point.stock_value for point in points]) >= -1e-6)


def test_the_fill_rate_of_a_level_is_what_a_simulated_key_serves():
    """Order up to S every period with lead time L: 4,000 keys, 150 days of Poisson demand."""
    from experiments.whatif.curve import _Keys
    from replenishment.simulate import BaseStock, ShopState, ShopTerms, simulate
    from stockwright.distribution import Distribution

    rate, lead, level = 1.3, 2, 0.9
    one = np.ones(1)
    until = Distribution(lead * rate * one, lead * rate * one, one)
    whole = Distribution((lead + 1) * rate * one, (lead + 1) * rate * one, one)
    keys = _Keys(until, whole, one, level * one, one > 0, one, one, one)
    point = keys.point(SAME_LEVEL, level, level * one)
    demand = np.random.default_rng(5).poisson(rate, (4_000, 150)).astype(float)
    terms = ShopTerms.same(len(demand), lead, 0.0, 0.0, lost_sales=False)
    target = np.full(len(demand), whole.quantile_at(level * one)[0])
    run = simulate(demand, BaseStock(target), terms, ShopState.opening(target, terms))
    # What is owed at a close is owed to the last who asked: of a day's demand at most all of it.
    served = 1 - np.minimum(run.missed, demand)[:, 20:].sum() / demand[:, 20:].sum()
    assert abs(point.fill_rate - served) < 0.003
