"""Order-up-to levels for random lead times: added variance against mixtures, by simulation.

    python benchmarks/replenishment/random_lead.py [--paths 40] [--periods 1500] [--seed 1]

Each case is one article with a law of its lead time, a review and prices, run through the
simulated shop with lost sales, no order passing an earlier one. Levels: ``variance`` is the
night's (the variance of the lead time, times squared mean demand, added to that of demand);
``gamma`` is the mixture over a discretized gamma law with the same mean and variance; ``exact`` the
mixture over the true law; ``best`` the best level of a grid, found on other paths than it is
measured on. Printed: level, cost over that of the best and fill rate of each.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from replenishment.needs.keys import Keys
from replenishment.needs.targets import find_targets, lost_sales_carry, smallest
from replenishment.simulate import OrderUpTo, RandomLead, ShopState, ShopTerms, simulate
from stockwright.distribution import Distribution
from stockwright.forecast import Forecast
from stockwright.panel import SeriesIndex

Floats = NDArray[np.float64]
HOLDING, CAP, HORIZON = 0.05, 0.98, 80
_WARM_UP = 300


def spread(mean: float, sd: float, longest: int = 45) -> Floats:
    """A gamma law on whole periods with about this mean and standard deviation."""
    shape, scale = (mean / sd) ** 2, sd**2 / mean
    chance = np.diff(stats.gamma.cdf(np.arange(longest + 2) - 0.5, shape, scale=scale))
    return np.asarray(chance / chance.sum())


def late(usual: int, share: float, first: int, last: int) -> Floats:
    """On time but for a share that comes between two delays, evenly."""
    chance = np.zeros(usual + last + 1)
    chance[usual] = 1 - share
    chance[usual + first : usual + last + 1] = share / (last - first + 1)
    return chance


LAWS = {
    "sure 7": late(7, 0.0, 1, 1),
    "even 4-10": np.concatenate([np.zeros(4), np.full(7, 1 / 7)]),
    "gamma 14, sd 4": spread(14, 4),
    "6 % late by 3-24": late(7, 0.06, 3, 24),
    "20 % late by 3-10": late(7, 0.20, 3, 10),
    "half 3, half 14": np.bincount([3, 14], [0.5, 0.5]),
}


@dataclass(frozen=True)
class Case:
    """An article: mean demand a period, its variance over the mean, price of a lost unit."""

    law: str
    review: int
    mean: float
    ratio: float
    shortage: float

    def forecast(self) -> Forecast:
        """Demand as the night would see it."""
        index = SeriesIndex(("a",), ("x",), np.zeros(1, np.int32), np.zeros(1, np.int32))
        none, one = np.zeros(1), np.ones(1)
        rates = np.full((1, HORIZON), self.mean, np.float32)
        return Forecast(
            index, 0, rates, np.full(1, self.ratio), none, none, one, np.zeros(1, np.uint8)
        )

    def keys(self) -> Keys:
        """The key with the lead time as the night knows it: rounded mean and deviation."""
        chance = LAWS[self.law]
        lead = np.arange(len(chance)) @ chance
        sd = np.sqrt(np.arange(len(chance)) ** 2 @ chance - lead**2)
        whole, nothing, unknown = np.ones(1, np.int64), np.zeros(1), np.full(1, np.nan)
        return Keys(
            lead_time=whole * round(lead), review=whole * self.review, lead_time_sd=nothing + sd,
            on_hand=nothing, arrival_steps=np.zeros((1, 0), np.int64),
            arrival_units=np.zeros((1, 0)), holding=nothing + HOLDING,
            shortage=nothing + self.shortage, overage=nothing, ends=whole * 2**40,
            service_level=unknown, fill_rate=unknown,
        )  # fmt: skip


def mixture_level(case: Case, chance: Floats) -> float:
    """The night's equation with the mixture over the lead time in place of added variance."""
    forecast, keys = case.forecast(), case.keys()
    held = HOLDING * lost_sales_carry(keys)[0]
    lead = np.flatnonzero(chance > 1e-6)
    totals = [
        [(chance[k], forecast.total(1, int(k) + close)) for k in lead]
        for close in range(1, case.review + 1)
    ]

    def cdf(parts: list[tuple[float, Distribution]], units: Floats) -> Floats:
        return np.asarray(sum(weight * total.cdf(units) for weight, total in parts))

    def enough(units: Floats, _: NDArray[np.int64]) -> NDArray[np.bool_]:
        served = cdf(totals[-1], units)
        left = held * sum(cdf(parts, units) for parts in totals)
        return np.asarray((left >= case.shortage * (1 - served)) | (served >= CAP))

    top = np.array([int(case.mean * HORIZON * 3) + 10])
    return float(smallest(enough, np.zeros(1, np.int64), top)[0])


