"""How far simple ordering rules are from the optimum under lost sales, by exact evaluation.

    python benchmarks/replenishment/lost_sales.py [--means 5] [--lead-times 2 4]
        [--prices 4 9 19 39] [--geometric]

Holding costs 1 per unit left at a close. Costs over the optimal cost, in percent above it, of the
projected inventory level, the capped base-stock, the better of the two, the best base-stock and
the base-stock of the backorder formula.
"""

from __future__ import annotations

import argparse
import itertools

from replenishment.policies.counts import CountDemand
from replenishment.policies.lost_sales import LostSales, average_cost
from replenishment.policies.lost_sales_optimum import optimal_rule
from replenishment.policies.lost_sales_rules import (
    BaseStockRule,
    backorder_target,
    best_base_stock,
    best_capped_base_stock,
    best_projected_level,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--means", type=float, nargs="+", default=[5.0])
    parser.add_argument("--lead-times", type=int, nargs="+", default=[2, 4])
    parser.add_argument("--prices", type=float, nargs="+", default=[4.0, 9.0, 19.0, 39.0])
    parser.add_argument("--geometric", action="store_true")
    told = parser.parse_args()
    make = CountDemand.geometric if told.geometric else CountDemand.poisson
    columns = ("projected", "capped", "better", "base-stock", "backorder")
    print(f"{'mean':>5}{'L':>3}{'p':>5}{'optimum':>10}" + "".join(f"{c:>12}" for c in columns))
    for mean, lead, price in itertools.product(told.means, told.lead_times, told.prices):
        item = LostSales(make(mean), lead, 1.0, price)
        optimum = optimal_rule(item).cost
        level, capped = best_projected_level(item).run.cost, best_capped_base_stock(item).run.cost
        formula = average_cost(item, BaseStockRule(backorder_target(item))).cost
        costs = (level, capped, min(level, capped), best_base_stock(item).run.cost, formula)
        shares = "".join(f"{100 * (cost / optimum - 1):11.2f}%" for cost in costs)
        print(f"{mean:5g}{lead:3d}{price:5g}{optimum:10.4f}{shares}", flush=True)


if __name__ == "__main__":
    main()
