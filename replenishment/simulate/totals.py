"""The fast way through one location: sums of a replay under a policy with fixed parameters.

The same shop as ``simulate``, and the same figures to the last digit, without its books: series
are cut into chunks that stay in the cache, the pipeline is a ring, and every operation writes
into an array that is there already. Whole units are counted in float32 while all sums are exact
in it, else in float64.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from replenishment.simulate.chunk import chunk_of
from replenishment.simulate.policies import OrderUpTo
from replenishment.simulate.state import ShopState
from replenishment.simulate.terms import ShopTerms
from stockwright.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CHUNK = 8192


@dataclass(frozen=True)
class Totals:
    """Sums over the counted periods, (series,).

    demand, sold, missed, left, ordered: as in ``Books``. orders: how many. cost: money.
    """

    demand: Floats
    sold: Floats
    missed: Floats
    left: Floats
    ordered: Floats
    orders: Floats
    cost: Floats


def simulate_totals(
    demand: NDArray[np.generic],
    policy: OrderUpTo,
    terms: ShopTerms,
    start: ShopState,
    warm_up: int = 0,
    threads: int = 1,
    chunk: int = CHUNK,
) -> Totals:
    """Sums of ``simulate(demand, policy, terms, start)`` after ``warm_up`` periods.

    demand: (series, period) of any number type; the transpose of an array in C order is read
    without a copy. threads: chunks at once; no result depends on threads or chunk. Raises
    DataError for terms that need the whole engine: random lead times, other rows as sources,
    room to receive, shelf life, substitutes.
    """
    start.check(terms)
    _only_plain(terms)
    n, out = len(terms), {field.name: np.zeros(len(terms)) for field in fields(Totals)}
    if demand.shape[0] != n:
        raise DataError(f"demand of {demand.shape[0]} rows, terms of {n}")

    def run(rows: slice | Ints) -> None:
        part = chunk_of(demand[rows].T, rows, policy, terms, start)
        for name, value in part.run(warm_up).items():
            out[name][rows] = value

    if threads == 1:
        for rows in _chunks(terms.lead_time, chunk):
            run(rows)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(run, _chunks(terms.lead_time, chunk)))
    cost = terms.holding * out["left"] + terms.shortage * out["missed"]
    out["cost"] = cost + terms.fixed_cost * out["orders"] + terms.unit_cost * out["ordered"]
    return Totals(**out)


def _chunks(lead_time: Ints, size: int) -> Iterator[slice | Ints]:
    """Rows with one lead time, at most ``size`` at once; slices where rows lie side by side."""
    times = np.unique(lead_time)
    for time in times:
        rows = np.flatnonzero(lead_time == time) if len(times) > 1 else None
        for first in range(0, len(lead_time) if rows is None else len(rows), size):
            yield slice(first, first + size) if rows is None else rows[first : first + size]


def _only_plain(terms: ShopTerms) -> None:
    parts = ("random_lead", "receiving", "shelf_life", "substitutes")
    told = [name for name in parts if getattr(terms, name) is not None]
    if (np.asarray(terms.source) >= 0).any():
        told.append("source")
    if told:
        raise DataError(f"sums alone cannot follow {', '.join(told)}: use simulate")
