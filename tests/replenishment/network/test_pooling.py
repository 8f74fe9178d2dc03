"""What locations share through the one that feeds them, against dynamic programmes."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from replenishment import PlanParams, plan_night
from replenishment.network.evening import Evening
from replenishment.network.pooling import worth_kept
from replenishment.wishes.find import sides_of

PLACES = ("central", "east", "west")
#: A source and two regions that get its stock for the next day's sales. The states of one night
#: are so many SKUs of one plan, so that every decision of the night is evaluated.
UNITS, NIGHTS = 10, 5


def chain(shop, on_hand, mean, lead=(6, 0, 0), arrivals=(), review=(1, 1, 1), **changes):
    """``on_hand`` (skus, 3): a supplier feeds central, central feeds two regions."""
    skus = len(on_hand)
    n = 3 * skus
    index = shop.index(skus, PLACES)
    lanes = shop.lanes(
        n, kind=[0, 1, 1] * skus, lead_time=list(lead) * skus, unit_cost=[10, 0, 0] * skus,
        review=list(review) * skus, open_tonight=changes.pop("open_tonight", True),
    )  # fmt: skip
    told = {name: np.tile(value, skus) for name, value in changes.items()}
    network = shop.network(index, lanes, kind=[0, 1, 1], sells=[False, True, True], **told)
    forecast = shop.forecast(index, np.tile([0.0, *mean], skus))
    return forecast, network, shop.stock(n, np.ravel(on_hand), arrivals)


class Season:
    """Stock of a source for a few nights: what is sent on each of them, and what it costs.

    Value functions are (units at the source, units at east, units at west).
    """

    def __init__(self, mean, price, holding):
        self.mean, self.price, self.holding = mean, price, holding
        self.size = UNITS + 1
        self.next, self.cost = zip(*map(self._day, mean, price), strict=True)

    def _day(self, mean, price):
        """Chances of the stock after a day from the stock before it, and the day's mean cost."""
        stock, asked = np.arange(self.size)[:, None], np.arange(60)
        chance = stats.poisson(mean).pmf(asked)
        left = np.maximum(stock - asked, 0)
        after = np.zeros((self.size, self.size))
        np.add.at(after, (np.broadcast_to(stock, left.shape), left), chance)
        lost = np.maximum(asked - stock, 0) @ chance
        return after, price * lost + self.holding * (left @ chance)

    def sent(self, later):
        """Expected cost from the morning on, ``later`` being that from the next close on."""
        mean = np.einsum("ya,cab,zb->cyz", self.next[0], later, self.next[1])
        kept = self.holding * np.arange(self.size)[:, None, None]
        return mean + kept + self.cost[0][:, None] + self.cost[1]

    def optimum(self):
        """Least expected cost of all states, by trying everything that can be sent."""
        value = np.zeros((self.size,) * 3)
        for _ in range(NIGHTS):
            morning, value = self.sent(value), np.full_like(value, np.inf)
            for east, west in itertools.product(range(self.size), repeat=2):
                if east + west < self.size:
                    given = morning[: self.size - east - west, east:, west:]
                    here = value[east + west :, : self.size - east, : self.size - west]
                    np.minimum(here, given, out=here)
        return value

    def of_plan(self, shop, params):
        """Expected cost of what the night sends."""
        states = np.array([s for s in np.ndindex((self.size,) * 3) if sum(s) <= UNITS])
        value = np.zeros((self.size,) * 3)
        for night in range(NIGHTS):
            # More comes in time for the step after the last one.
            coming = [(3 * sku, night + 1, 500.0) for sku in range(len(states))]
            forecast, network, stock = chain(
                shop, states, self.mean, arrivals=coming, holding_cost=[self.holding] * 3,
                shortage_cost=[self.price[0], *self.price], open_tonight=[False, True, True]
                * len(states),
            )  # fmt: skip
            lines = plan_night(forecast, network, stock, params).transfers
            units = np.zeros(3 * len(states), np.int64)
            units[lines.series] = np.rint(lines.units).astype(np.int64)
            moved = units.reshape(-1, 3)[:, 1:]
            after = states + np.column_stack([-moved.sum(axis=1), moved])
            # Of more units than there are states nothing is asked.
            morning, value = self.sent(value), np.zeros_like(value)
            value[tuple(states.T)] = morning[tuple(after.T)]
        return value


