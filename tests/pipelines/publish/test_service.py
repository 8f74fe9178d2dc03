"""The expected fill rate of real plans: what central orders and others' stock do to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.publish import service
from replenishment import PlanParams, plan_night
from stockwright.forecast import Forecast
from stockwright.network import Fallbacks


def night_of(parts, on_hand, forecast=None, budget=np.inf, share=0.0, closed=False):
    """A planned night of the small shop; share: of each region's short units that the other is
    asked for. closed: nothing is ordered or moved."""
    forecast, network = forecast or parts.forecast, parts.situation.network
    one, other = np.arange(1, 12, 3), np.arange(2, 12, 3)
    ends = np.concatenate([one, other]), np.concatenate([other, one])
    if share:
        backs = Fallbacks(*ends, np.full(8, share), np.full(8, 1.0))
        network = replace(network, fallbacks=backs)
    if closed:
        network = replace(
            network, lanes=replace(network.lanes, open_tonight=np.zeros(12, np.bool_))
        )
    stock = replace(
        parts.situation.stock,
        on_hand=np.asarray(on_hand, np.float64),
        arrival_series=np.zeros(0),
        arrival_step=np.zeros(0),
        arrival_units=np.zeros(0),
    )
    plan = plan_night(forecast, network, stock, PlanParams(paths=64, budget=budget))
    situation = replace(parts.situation, network=network, stock=stock)
    return parts.night(situation=situation, forecast=forecast, plan=plan)


def test_what_is_ordered_for_a_central_location_is_seen_in_the_fill_rate(parts) -> None:
    """And not in what the regions serve in their own, earlier intervals."""
    nights = [night_of(parts, np.full(12, 4.0), budget=b) for b in (0.0, 300.0, 700.0, np.inf)]
    rates = [service.fill_rate(night) for night in nights]
    assert all(np.diff(rates) > 0.01)
    own = [service.local_fulfillment(night) for night in nights]
    np.testing.assert_allclose(own, own[0])


def test_the_fill_rate_of_an_empty_network_is_what_an_order_is_in_time_for(parts) -> None:
    """A demand that is certain: all of it is lost until the order is below, none after that."""
    certain = Forecast.certain(
        parts.forecast.index, parts.forecast.origin, np.asarray(parts.forecast.mean)
    )
    night = night_of(parts, np.zeros(12), certain)
    policy = night.plan.policy
    last, review = int(policy.protection[0]), int(policy.review[0])
    mean = np.asarray(certain.mean)[1]
    assert night.plan.orders.units.sum() > 0
    wanted = mean[last - review : last].sum() / mean[:last].sum()
    assert service.fill_rate(night) == pytest.approx(wanted, rel=1e-3)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("share", [0.4, 1.0])
def test_coverage_never_lowers_the_fill_rate_of_one_and_the_same_stock(parts, seed, share) -> None:
    on_hand = np.random.default_rng(seed).choice([0.0, 2.0, 8.0, 40.0], 12)
    on_hand[1:3] = 40.0, 0.0
    alone = night_of(parts, on_hand, closed=True)
    helped = night_of(parts, on_hand, closed=True, share=share)
    assert service.fill_rate(helped) > service.fill_rate(alone)


def test_nobody_serves_more_for_others_than_is_missed_or_left(parts) -> None:
    night = night_of(parts, np.tile([0.0, 30.0, 0.0], 4), closed=True, share=1.0)
    served = service.by_key(night)
    helped = service.served_by_others(night, served)
    assert (helped <= served.missed + 1e-9).all()
    assert helped.sum() > 0
    taken = night.plan.help.taken if night.plan.help else 0.0
    assert helped.sum() <= (served.left + taken).sum() + 1e-9
