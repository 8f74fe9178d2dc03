"""Demand recovered from stock-outs is right on average, whatever the demand."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.recovered import learned_profile, recovered_demand, served_share
from stockwright.calendar import Calendar
from stockwright.errors import DataError
from stockwright.panel import Covariates, DemandPanel, SeriesIndex, Status


def one_series(demand: np.ndarray, status: np.ndarray, share: np.ndarray) -> DemandPanel:
    periods = len(demand)
    zeros = np.zeros((1, periods))
    return DemandPanel(
        index=SeriesIndex(("s",), ("a",), np.zeros(1, np.int32), np.zeros(1, np.int32)),
        calendar=Calendar("day", np.datetime64("2024-01-01")),
        demand=demand[None].astype(np.float32),
        status=status[None].astype(np.uint8),
        in_stock=share[None].astype(np.float32),
        covariates=Covariates(
            price=zeros.astype(np.float32),
            discount=zeros.astype(np.float32),
            event=zeros.astype(np.int16),
            phase=zeros.astype(np.int16),
        ),
        launch=np.zeros(1, np.int32),
    )


def test_recovered_demand_has_the_mean_of_the_true_demand() -> None:
    """Simulated customers at uniform times, stock of 3: the true mean within 2 %."""
    rng = np.random.default_rng(0)
    true = rng.negative_binomial(2, 0.3, 40_000)
    stock = 3
    short = true > stock
    times = np.sort(rng.uniform(size=(len(true), true.max())), axis=1)
    past = np.arange(true.max()) >= true[:, None]
    draws = np.sort(np.where(past, 2.0, rng.uniform(size=times.shape)), axis=1)
    turned_away = np.where(short, draws[:, stock], 1.0)
    panel = one_series(
        np.minimum(true, stock), np.where(short, Status.CENSORED, Status.OBSERVED), turned_away
    )
    units, known, hidden = recovered_demand(panel, np.s_[0, :])
    assert abs(units[known].sum() / true[known].sum() - 1) < 0.02
    assert np.minimum(true, stock).sum() / true.sum() < 0.65
    assert (hidden == ~known).all()


def test_a_period_that_began_without_stock_says_nothing() -> None:
    demand = np.array([0.0, 2.0, 5.0])
    status = np.array([Status.CENSORED, Status.CENSORED, Status.NOT_LISTED])
    units, known, hidden = recovered_demand(one_series(demand, status, np.zeros(3)), np.s_[0, :])
    assert not known.any()
    assert hidden.tolist() == [False, True, False]
    assert units[1] == 2


def test_a_profile_tells_the_share_of_demand_that_came_before_a_stock_out() -> None:
    """By hand: 4 of 10 units in the first half of the day, 2 of them in its first quarter."""
    profile = (2, 2, 5, 1)
    shares = np.array([0.0, 0.125, 0.25, 0.5, 0.75, 1.0], np.float32)
    assert served_share(shares, profile) == pytest.approx([0, 0.1, 0.2, 0.4, 0.9, 1.0])
    assert served_share(shares, ()) == pytest.approx(shares)
    assert served_share(shares, (1, 1, 1)) == pytest.approx(shares)
    with pytest.raises(DataError, match="not all 0"):
        served_share(shares, (0, 0))


def many_series(demand: np.ndarray, status: np.ndarray, share: np.ndarray) -> DemandPanel:
    count = len(demand)
    one = one_series(demand[0], status[0], share[0])
    skus = tuple(f"{i:04d}" for i in range(count))
    return DemandPanel(
        index=SeriesIndex(
            skus, ("a",), np.arange(count, dtype=np.int32), np.zeros(count, np.int32)
        ),
        calendar=one.calendar,
        demand=demand.astype(np.float32),
        status=status.astype(np.uint8),
        in_stock=share.astype(np.float32),
        covariates=one.covariates,
        launch=np.zeros(count, np.int32),
    )


def interrupted_shop(profile: np.ndarray, seed: int) -> tuple[DemandPanel, np.ndarray]:
    """Days on which the stock is gone at an hour that has nothing to do with demand, and the truth.

    Those days are wanted half as much again.
    """
    rng = np.random.default_rng(seed)
    shape = (400, 60)
    short = rng.uniform(size=shape) < 0.4
    level = rng.gamma(4, 5, (400, 1)) * rng.uniform(0.7, 1.3, 60) * np.where(short, 1.5, 1.0)
    hours = rng.integers(1, len(profile), shape)
    reached = np.concatenate([[0.0], np.cumsum(profile)])[hours]
    early = rng.poisson(level * reached)
    whole = early + rng.poisson(level * (1 - reached))
    status = np.where(short, Status.CENSORED, Status.OBSERVED)
    share = np.where(short, hours / len(profile), 1.0)
    return many_series(np.where(short, early, whole), status, share), whole


def test_a_profile_is_learned_from_stock_outs() -> None:
    """Against the profile of a simulated shop: to 2 points, and demand within 2 % with it, while
    an even day is a fifth off."""
    profile = np.array([0.05, 0.25, 0.2, 0.1, 0.1, 0.05, 0.1, 0.1, 0.04, 0.01])
    panel, whole = interrupted_shop(profile, seed=3)
    learned = learned_profile(panel, 10)
    assert learned == pytest.approx(profile, abs=0.02)
    cells = panel.status == Status.CENSORED
    sold, shares = panel.demand[cells], panel.in_stock[cells]
    truth = whole[cells].sum()
    assert abs((sold / served_share(shares, learned)).sum() / truth - 1) < 0.02
    assert (sold / shares).sum() / truth > 1.2


def test_no_stock_outs_teach_no_profile() -> None:
    always = np.full((2, 9), Status.OBSERVED)
    with pytest.raises(DataError, match="no stock-outs late in the day"):
        learned_profile(many_series(np.ones((2, 9)), always, np.ones((2, 9))), 4)
