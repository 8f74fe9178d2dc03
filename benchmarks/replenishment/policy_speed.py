"""Items per second of the single-item policies, beside stockpyl on some of the same items.

    python benchmarks/replenishment/policy_speed.py [--items 100000] [--peer-items 200] [--runs 3]

Each policy works on all items in one call, in blocks of 10,000 for (s, S); stockpyl works item by
item. Times are processor time of one thread; the spread is over the runs. The costs of both on
the shared items are compared as well: the largest relative difference is printed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from stockpyl import eoq, newsvendor, rq, ss
from stockpyl.wagner_whitin import wagner_whitin as peer_wagner_whitin

from replenishment.policies.counts import CountDemand
from replenishment.policies.known_demand import KnownDemand, wagner_whitin
from replenishment.policies.lots import LotTerms, economic_order_quantity
from replenishment.policies.newsvendor import StockCosts, cheapest_target
from replenishment.policies.reorder import ReorderTerms, best_reorder_levels
from replenishment.policies.reorder_quantity import QuantityTerms, best_reorder_quantity_counts

BLOCK = 10_000
PERIODS = 26
Floats = Any


class Items:
    """Random items; costs and demand of the size that a shop's weekly series have."""

    def __init__(self, n: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.mean = rng.uniform(0.5, 20, n)
        self.holding = rng.uniform(0.5, 2, n)
        self.shortage = rng.uniform(4, 20, n)
        self.fixed = rng.uniform(5, 60, n)
        self.demand = rng.poisson(self.mean[:, None], (n, PERIODS)) + 1


def ours(items: Items, at: slice) -> dict[str, Callable[[], Floats]]:
    """Costs of a block of items, by policy."""
    h, p, k, mean = items.holding[at], items.shortage[at], items.fixed[at], items.mean[at]
    costs, column = StockCosts(h, p), (slice(None), None)
    known = KnownDemand(items.demand[at], k[column], h[column])
    terms = QuantityTerms(k, mean, costs)
    return {
        "EOQ": lambda: economic_order_quantity(LotTerms(k, h, mean)).cost,
        "Wagner-Whitin": lambda: wagner_whitin(known).cost,
        "newsvendor": lambda: cheapest_target(CountDemand.poisson(mean), costs).cost,
        "(s, S)": lambda: (
            best_reorder_levels(ReorderTerms(CountDemand.poisson(mean), h, p, k)).cost
        ),
        "(r, Q)": lambda: best_reorder_quantity_counts(CountDemand.poisson(2 * mean), terms).cost,
    }


def theirs(items: Items, i: int) -> dict[str, Callable[[], float]]:
    """The cost of one item by stockpyl, by policy."""
    h, p, k, mean = (float(v[i]) for v in (items.holding, items.shortage, items.fixed, items.mean))
    demand = items.demand[i].tolist()
    return {
        "EOQ": lambda: eoq.economic_order_quantity(k, h, mean)[-1],
        "Wagner-Whitin": lambda: peer_wagner_whitin(PERIODS, h, k, demand)[1],
        "newsvendor": lambda: newsvendor.newsvendor_poisson(h, p, mean)[-1],
        "(s, S)": lambda: ss.s_s_discrete_exact(h, p, k, True, mean)[-1],
        "(r, Q)": lambda: rq.r_q_poisson_exact(h, p, k, mean, 2)[-1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--peer-items", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=11)
    told = parser.parse_args()
    items = Items(told.items, told.seed)
    print(f"{'policy':15}{'items/s':>12}{'lowest':>12}{'stockpyl':>10}{'ratio':>9}{'differs':>10}")
    for policy in ours(items, slice(0, 1)):
        rates, costs = [], np.zeros(0)
        for _ in range(told.runs):
            start = time.process_time()
            blocks = range(0, told.items, BLOCK)
            parts = [ours(items, slice(b, b + BLOCK))[policy]() for b in blocks]
            rates.append(told.items / (time.process_time() - start))
            costs = np.concatenate(parts)
        start = time.process_time()
        peer = [theirs(items, i)[policy]() for i in range(told.peer_items)]
        rate = told.peer_items / (time.process_time() - start)
        differs = np.max(np.abs(costs[: told.peer_items] / np.array(peer) - 1))
        middle = float(np.median(rates))
        print(
            f"{policy:15}{middle:12,.0f}{min(rates):12,.0f}{rate:10,.0f}{middle / rate:8,.0f}x"
            f"{differs:10.1e}"
        )


if __name__ == "__main__":
    main()
