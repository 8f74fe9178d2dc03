"""Rates and lags of returns, on returns drawn with known ones."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting import returns
from forecasting.returns import Flow, learn_returns, past_returns
from stockwright.forecast import Forecast
from stockwright.panel import SeriesIndex
from stockwright.returns import ExpectedReturns, counting_returns
from stockwright.stock import StockPosition

PERIODS, LONGEST = 240, 20
RATES = np.array([[0.25, 0.10], [0.04, 0.04]])
LAGS = np.array([np.exp(-0.5 * ((np.arange(21) - peak) / 3) ** 2) for peak in (6, 11)])
LAGS /= LAGS.sum(axis=1, keepdims=True)


def drawn(n: int, rates: np.ndarray, seed: int = 1, level: float = 0.1):
    """Sales, returns (later ones included) and the category of each series."""
    rng = np.random.default_rng(seed)
    category = np.arange(n) % 2
    units = rng.poisson(level * rng.gamma(1.0, 1.0, (n, 1, 1)), (n, 2, PERIODS))
    back = np.zeros((n, 2, PERIODS + LONGEST + 1))
    for lag in range(LONGEST + 1):
        mean = units * rates[category][:, :, None] * LAGS[category, lag][:, None, None]
        back[:, :, lag : lag + PERIODS] += rng.poisson(mean)
    return flow(units), flow(back[:, :, :PERIODS]), category, units, back


def flow(units: np.ndarray) -> Flow:
    series, channel, period = np.nonzero(units)
    return Flow(series, channel, period, units[series, channel, period].astype(np.float64))


def test_rates_and_lags_are_those_that_the_returns_were_drawn_with() -> None:
    sold, back, category, *_ = drawn(1500, RATES)
    found = learn_returns(sold, back, category, (2, 2), PERIODS, LONGEST)
    assert found.rate == pytest.approx(RATES, rel=0.15)
    assert found.lag.sum(axis=1) == pytest.approx(1.0)
    for code, (mine, true) in enumerate(zip(found.lag, LAGS, strict=True)):
        seen = back.units[category[back.series] == code].sum()
        # The band of a sample of that size that Kolmogorov gives with a chance of 0.1 %, and
        # what bell curves differ from the Gamma curves that they are mixed of.
        assert np.abs(np.cumsum(mine) - np.cumsum(true)).max() < 1.95 / np.sqrt(seen) + 0.08


def test_sales_of_the_last_days_do_not_pull_the_rate_down() -> None:
    """Ten times the sales on the last five days: hardly anything of them is back yet."""
    _, back, category, units, _ = drawn(1500, RATES, seed=2)
    units[:, :, -5:] *= 10
    found = learn_returns(flow(units), back, category, (2, 2), PERIODS, LONGEST)
    assert found.rate == pytest.approx(RATES, rel=0.15)
    naive = back.units.sum() / units.sum()
    assert naive < 0.9 * (found.rate.mean())


def test_a_channel_with_few_sales_takes_the_rate_of_its_category() -> None:
    """The posterior mean of a Gamma prior worth ten returns at the category's rate."""
    sold, back, category, *_ = drawn(1000, np.full((2, 2), 0.2), seed=3)
    keep = sold.channel == 0
    rare = np.flatnonzero(~keep)[:20]
    rows = np.sort(np.concatenate([np.flatnonzero(keep), rare]))
    sold = Flow(*(getattr(sold, n)[rows] for n in ("series", "channel", "period", "units")))
    none = back.channel == 0
    back = Flow(*(getattr(back, n)[none] for n in ("series", "channel", "period", "units")))
    found = learn_returns(sold, back, category, (2, 2), PERIODS, LONGEST)
    few = [sold.units[(sold.channel == 1) & (category[sold.series] == c)].sum() for c in (0, 1)]
    for c in (0, 1):
        base = found.rate[c, 0]
        assert 10 / (few[c] + 10 / base) == pytest.approx(found.rate[c, 1], rel=0.03)


def test_where_even_one_period_has_too_many_rows_the_newest_alone_is_learned_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_at: list[int] = []
    matched = returns._matched

    def spied(sold: Flow, back: Flow, recent: np.ndarray, *rest: int):
        looked_at.append(int(recent.sum()))
        return matched(sold, back, recent, *rest)

    monkeypatch.setattr(returns, "_matched", spied)
    sold, back, category, *_ = drawn(300, RATES, level=2.0)
    newest = np.cumsum(np.bincount(back.period, minlength=PERIODS)[::-1])
    for most, rows in ((newest[2], newest[2]), (newest[0] - 1, newest[0])):
        monkeypatch.setattr(returns, "MOST_ROWS", int(most))
        learn_returns(sold, back, category, (2, 2), PERIODS, LONGEST)
        assert looked_at.pop() == rows


def test_without_returns_nothing_is_learned() -> None:
    sold, back, category, *_ = drawn(20, np.zeros((2, 2)))
    assert learn_returns(sold, back, category, (2, 2), PERIODS, LONGEST) is None


def test_returns_of_what_was_never_sold_are_left_aside() -> None:
    sold, back, category, *_ = drawn(20, RATES)
    early = Flow(sold.series[:0], sold.channel[:0], sold.period[:0], sold.units[:0])
    assert learn_returns(early, back, category, (2, 2), PERIODS, LONGEST) is None


def test_what_is_expected_back_of_past_sales_is_what_comes_back() -> None:
    """Against the returns that the same draw brings after the last day, over all series."""
    expected, came = np.zeros(LONGEST), np.zeros(LONGEST)
    for seed in range(4, 8):
        sold, back, category, _, all_back = drawn(1000, RATES, seed=seed)
        rates = learn_returns(sold, back, category, (2, 2), PERIODS, LONGEST)
        past, _ = past_returns(sold, rates, category, PERIODS, LONGEST)
        expected += past.sum(axis=0)
        came += all_back[:, :, PERIODS : PERIODS + LONGEST].sum(axis=(0, 1))
    assert np.abs(np.cumsum(expected - came)).max() < 3 * np.sqrt(came.sum())


def forecast_of(mean: np.ndarray) -> Forecast:
    index = SeriesIndex(("a", "b"), ("x",), np.arange(2), np.zeros(2))
    return Forecast.certain(index, 9, mean)


def test_future_sales_come_back_after_their_lag() -> None:
    """Ten units on each day at a rate of 0.2, half of it after one day, half after three."""
    lag = np.array([[0, 0.5, 0, 0.5]])
    past = np.array([[3.0, 1.0], [0, 0]])
    returns = ExpectedReturns(past, np.array([0.2, 0.0]), lag, np.zeros(2, np.int64))
    units = returns.units(forecast_of(np.full((2, 5), 10.0)))
    np.testing.assert_allclose(units, [[3, 2, 1, 2, 2], [0] * 5], rtol=1e-6)


def test_returns_are_arrivals_after_their_stretch_and_less_than_expected() -> None:
    stock = StockPosition(
        np.ones(2), np.zeros(2), np.zeros(2), np.ones(2, np.bool_),
        np.array([1]), np.array([2]), np.array([7.0]),
    )  # fmt: skip
    units = np.tile(np.float32([1.0, 0.01]), (16, 1)).T
    counted = counting_returns(stock, units, np.array([True, True]), 0.5)
    rows = zip(counted.arrival_series, counted.arrival_step, counted.arrival_units, strict=True)
    assert list(rows) == [(1, 2, 7.0), *((0, step, 1.0) for step in range(3, 18, 2))]
    none = counting_returns(stock, units, np.array([False, True]), 0.5)
    assert none.arrival_units.tolist() == [7.0]
