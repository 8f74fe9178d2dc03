"""Prices of a unit short where another key may serve the customer."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from replenishment.needs.helped import Holding, Pairs, helped_prices
from stockwright.distribution import Distribution

PRICE = 10.0
# Money that a unit costs to hold; two places, their means, and the dispersion alpha * mean^2.
CASES = [
    (1.0, (10.0, 10.0), 0.0),
    (0.3, (30.0, 8.0), 0.0),
    (0.3, (20.0, 20.0), 0.3),
    (0.3, (40.0, 6.0), 0.2),
]


def totals_of(means: tuple[float, ...], alpha: float) -> Distribution:
    mean = np.array(means)
    return Distribution(mean, mean + alpha * mean**2, np.ones(len(mean)))


def holding_of(n: int, cost: float, **changes) -> Holding:
    values = {"price": PRICE, "cost": cost, "least": 0.0, "most": np.inf, "asked": np.nan}
    wide = {k: np.broadcast_to(np.float64(v), (n,)) for k, v in (values | changes).items()}
    return Holding(**wide)


def mutual(freight: float, share: float = 1.0, closeness: float = 0.0) -> Pairs:
    gain = max(PRICE - freight, 0.0)
    key = np.array([0, 1])
    return Pairs(key, key[::-1], *(np.full(2, v) for v in (share, gain, closeness)))


def masses(means: tuple[float, ...], alpha: float) -> np.ndarray:
    """Probability of every whole demand of both places, (2, units)."""
    units = np.arange(400)
    return np.stack(
        [
            stats.nbinom.pmf(units, 1 / alpha, 1 / (1 + alpha * m))
            if alpha
            else stats.poisson.pmf(units, m)
            for m in means
        ]
    )


def expected_cost(mass: np.ndarray, stock: list[int], cost: float, freight: float, share: float):
    """Brute force over both demands: own customers first, then the share that may be helped."""
    demand = np.arange(mass.shape[1])
    chance = np.outer(*mass)
    short = [np.maximum(demand - y, 0) for y in stock]
    left = [np.maximum(y - demand, 0) for y in stock]
    helped = np.minimum(share * short[0][:, None], left[1][None, :])
    helped = helped + np.minimum(left[0][:, None], share * short[1][None, :])
    lost = PRICE * (short[0][:, None] + short[1][None, :]) - max(PRICE - freight, 0.0) * helped
    held = cost * (left[0][:, None] + left[1][None, :] - helped)
    return float((chance * (lost + held)).sum())


def stocks(mass: np.ndarray, prices: np.ndarray, cost: float) -> list[int]:
    ratio = prices / (prices + cost)
    return [int(np.searchsorted(np.cumsum(m), r)) for m, r in zip(mass, ratio, strict=True)]


@pytest.mark.parametrize("share", [1.0, 0.4])
@pytest.mark.parametrize("freight", [0.0, 2.0, 5.0])
@pytest.mark.parametrize(("cost", "means", "alpha"), CASES)
def test_two_places_cost_at_most_one_per_cent_more_than_the_best_pair(
    cost, means, alpha, freight, share
):
    mass = masses(means, alpha)
    pairs = mutual(freight, share)
    prices = helped_prices(totals_of(means, alpha), holding_of(2, cost), pairs, 0.9999)
    ours = stocks(mass, prices, cost)
    plain = stocks(mass, np.full(2, PRICE), cost)
    around = [range(max(y - 12, 0), top + 3) for y, top in zip(ours, plain, strict=True)]
    best = min(
        expected_cost(mass, [a, b], cost, freight, share) for a in around[0] for b in around[1]
    )
    assert expected_cost(mass, ours, cost, freight, share) <= 1.01 * best
    assert (np.array(ours) <= plain).all()


@pytest.mark.parametrize("share", [0.2, 0.7])
@pytest.mark.parametrize(("cost", "means", "alpha"), CASES)
def test_an_article_and_its_substitute_cost_at_most_one_per_cent_more_than_the_best(
    cost, means, alpha, share
):
    """Brute force: a unit short of the first loses 10, and saves 6 where the second, which is
    short at 6 a unit itself, has one left for its customer."""
    mass = masses(means, alpha)
    price = np.array([PRICE, 6.0])
    pairs = Pairs(*(np.array([v]) for v in (0, 1, share, 6.0, 0.0)))
    found = helped_prices(totals_of(means, alpha), holding_of(2, cost, price=price), pairs, 0.9999)
    demand = np.arange(mass.shape[1])

    def expected(first: int, second: int) -> float:
        short, left = np.maximum(demand - first, 0), np.maximum(second - demand, 0)
        taken = np.minimum(share * short[:, None], left[None, :])
        lost = price[0] * short[:, None] + price[1] * np.maximum(demand - second, 0)[None, :]
        held = cost * (np.maximum(first - demand, 0)[:, None] + left[None, :] - taken)
        return float((np.outer(*mass) * (lost - 6.0 * taken + held)).sum())

    ours, plain = stocks(mass, found, cost), stocks(mass, price, cost)
    first, second = (range(max(y - 10, 0), y + 11) for y in ours)
    best = min(expected(a, b) for a in first for b in second)
    assert expected(*ours) <= 1.01 * best
    assert expected(*ours) <= expected(*plain)
    assert ours[0] <= plain[0]


@pytest.mark.parametrize(("cost", "means", "alpha"), CASES)
def test_free_help_buys_the_need_of_both_places_together(cost, means, alpha):
    """The critical quantile of the summed demand, up to a unit of rounding at each place."""
    mass = masses(means, alpha)
    prices = helped_prices(totals_of(means, alpha), holding_of(2, cost), mutual(0.0), 0.9999)
    together = np.cumsum(np.convolve(*mass))
    pooled = int(np.searchsorted(together, PRICE / (PRICE + cost)))
    assert abs(sum(stocks(mass, prices, cost)) - pooled) <= 2 + 0.01 * pooled


def test_help_that_costs_as_much_as_the_sale_changes_nothing():
    prices = helped_prices(totals_of((9.0, 4.0), 0.2), holding_of(2, 1.0), mutual(PRICE), 0.98)
    np.testing.assert_allclose(prices, PRICE)


def test_dearer_freight_never_lowers_a_price():
    found = [
        helped_prices(totals_of((25.0, 25.0), 0.3), holding_of(2, 0.2), mutual(f), 0.98)
        for f in (0.0, 1.0, 3.0, 6.0, 9.0)
    ]
    assert (np.diff(found, axis=0) >= 0).all()
    assert found[0].max() < found[-1].min()


def test_a_place_that_has_nothing_to_spare_is_no_help():
    """It cannot be supplied tonight and its stock is below its own demand."""
    empty = holding_of(2, 0.5, most=np.array([np.inf, 0.0]))
    prices = helped_prices(totals_of((9.0, 9.0), 0.2), empty, mutual(1.0), 0.98)
    assert prices[0] == pytest.approx(PRICE, rel=1e-3)


def test_a_place_with_ample_stock_leaves_the_freight_as_the_price():
    full = holding_of(2, 0.5, least=np.array([0.0, 500.0]))
    prices = helped_prices(totals_of((9.0, 9.0), 0.2), full, mutual(1.5), 0.98)
    assert prices[0] == pytest.approx(1.5, rel=1e-3)


def test_demand_that_moves_together_is_less_help():
    found = [
        helped_prices(totals_of((9.0, 9.0), 0.4), holding_of(2, 0.5), mutual(0.5, 1.0, rho), 0.98)
        for rho in (0.0, 0.5, 0.95)
    ]
    assert (np.diff(found, axis=0) > 0).all()
    # Places that always run out together cannot help each other.
    assert found[-1].min() > 0.8 * PRICE
