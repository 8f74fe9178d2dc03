"""Demand recovered from stock-outs is right on average, whatever the demand."""

from __future__ import annotations

import numpy as np

from forecasting.recovered import recovered_demand
from stockwright.calendar import Calendar
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
