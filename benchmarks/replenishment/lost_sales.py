"""How far simple ordering rules are from the optimum under lost sales, by exact evaluation.

    python benchmarks/replenishment/lost_sales.py [--means 5] [--lead-times 2 4]
        [--prices 4 9 19 39] [--geometric]

Holding costs 1 per unit left at a close. Costs over the optimal cost, in percent above it, of the
night's own rule (the need that a nightly plan finds, asked in every state that can be reached,
sampled futures and all), the projected inventory level, the capped base-stock, the better of the
two, the best base-stock and the base-stock of the backorder formula.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from replenishment.needs.find import find_needs
from replenishment.needs.keys import Keys
from replenishment.params import PlanParams
from replenishment.policies.counts import CountDemand
from replenishment.policies.lost_sales import LostSales, StockRule, average_cost
from replenishment.policies.lost_sales_optimum import optimal_rule
from replenishment.policies.lost_sales_rules import (
    BaseStockRule,
    backorder_target,
    best_base_stock,
    best_capped_base_stock,
    best_projected_level,
)
from stockwright.forecast import Forecast
from stockwright.panel import SeriesIndex

Ints = NDArray[np.int64]


def night_rule(item: LostSales, mean: float, dispersion: float) -> StockRule:
    """The need that ``plan_night`` finds, every state being a key of its own."""
    lead = item.lead_time

    def rule(on_hand: Ints, pipeline: Ints) -> Ints:
        n, one = len(on_hand), np.ones(len(on_hand))
        names = tuple(f"{i:07d}" for i in range(n))
        index = SeriesIndex(names, ("shop",), np.arange(n), np.zeros(n, np.int64))
        flat = np.full((n, lead + 1), mean, np.float32)
        forecast = Forecast(
            index, 0, flat, dispersion * one, 0 * one, 0 * one, one, np.zeros(n, np.uint8)
        )
        keys = Keys(
            lead_time=np.full(n, lead), review=np.full(n, 1), lead_time_sd=0 * one,
            on_hand=on_hand.astype(np.float64),
            arrival_steps=np.tile(np.arange(1, lead + 1), (n, 1)),
            arrival_units=pipeline.astype(np.float64), holding=item.holding * one,
            shortage=item.shortage * one, overage=one, ends=np.full(n, 10**6),
            service_level=np.nan * one, fill_rate=np.nan * one,
        )  # fmt: skip
        needs = find_needs(forecast, keys, PlanParams(level_cap=0.9999))
        return np.maximum(np.rint(needs.quantity), 0.0).astype(np.int64)

    return rule


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--means", type=float, nargs="+", default=[5.0])
    parser.add_argument("--lead-times", type=int, nargs="+", default=[2, 4])
    parser.add_argument("--prices", type=float, nargs="+", default=[4.0, 9.0, 19.0, 39.0])
    parser.add_argument("--geometric", action="store_true")
    told = parser.parse_args()
    make = CountDemand.geometric if told.geometric else CountDemand.poisson
    columns = ("night", "projected", "capped", "better", "base-stock", "backorder")
    print(f"{'mean':>5}{'L':>3}{'p':>5}{'optimum':>10}" + "".join(f"{c:>12}" for c in columns))
    for mean, lead, price in itertools.product(told.means, told.lead_times, told.prices):
        item = LostSales(make(mean), lead, 1.0, price)
        optimum = optimal_rule(item).cost
        level, capped = best_projected_level(item).run.cost, best_capped_base_stock(item).run.cost
        formula = average_cost(item, BaseStockRule(backorder_target(item))).cost
        spread = 1 + mean if told.geometric else 1.0
        night = average_cost(item, night_rule(item, mean, spread), merged=False).cost
        costs = (night, level, capped, min(level, capped), best_base_stock(item).run.cost, formula)
        shares = "".join(f"{100 * (cost / optimum - 1):11.2f}%" for cost in costs)
        print(f"{mean:5g}{lead:3d}{price:5g}{optimum:10.4f}{shares}", flush=True)


if __name__ == "__main__":
    main()
