"""The rules of the VN2 rounds: windows, costs, the organisers' benchmark policy, and a round.

All arrays are (series, week). A round has 8 weeks; orders are placed at the end of the week before
weeks 1 to 6 and can be sold two weeks after the start of the week they are placed for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from replenishment.simulate import ShopState, ShopTerms, simulate

Floats = NDArray[np.float64]

LEAD_TIME, HOLDING, SHORTAGE = 2, 0.2, 1.0
ROUND_WEEKS, ORDER_WEEKS, WARM_UP_WEEKS = 8, 6, 10
BASE_WEEKS, COVER_WEEKS = 13, 4
REPORT_WINDOWS = 6

#: Orders placed at the end of a week: (week, stock, pipeline (series, 2)) -> units (series,).
Policy = Callable[[int, Floats, Floats], Floats]


def windows(n_weeks: int, report: bool) -> list[int]:
    """First weeks of the consecutive rounds at the end of the file.

    The last six are the report windows; the six before them are for choosing.
    """
    last = [n_weeks - ROUND_WEEKS * (k + 1) for k in range(2 * REPORT_WINDOWS)][::-1]
    return last[REPORT_WINDOWS:] if report else last[:REPORT_WINDOWS]


def iso_week(weeks: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """ISO week number, 1 to 53, of Mondays."""
    thursday = weeks.astype("datetime64[D]") + np.timedelta64(3, "D")
    year_start = thursday.astype("datetime64[Y]").astype("datetime64[D]")
    return (thursday - year_start).astype(np.int64) // 7 + 1


class BenchmarkPolicy:
    """Order up to the forecast of the next four weeks: shared seasonality, 13-week base."""

    def __init__(self, sales: Floats, in_stock: NDArray[np.bool_], weeks: NDArray[np.datetime64]):
        self.sales, self.in_stock = sales, in_stock
        after = weeks[-1] + np.arange(1, COVER_WEEKS + 1) * np.timedelta64(7, "D")
        self.iso = iso_week(np.concatenate([weeks, after]))

    def season(self, week: int) -> Floats:
        """Multiplicative index by ISO week, (54,), from weeks 0 ... ``week``; mean 1."""
        seen = self.in_stock[:, : week + 1]
        iso = np.broadcast_to(self.iso[: week + 1], seen.shape)[seen]
        total = np.bincount(iso, self.sales[:, : week + 1][seen], minlength=54)
        count = np.bincount(iso, minlength=54)
        mean = np.divide(total, count, out=np.zeros(54), where=count > 0)
        known = count > 0
        index = np.ones(54)
        index[known] = mean[known] / mean[known].mean()
        return index

    def target(self, week: int) -> Floats:
        """Forecast of the four weeks after ``week``, (series,)."""
        season = self.season(week)
        past = slice(max(week + 1 - BASE_WEEKS, 0), week + 1)
        seen = self.in_stock[:, past]
        plain = np.where(seen, self.sales[:, past] / season[self.iso[past]], 0.0)
        base = plain.sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
        return base * season[self.iso[week + 1 : week + 1 + COVER_WEEKS]].sum()

    def __call__(self, week: int, stock: Floats, pipeline: Floats) -> Floats:
        """Units to order at the end of ``week``."""
        return np.maximum(np.rint(self.target(week) - stock - pipeline.sum(axis=1)), 0.0)


def play(
    demand: Floats, first: int, n_weeks: int, policy: Policy, state: tuple[Floats, Floats]
) -> tuple[Floats, tuple[Floats, Floats]]:
    """Play weeks first ... first + n_weeks - 1 from a state (stock, pipeline (series, 2)).

    Before each week the policy orders with everything known at the end of the week before.
    Returns the cost (series, n_weeks) and the state after the last week.
    """
    stock, pipeline = state
    n = len(stock)
    terms = ShopTerms.same(n, LEAD_TIME, HOLDING, SHORTAGE)

    def order(period: int, now: ShopState) -> Floats:
        if period + 1 >= n_weeks:
            return np.zeros(n)
        return policy(first + period, now.on_hand, now.pipeline[:, :LEAD_TIME])

    start = ShopState(stock, np.concatenate([pipeline, np.zeros((n, 1))], axis=1))
    week = slice(first, first + n_weeks)
    run = simulate(demand[:, week], order, terms, start, opening=True)
    return run.cost, (run.end.on_hand, run.end.pipeline[:, :LEAD_TIME])


def warm_state(benchmark: BenchmarkPolicy, first: int) -> tuple[Floats, Floats]:
    """Stock and pipeline before week ``first``, after ten weeks of the benchmark policy."""
    start = first - WARM_UP_WEEKS
    stock = np.rint(benchmark.target(start - 1))
    empty = np.zeros((len(stock), 2))
    return play(benchmark.sales, start, WARM_UP_WEEKS, benchmark, (stock, empty))[1]


def play_round(
    benchmark: BenchmarkPolicy, first: int, policy: Policy
) -> tuple[Floats, NDArray[np.bool_]]:
    """Cost of each series over weeks 3 to 8 of a round, and which series count.

    Series with an out-of-stock week inside the window are left out of the score.
    """

    def six_orders(week: int, stock: Floats, pipeline: Floats) -> Floats:
        if week + 1 - first >= ORDER_WEEKS:
            return np.zeros(len(stock))
        return policy(week, stock, pipeline)

    cost, _ = play(benchmark.sales, first, ROUND_WEEKS, six_orders, warm_state(benchmark, first))
    counted = benchmark.in_stock[:, first : first + ROUND_WEEKS].all(axis=1)
    return cost[:, 2:].sum(axis=1), counted


def ratio_interval(
    ours: Floats, theirs: Floats, rng: np.random.Generator, draws: int = 2000
) -> tuple[float, float, float]:
    """Cost ratio ours / theirs with its 95 % bootstrap interval over series."""
    picks = rng.integers(0, len(ours), (draws, len(ours)))
    ratios = ours[picks].sum(axis=1) / theirs[picks].sum(axis=1)
    low, high = np.quantile(ratios, [0.025, 0.975])
    return float(ours.sum() / theirs.sum()), float(low), float(high)
