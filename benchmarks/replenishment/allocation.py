"""Lateral transfers by min-cost flow: all SKUs at once against OR-Tools' SimpleMinCostFlow.

Random SKUs at a number of warehouses with a lane between each two; rising cost of what leaves,
falling worth of what arrives. Both solve the same instances; every SKU's gain must be the same.
SimpleMinCostFlow is run on a graph per SKU, and on one graph for each block of SKUs.

    python benchmarks/replenishment/allocation.py --skus 100000 --warehouses 10
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from replenishment.allocation.exchange import Exchange, best_exchange

BLOCK = 5000


def instance(skus: int, places: int, segments: int, seed: int) -> Exchange:
    """A third of the places of a SKU is rich, the rest is short; whole money."""
    rng = np.random.default_rng(seed)
    shape = (skus, places, segments)
    rich = rng.random((skus, places, 1)) < 1 / 3
    give = np.sort(rng.integers(0, 100, shape), axis=2) + np.where(rich, 0, 120)
    take = -np.sort(-rng.integers(0, 100, shape), axis=2) + np.where(rich, 0, 40)
    way = rng.integers(5, 40, (skus, places, places)).astype(float)
    way[:, np.arange(places), np.arange(places)] = np.inf
    lots = rng.integers(1, 4, (2, *shape))
    most = np.full(way.shape, 1 << 40)
    return Exchange(give.astype(float), lots[0], take.astype(float), lots[1], way, most)


def by_flow(exchange: Exchange) -> float:
    """Gain by one SimpleMinCostFlow graph over all SKUs of ``exchange``."""
    skus, places = exchange.way.shape[:2]
    graph = SimpleMinCostFlow()
    node = np.arange(2 * skus * places).reshape(2, skus, places)
    start, end = node.size, node.size + 1
    out, into = (np.broadcast_to(n[..., None], exchange.give.shape).ravel() for n in node)
    total = int(exchange.give_lots.sum())
    sku, a, b = np.nonzero(np.isfinite(exchange.way))
    parts = (
        (np.full(len(out), start), out, exchange.give_lots.ravel(), exchange.give.ravel()),
        (into, np.full(len(into), end), exchange.take_lots.ravel(), -exchange.take.ravel()),
        (node[0][sku, a], node[1][sku, b], np.full(len(sku), total), exchange.way[sku, a, b]),
        ([start], [end], [total], [0]),
    )
    tail, head, most, cost = (np.concatenate(column) for column in zip(*parts, strict=True))
    graph.add_arcs_with_capacity_and_unit_cost(tail, head, most, cost.astype(np.int64))
    graph.set_node_supply(start, total)
    graph.set_node_supply(end, -total)
    if graph.solve() != graph.OPTIMAL:
        raise RuntimeError("SimpleMinCostFlow found no optimum")
    return float(-graph.optimal_cost())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--skus", type=int, default=100_000)
    parser.add_argument("--warehouses", type=int, default=10)
    parser.add_argument("--segments", type=int, default=8)
    parser.add_argument("--compared", type=int, default=10_000, help="SKUs given to OR-Tools")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    lots, gain, seconds, compared, peers = 0, 0.0, 0.0, 0, np.zeros(2)
    worst = 0.0
    for block in range(-(-args.skus // BLOCK)):
        count = min(BLOCK, args.skus - block * BLOCK)
        exchange = instance(count, args.warehouses, args.segments, args.seed + block)
        began = time.process_time()
        flow = best_exchange(exchange)
        seconds += time.process_time() - began
        own = exchange.gain(flow)
        lots, gain = lots + int(flow.sum()), gain + float(own.sum())
        if compared < args.compared:
            compared += count
            began = time.process_time()
            each = [by_flow(exchange.part(slice(sku, sku + 1))) for sku in range(count)]
            peers[0] += time.process_time() - began
            began = time.process_time()
            whole = by_flow(exchange)
            peers[1] += time.process_time() - began
            worst = max(worst, float(np.abs(own - each).max()), abs(float(own.sum()) - whole))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    scale = args.skus / max(compared, 1)
    print(f"{args.skus} SKUs x {args.warehouses}: {lots} lots moved, gain {gain:.0f}")
    print(f"all at once: {seconds:.1f} CPU s, peak memory {peak:.0f} MB")
    print(f"SimpleMinCostFlow, a graph per SKU: {peers[0] * scale:.1f} CPU s (of {compared} SKUs)")
    print(f"SimpleMinCostFlow, a graph per {BLOCK} SKUs: {peers[1] * scale:.1f} CPU s")
    print(f"largest difference in gain: {worst:g}")


if __name__ == "__main__":
    main()
