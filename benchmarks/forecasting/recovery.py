"""Recovered demand against demand that was hidden: FreshRetailNet.

    STOCKWRIGHT_DATA=... python benchmarks/forecasting/recovery.py

Only days that were wholly in stock, 0 to 24 h, are used, so what is hidden is known.

1. The hours outside 6 to 22 are hidden. Half of the series tell which share of the day falls into
   them; the recovery of the other half is held against their whole days.
2. Stock-outs are staged: a day gets the stock of a real stock-out of the same product (what was
   sold then) and its own demand comes unit by unit over a day with two peaks. Where the stock does
   not last, sales end and the in-stock share, in whole hours, says when. Recovery is told
   nothing, or the true profile of the day, or learns the profile from the stock-outs alone; beside
   it, what a model blind to stock-outs would take for the demand.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import numpy as np
import pandas as pd
from freshretail import FILE, freshretail_panel
from numpy.typing import NDArray
from tally import ratio_interval

from forecasting.recovered import (
    learned_profile,
    recovered_demand,
    served_share,
)
from stockwright.panel import DemandPanel, Status

Floats = NDArray[np.float64]
OPEN, DAY = 16, 24
#: Sales are scaled; their smallest step is a tenth.
STEP = 0.1
#: Demand by hour from 6 to 22: a morning and an evening peak.
PROFILE = np.array([3, 6, 9, 10, 8, 6, 5, 4, 4, 5, 7, 10, 11, 7, 4, 2], np.float64)


def line(name: str, found: Floats, came: Floats, groups: NDArray[np.int64]) -> None:
    """Bias with its bootstrap interval over products."""
    n = int(groups.max()) + 1
    found_of, came_of = (np.bincount(groups, each, n).astype(np.float64) for each in (found, came))
    ratio, low, high = ratio_interval(found_of, came_of)
    print(f"  {name}: bias {ratio - 1:+.2%} ({low - 1:+.2%}..{high - 1:+.2%})", flush=True)


def hidden_night(panel: DemandPanel, inside: Floats, all_day: NDArray[np.bool_]) -> None:
    """Check 1. inside: sales from 6 to 22 h. all_day: in stock from 0 to 24 h."""
    teach = (np.arange(panel.n_series) % 2 == 0)[:, None] & all_day
    share = inside[teach].sum() / panel.demand[teach].sum(dtype=np.float64)
    profile = np.r_[np.full(OPEN, share / OPEN), np.full(DAY - OPEN, (1 - share) / (DAY - OPEN))]
    held = all_day & ~teach
    seen = np.full(panel.demand.shape, OPEN / DAY, np.float32)
    hidden = replace(
        panel,
        demand=inside.astype(np.float32),
        in_stock=served_share(seen, profile.tolist()),
        status=np.full(panel.status.shape, Status.CENSORED, np.uint8),
    )
    found, _, _ = recovered_demand(hidden, np.s_[:])
    sku = np.broadcast_to(panel.index.sku[:, None], held.shape)[held].astype(np.int64)
    came = panel.demand[held].astype(np.float64)
    print(f"hours outside 6-22 hidden, {held.sum()} days, {1 - share:.1%} of the demand:")
    line("recovered", found[held], came, sku)
    line("blind", inside[held].astype(np.float64), came, sku)


def staged(
    panel: DemandPanel, all_day: NDArray[np.bool_], until_refused: bool, rng: np.random.Generator
) -> None:
    """Check 2: real stock of other days under the demand of days that were in stock.

    until_refused: the in-stock share runs until the first customer is turned away; else until the
    shelf is empty.
    """
    stock = _stock_of_others(panel, panel.status == Status.CENSORED, all_day, rng)
    demand = np.rint(panel.demand / STEP).astype(np.int64)
    ends = all_day & (stock >= 0) & (stock < demand)
    # The k-th of d evenly spread times is Beta(k, d - k + 1) distributed.
    last = stock[ends] + until_refused
    even = np.where(last > 0, rng.beta(np.maximum(last, 1), demand[ends] - last + 1), 0.0)
    edges = np.concatenate([[0.0], np.cumsum(PROFILE)]) / PROFILE.sum()
    hours = np.rint(np.interp(even, edges, np.arange(OPEN + 1)))
    sold, in_stock = panel.demand.copy(), np.ones(panel.demand.shape, np.float32)
    sold[ends] = stock[ends] * np.float32(STEP)
    in_stock[ends] = hours / OPEN
    status = np.where(ends, Status.CENSORED, np.where(all_day, Status.OBSERVED, Status.MISSING))
    stage = replace(panel, demand=sold, in_stock=in_stock, status=status.astype(np.uint8))
    came = panel.demand.astype(np.float64)
    when = "the first refusal" if until_refused else "an empty shelf"
    print(f"staged stock-outs, until {when}: {ends.sum()} of {all_day.sum()} days")
    profiles = {
        "told nothing of the day": [],
        "told the profile": PROFILE.tolist(),
        "profile learned": learned_profile(stage, OPEN).tolist(),
    }
    sku = np.broadcast_to(panel.index.sku[:, None], ends.shape).astype(np.int64)
    for name, profile in profiles.items():
        shares = np.where(ends, served_share(in_stock, profile), np.float32(1))
        found, known, _ = recovered_demand(replace(stage, in_stock=shares), np.s_[:])
        cells = all_day & known
        line(f"{name}, all days that it knows", found[cells], came[cells], sku[cells])
        print(f"    and {(ends & ~known).sum()} days that it takes for unknown")
    line("blind, all days", sold[all_day].astype(np.float64), came[all_day], sku[all_day])
    left = came[all_day & ~ends].mean() / came[all_day].mean() - 1
    print(f"  stock-outs left out: mean of the days that remain {left:+.2%}", flush=True)


def _stock_of_others(
    panel: DemandPanel,
    sold_out: NDArray[np.bool_],
    all_day: NDArray[np.bool_],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Units sold on a random stock-out day of a series, for half of its days in stock; else -1."""
    out = np.full(panel.demand.shape, -1, np.int64)
    order = np.argsort(~sold_out, axis=1, kind="stable")
    count = sold_out.sum(axis=1)
    pick = (rng.random(panel.demand.shape) * count[:, None]).astype(np.int64)
    day = np.take_along_axis(order, np.minimum(pick, order.shape[1] - 1), axis=1)
    units = np.rint(np.take_along_axis(panel.demand, day, axis=1) / STEP).astype(np.int64)
    chosen = all_day & (count > 0)[:, None] & (rng.random(out.shape) < 0.5)
    out[chosen] = units[chosen]
    return out


def main() -> None:
    panel = freshretail_panel()
    path = Path(os.environ["STOCKWRIGHT_DATA"]) / FILE
    columns = ["product_id", "store_id", "dt", "sale_6_22", "stockout_hours_24"]
    frame = pd.read_parquet(path, columns=columns)
    frame = frame.sort_values(["product_id", "store_id", "dt"], kind="stable")
    shape = panel.demand.shape
    inside = frame["sale_6_22"].to_numpy(np.float64).reshape(shape)
    all_day = frame["stockout_hours_24"].to_numpy().reshape(shape) == 0
    hidden_night(panel, inside, all_day)
    for until_refused in (False, True):
        staged(panel, all_day, until_refused, np.random.default_rng(7))


if __name__ == "__main__":
    main()