@pytest.mark.parametrize(
    ("mean", "price", "above"),
    [
        ((1.0, 1.0), (10.0, 10.0), 0.02),
        ((1.0, 0.3), (10.0, 10.0), 0.03),
        pytest.param((0.5, 0.5), (10.0, 10.0), 0.03, marks=pytest.mark.slow),
        pytest.param((1.0, 1.0), (20.0, 10.0), 0.08, marks=pytest.mark.slow),
    ],
)
def test_what_is_kept_back_is_near_the_optimum_and_one_review_ahead_is_not(
    shop, mean, price, above
):
    """Exact cost of the night's decisions in all states of five nights, against the optimum."""
    season = Season(mean, price, 0.1)
    best = season.optimum()
    kept, pushed = (
        season.of_plan(shop, PlanParams(paths=256, pooling=pooling)) for pooling in (True, False)
    )
    starts = [(units, here, there) for units in (3, 5, 7, 8) for here in (0, 1) for there in (0, 1)]
    optimal, ours, plain = (
        np.array([value[start] for start in starts]) for value in (best, kept, pushed)
    )
    assert (ours >= optimal - 1e-9).all()
    assert ours.mean() <= optimal.mean() * (1 + above)
    assert (ours.mean() - optimal.mean()) <= 0.6 * (plain.mean() - optimal.mean())


def moved(plan):
    units = np.zeros(3)
    units[plan.transfers.series] = plan.transfers.units
    return units[1:]


@pytest.mark.parametrize("correlation", [0.0, 0.5, 1.0])
def test_demand_that_is_no_longer_shared_adds_its_standard_deviations(shop, correlation):
    """By hand: of L + l + R = 6 + 2 + 3 steps the last five lie apart, means 20 and 10.

    Poisson scatter is independent; the level's standard deviations are 10 and 2 units.
    """
    arguments = chain(shop, [[0, 0, 0]], [4.0, 2.0], lead=(6, 2, 2), review=(3, 1, 1))
    forecast = replace(
        arguments[0], level_variance=np.array([0.0, 0.25, 0.04]), location_correlation=correlation
    )
    evening = Evening.of(forecast, *arguments[1:], PlanParams())
    keys = sides_of(np.arange(3), evening).upper
    variance = np.array([20 + 100.0, 10 + 4.0])
    pooled = variance.sum() + 2 * correlation * 10 * 2
    assert keys.pool.apart == pytest.approx([np.sqrt(variance).sum() ** 2 - pooled])


def test_a_shop_that_pools_buys_more_than_one_that_takes_all_stock_for_shared(shop):
    dear = {"shortage_cost": [100.0] * 3}
    arguments = chain(shop, [[0, 0, 0]], [4.0, 2.0], lead=(6, 2, 2), review=(7, 1, 1), **dear)
    apart, shared = (
        plan_night(*arguments, PlanParams(pooling=pooling)).orders for pooling in (True, False)
    )
    assert apart.units[0] > shared.units[0]


def test_a_region_that_shares_with_nobody_gets_all_it_wants(shop):
    """The other region has no demand, so what is sent here is missed nowhere."""
    arguments = chain(shop, [[9, 0, 0]], [2.0, 0.0])
    plan = plan_night(*arguments, PlanParams())
    assert plan.kept.units.tolist() == [0, 0, 0]
    assert moved(plan)[0] >= moved(plan_night(*arguments, PlanParams(pooling=False)))[0]


def test_more_stock_at_the_source_never_sends_less(shop):
    """With ever more at central the others miss ever less of what is sent."""
    stock = np.array([[units, 1, 0] for units in (4, 8, 12, 16, 24, 40, 80)])
    plan = plan_night(*chain(shop, stock, [1.0, 2.0], shortage_cost=[9.0] * 3), PlanParams())
    units = np.zeros(stock.size)
    units[plan.transfers.series] = plan.transfers.units
    assert (np.diff(units.reshape(-1, 3), axis=0) >= 0).all()
    kept = plan.kept.units.reshape(-1, 3)
    assert kept[:4, 1:].max() > 0
    assert kept[-1].max() == 0


def test_the_line_that_keeps_back_still_adds_up(shop):
    plan = plan_night(*chain(shop, [[8, 0, 0]], [1.0, 1.0], shortage_cost=[9.0] * 3), PlanParams())
    lines = plan.transfers
    assert plan.kept.units[lines.series].max() > 0
    np.testing.assert_allclose(lines.units, lines.need + lines.rounding_added - lines.limit_cut)
    np.testing.assert_allclose(lines.target, lines.available + lines.inbound + lines.need)


def test_a_level_that_is_asked_for_is_kept_whatever_others_need(shop):
    """A cycle service of .9 over the next day of Poisson(2) needs 4 units."""
    level = {"service_level": [np.nan, 0.9, np.nan]}
    plan = plan_night(*chain(shop, [[9, 0, 0]], [2.0, 2.0], **level), PlanParams())
    assert moved(plan)[0] == stats.poisson(2.0).ppf(0.9)


def test_the_worth_of_a_unit_kept_is_the_chance_that_all_falls_short_times_its_price(shop):
    """Demand until the order of tonight can be below, 7 steps of 1.5, is Poisson(10.5)."""
    arguments = chain(shop, [[5, 2, 1]], [1.0, 0.5], shortage_cost=[0.0, 6.0, 6.0])
    worth = worth_kept(Evening.of(*arguments, PlanParams()))
    chance = stats.poisson(10.5).sf(8)
    assert worth == pytest.approx([6.0 * chance, 0, 0], rel=1e-3)
