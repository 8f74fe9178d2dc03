"""Pairs of all order lines of Online Retail: time, memory, and a naive count beside them.

    STOCKWRIGHT_DATA=... python benchmarks/forecasting/baskets.py [--sample 200] [--repeats 3]

Reading and classifying the lines is not timed. ``--sample``: SKUs among which every pair is counted
again with sets of orders. ``--shuffled``: the same with the SKUs of the lines shuffled, so
that every pair found is found by chance.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "online_retail"))

from lines import SALE, classified, read_lines

from forecasting.baskets.pairs import Pairs, find_pairs


def naive(order: np.ndarray, sku: np.ndarray, codes: np.ndarray) -> dict[tuple[int, int], int]:
    """Orders of each pair of the codes, by intersecting sets."""
    held = {int(code): set(order[sku == code].tolist()) for code in codes}
    return {pair: len(held[pair[0]] & held[pair[1]]) for pair in combinations(sorted(held), 2)}


def differing(pairs: Pairs, counts: dict[tuple[int, int], int]) -> tuple[int, int]:
    """Pairs of the counts that were found, and those among them whose count differs."""
    places = zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)
    found = dict(zip(places, pairs.together.tolist(), strict=True))
    shared = [pair for pair in counts if pair in found]
    return len(shared), sum(found[pair] != counts[pair] for pair in shared)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--shuffled", action="store_true")
    given = parser.parse_args()
    lines = read_lines(Path(os.environ["STOCKWRIGHT_DATA"]) / "online_retail")
    lines = lines[classified(lines) == SALE]
    order = pd.factorize(lines["Invoice"])[0]
    names, sku = np.unique(lines["code"].to_numpy(str), return_inverse=True)
    units = lines["Quantity"].to_numpy()
    rng = np.random.default_rng(1)
    if given.shuffled:
        sku = rng.permutation(sku)
    seconds = []
    for _ in range(given.repeats):
        began = time.perf_counter()
        pairs = find_pairs(order, sku, units)
        seconds.append(time.perf_counter() - began)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{len(lines)} lines, {pairs.orders} orders, {len(names)} SKUs")
    print(f"base lift {pairs.base_lift:.2f}; {pairs.tested} tested, {len(pairs.first)} found")
    print("seconds " + ", ".join(f"{each:.1f}" for each in seconds) + f"; peak {memory:.2f} GB")
    often = np.argsort(-np.bincount(sku[units > 0]), kind="stable")[: 10 * given.sample]
    counts = naive(order[units > 0], sku[units > 0], rng.choice(often, given.sample, replace=False))
    shared, wrong = differing(pairs, counts)
    print(f"naive count: {shared} of the pairs found, {wrong} differ")
    for place in np.argsort(-pairs.lift_low)[:5]:
        lift, low = pairs.lift[place], pairs.lift_low[place]
        print(f"{names[pairs.first[place]]} {names[pairs.second[place]]}: {pairs.together[place]}"
              f" orders, lift {lift:.1f}, at least {low:.1f}")  # fmt: skip


if __name__ == "__main__":
    main()