def measured(case: Case, levels: Floats, paths: int, periods: int, seed: int) -> Floats:
    """Cost a period and fill rate of each level, (levels, 2), all on the same demand and leads."""
    rng, n = np.random.default_rng(seed), len(levels)
    size = case.mean / (case.ratio - 1)
    demand = rng.negative_binomial(size, 1 / case.ratio, (paths, periods)).astype(np.float64)
    rows, target = n * paths, np.repeat(levels, paths)
    terms = ShopTerms(
        np.zeros(rows, int), np.full(rows, HOLDING), np.full(rows, case.shortage),
        random_lead=RandomLead(np.tile(LAWS[case.law], (rows, 1)), crossing=False),
    )  # fmt: skip
    rule, wide = OrderUpTo(target, review=case.review), np.tile(demand, (n, 1))
    run = simulate(wide, rule, terms, ShopState.opening(target, terms), rng=rng)
    cost, sold = (each[:, _WARM_UP:].reshape(n, -1).mean(axis=1) for each in (run.cost, run.sold))
    return np.stack([cost, sold / demand[:, _WARM_UP:].mean()], axis=1)


def study(case: Case, paths: int, periods: int, seed: int) -> dict[str, tuple[float, Floats]]:
    """Level, cost and fill rate of each way to find the level."""
    forecast, keys = case.forecast(), case.keys()
    today = float(find_targets(forecast, keys, 8, CAP).order_up_to[0])
    mean, sd = float(keys.lead_time[0]), float(keys.lead_time_sd[0])
    chance = LAWS[case.law]
    gamma = spread(mean, sd) if sd > 0 else chance
    found = {
        "variance": today,
        "gamma": mixture_level(case, gamma),
        "exact": mixture_level(case, chance),
    }
    low, high = min(found.values()) * 0.6, max(found.values()) * 1.3
    grid = np.unique(np.round(np.linspace(low, high, 15)))
    found["best"] = float(grid[measured(case, grid, paths, periods, seed + 100)[:, 0].argmin()])
    result = measured(case, np.array(list(found.values())), paths, periods, seed)
    return {name: (level, result[row]) for row, (name, level) in enumerate(found.items())}


def cases() -> list[Case]:
    """Every law with a daily and a weekly review, a steady and a slow seller, two prices."""
    return [
        Case(law, review, mean, ratio, shortage)
        for law in LAWS
        for review in (1, 7)
        for mean, ratio in ((5.0, 2.5), (0.5, 1.5))
        for shortage in (1.0, 6.0)
    ]


def main(say: Callable[[str], None] = print) -> None:
    """Print a row for each case and the means over laws."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--paths", type=int, default=40)
    parser.add_argument("--periods", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    over: dict[str, list[Floats]] = {}
    for case in cases():
        found = study(case, asked.paths, asked.periods, asked.seed)
        best = found["best"][1][0]
        row = [
            f"{name} {level:.0f} {r[0] / best:.3f} {r[1]:.4f}" for name, (level, r) in found.items()
        ]
        over.setdefault(case.law, []).append(np.array([r[0] / best for _, r in found.values()]))
        say(f"{case.law} | R {case.review} | {case.mean} | p {case.shortage} | {' | '.join(row)}")
    for law, ratios in over.items():
        say(
            f"{law}: cost over best: " + " ".join(f"{each:.3f}" for each in np.mean(ratios, axis=0))
        )


if __name__ == "__main__":
    main()
