"""A plan for its lines alone has the same orders and transfers, and samples fewer keys."""

from dataclasses import replace

import numpy as np
import pytest

from replenishment import PlanParams, plan_night
from replenishment.needs import find
from replenishment.params import Receiving
from stockwright.overrides import Overrides

PLACES = ("central", "east", "north", "west")
PARAMS = {
    "plain": {},
    "no pool": {"pooling": False},
    "marked down": {"markdown_rate": 0.4, "markdown_after": 5},
    "budget": {"budget": 900.0},
    "floor": {"floor": 0.5},
    "loads": {"receiving": Receiving(unit=1.0, case=0.5)},
}
LIMITS = ("none", "docks", "storage", "trucks", "minima")
COLUMNS = ("series", "lane", "units", "unit_cost")


def lanes_of(shop, index, rng):
    """From two suppliers to the center, fast and slow, from there to the shops, and between them;
    some closed tonight, some with price breaks."""
    n = index.n_series
    at_top = np.flatnonzero(index.location == 0)
    shops = np.flatnonzero(index.location > 0)
    fast = rng.choice(at_top, len(at_top) // 2, replace=False)
    series = np.concatenate([at_top, fast, shops, shops])
    kind = np.repeat([0, 2, 1], [len(at_top), len(fast), 2 * len(shops)])
    beside = index.location[shops] % 3 + 1
    source = np.concatenate([rng.integers(0, 2, len(at_top) + len(fast)), 0 * shops, beside])
    order = np.argsort(series, kind="stable")
    series, kind, source = series[order], kind[order], source[order]
    bought, m = kind != 1, len(series)
    steps = np.where(bought, rng.integers(0, 2, m), 0)
    cost = np.where(kind == 2, 12.0, np.where(bought, 10.0, 0.0))
    return shop.lanes(
        n, series=series, kind=kind, source=source,
        lead_time=np.where(kind == 0, rng.integers(2, 7, m), rng.integers(0, 3, m)),
        lead_time_sd=rng.choice([0.0, 1.0], m), review=rng.integers(1, 8, m),
        open_tonight=rng.random(m) < 0.6, moq=rng.choice([0.0, 0.0, 6.0], m),
        multiple=rng.choice([1.0, 1.0, 4.0], m), unit_cost=cost,
        unit_freight=np.where(bought, 0.0, 0.2), max_units=rng.choice([np.inf, np.inf, 8.0], m),
        break_start=np.concatenate([[0], np.cumsum(steps)]),
        break_units=np.full(steps.sum(), 20.0), break_cost=np.full(steps.sum(), 8.0),
        good_share=rng.choice([1.0, 0.9], m),
    )  # fmt: skip


def network_of(shop, index, rng, limit):
    """The shop of ``lanes_of`` under one kind of limit."""
    n = index.n_series
    docks = np.array([80.0, 12.0, 12.0, 12.0]) if limit == "docks" else np.inf
    network = shop.network(
        index, lanes_of(shop, index, rng), kind=np.array([0, 1, 1, 1]), inbound_capacity=docks,
        sells=np.array([False, True, True, True]), names=("acme", "best"),
        min_order_value=400.0 if limit == "minima" else 0.0,
        fixed_cost=20.0 if limit in ("minima", "trucks") else 0.0,
        holding_cost=rng.choice([0.01, 0.3], n), shortage_cost=rng.choice([2.0, 9.0], n),
        ends=np.where(rng.random(n) < 0.15, shop.origin + 14, 2**40),
        stock_mode=rng.random(n) < 0.9,
        service_level=np.where(rng.random(n) < 0.2, 0.95, np.nan),
        shelf_life=np.where(rng.random(n) < 0.2, 9.0, np.inf),
        most_cover=np.where(rng.random(n) < 0.2, 2.0, np.inf), volume=rng.choice([1.0, 2.0], n),
        units_per_case=rng.choice([np.nan, 6.0], n),
    )  # fmt: skip
    if limit == "storage":
        places = replace(network.locations, storage_volume=np.array([500.0, 60.0, 60.0, 60.0]))
        return replace(network, locations=places)
    if limit == "trucks":
        trucks = replace(network.suppliers, truck_volume=np.array([90.0, np.inf]))
        return replace(network, suppliers=trucks)
    return network


def night_of(shop, seed, limit="none"):
    """A night of eight SKUs with planners' words, unknown stock, and goods on their way."""
    rng = np.random.default_rng(seed)
    index = shop.index(8, PLACES)
    n = index.n_series
    network = network_of(shop, index, rng, limit)
    at_top = index.location == 0
    peak = np.where(np.arange(60) // 10 == 1, rng.choice([1.0, 5.0]), 1.0)
    mean = np.where(at_top, 0.0, rng.gamma(1.0, 1.5, n))[:, None] * peak
    forecast = replace(shop.forecast(index, mean, level_variance=0.1), location_correlation=0.3)
    coming = [(k, rng.integers(1, 12), rng.choice([5.0, 2.7])) for k in rng.integers(0, n, 60)]
    on_hand = rng.choice([0.0, 2.0, 6.0, 30.0], n) * np.where(at_top, 3, 1)
    stock = replace(shop.stock(n, on_hand, coming), known=rng.random(n) < 0.95)

    def few(units):
        return np.where(rng.random(n) < 0.06, units, np.nan)

    said = replace(
        Overrides.none(n, 60), blocked=rng.random(n) < 0.06, service_level=few(0.9),
        target=few(12.0), order_units=few(8.0), transfer_units=few(4.0),
    )  # fmt: skip
    return forecast, network, stock, said


def both(night, **params):
    """The plan of a night, and that for its lines alone."""
    forecast, network, stock, said = night
    plain = PlanParams(paths=32, handling=0.1, **params)
    return [
        plan_night(forecast, network, stock, each, said)
        for each in (plain, replace(plain, lines_only=True))
    ]


def check(plan, lines):
    for part in ("orders", "transfers"):
        for name in COLUMNS:
            whole, alone = (getattr(getattr(each, part), name) for each in (plan, lines))
            assert whole.tobytes() == alone.tobytes(), (part, name)
    assert np.array_equal(plan.policy.demand_mean, lines.policy.demand_mean)


@pytest.mark.parametrize(
    ("name", "limit"),
    [*((name, "none") for name in PARAMS), *(("plain", limit) for limit in LIMITS[1:])],
)
def test_lines_are_the_same_whatever_limits_and_settings(shop, name, limit):
    for seed in range(2):
        check(*both(night_of(shop, seed, limit), **PARAMS[name]))


@pytest.mark.slow
def test_lines_are_the_same_in_many_shops(shop):
    rng = np.random.default_rng(11)
    for seed in range(1000, 1100):
        night = night_of(shop, seed, rng.choice(LIMITS))
        check(*both(night, **PARAMS[rng.choice([*PARAMS])]))


def test_keys_that_may_not_order_are_not_sampled(shop, monkeypatch):
    forecast, network, stock, _ = night_of(shop, 3)
    said = Overrides.none(forecast.index.n_series, 60)
    counted, found = [], find._chunk_needs

    def counting(*args):
        counted[-1] += len(args[1])
        return found(*args)

    monkeypatch.setattr(find, "_chunk_needs", counting)
    for only in (False, True):
        counted.append(0)
        params = PlanParams(paths=32, lines_only=only)
        plan_night(forecast, network, stock, params, said)
    assert counted[1] < counted[0]
