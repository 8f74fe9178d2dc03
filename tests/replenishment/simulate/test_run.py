"""The simulated shop: its timing, its books, and the known answers under lost sales."""

import numpy as np
import pytest

from replenishment.needs.find import find_needs
from replenishment.needs.keys import Keys
from replenishment.params import PlanParams
from replenishment.simulate import BaseStock, ShopState, ShopTerms, simulate
from stockwright.errors import DataError

LOST_SALES = [
    f"lost-sales-poisson5-L{lead}-p{price}" for lead in (2, 4) for price in (4, 9, 19, 39)
]


def test_an_order_is_received_lead_time_plus_one_periods_later():
    terms = ShopTerms.same(1, 2, 1.0, 1.0)

    def once(period, state):
        return np.array([5.0 if period == 1 else 0.0])

    run = simulate(np.zeros((1, 6)), once, terms, ShopState.of([0.0], 3))
    assert run.received[0].tolist() == [0, 0, 0, 0, 5, 0]
    opening = simulate(
        np.zeros((1, 4)), lambda t, s: np.array([7.0 * (t < 0)]), terms,
        ShopState.of([0.0], 3), opening=True,
    )  # fmt: skip
    assert opening.received[0].tolist() == [0, 0, 7, 0]


@pytest.mark.parametrize("lost_sales", [True, False])
def test_nothing_appears_or_vanishes(lost_sales):
    rng = np.random.default_rng(2)
    demand = rng.poisson(4, (50, 40)).astype(float)
    terms = ShopTerms(rng.integers(0, 4, 50), np.full(50, 0.5), np.full(50, 3.0), lost_sales)
    start = ShopState.of(rng.integers(0, 9, 50), 5)
    run = simulate(demand, BaseStock(rng.integers(5, 25, 50)), terms, start)
    served = demand - run.missed if lost_sales else demand
    end = run.end.position() - run.ordered.sum(axis=1)
    np.testing.assert_allclose(end, start.position() - served.sum(axis=1))
    short = run.missed if lost_sales else np.maximum(-0.0, run.missed)
    np.testing.assert_allclose(run.cost, 0.5 * run.left + 3.0 * short)
    assert (run.left >= 0).all()


def test_a_short_pipeline_is_refused():
    with pytest.raises(DataError, match="pipeline"):
        simulate(np.zeros((1, 2)), BaseStock(1), ShopTerms.same(1, 3, 1, 1), ShopState.of([0.0], 3))


@pytest.mark.parametrize("case", [c for c in LOST_SALES if "L2" in c])
def test_best_base_stock_of_the_lost_sales_cases(case, known_answers):
    """The known level has the known cost, and its neighbors are no better beyond noise."""
    given, answer, _ = known_answers[case]
    best, lead = answer["best_base_stock"], given["lead_time"]
    n = 1500
    demand = np.random.default_rng(4).poisson(given["demand"]["poisson"], (n, 420)).astype(float)
    terms = ShopTerms.same(n, lead, given["holding_cost"], given["shortage_cost"])
    cost = [
        simulate(demand, BaseStock(level), terms, ShopState.of(np.full(n, level), lead + 1))
        .cost[:, 20:]
        .mean()
        for level in (best - 1, best, best + 1)
    ]
    assert cost[1] <= 1.002 * min(cost)
    assert cost[1] == pytest.approx(answer["best_base_stock_cost"], rel=0.01)


def lost_sales_ratio(shop, given, optimum, n, periods):
    """Simulated cost of the engine's own rule over the optimal cost."""
    lead, mean = given["lead_time"], 5.0
    index, one = shop.index(n), np.ones(n)
    geometric = "geometric_mean" in given["demand"]
    scatter = {"linear_dispersion": 1 + mean} if geometric else {}
    forecast = shop.forecast(index, mean, horizon=lead + 1, **scatter)
    steps = np.tile(np.arange(1, lead + 1), (n, 1))
    rng = np.random.default_rng(6)
    draws = rng.geometric(1 / (1 + mean), (n, periods)) - 1
    demand = draws if geometric else rng.poisson(mean, (n, periods))

    def order(period, state):
        keys = Keys(
            np.full(n, lead), np.full(n, 1), 0 * one, state.on_hand, steps,
            state.pipeline[:, :lead], given["holding_cost"] * one, given["shortage_cost"] * one,
            one, np.full(n, 10**6), np.nan * one, np.nan * one,
        )  # fmt: skip
        return np.maximum(find_needs(forecast, keys, PlanParams(paths=128)).quantity, 0.0)

    terms = ShopTerms.same(n, lead, given["holding_cost"], given["shortage_cost"])
    run = simulate(demand.astype(float), order, terms,
                   ShopState.of(np.full(n, mean * (lead + 1)), lead + 1))  # fmt: skip
    return run.cost[:, 20:].mean() / optimum


@pytest.mark.parametrize("case", ["lost-sales-poisson5-L2-p4", "lost-sales-poisson5-L4-p9"])
def test_the_rule_is_close_to_the_optimal_policy(case, shop, known_answers):
    given, answer, _ = known_answers[case]
    assert lost_sales_ratio(shop, given, answer["optimal_cost"], 150, 70) < 1.05


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", [*LOST_SALES, "lost-sales-geometric5-L2-p4", "lost-sales-geometric5-L2-p19"]
)
def test_the_rule_is_within_three_percent_of_every_optimal_policy(case, shop, known_answers):
    given, answer, _ = known_answers[case]
    assert lost_sales_ratio(shop, given, answer["optimal_cost"], 500, 120) < 1.03
