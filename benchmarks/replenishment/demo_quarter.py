"""An ordinary quarter of the demo shop: the engine beside z sigma sqrt(L + R) for every key.

    python benchmarks/replenishment/demo_quarter.py               seed 2, for choosing
    python benchmarks/replenishment/demo_quarter.py --report      seeds 21, 22, 23

Both see the same forecasts and the same shop; the formula is also given the mean of its own last
28 days. From 2025-06-01, five weeks to settle, then 91 days counted. The shop opens with stock for
35 days of what is forecast: with stock for what sold lately, articles that have just ended would
make a fifth of it that no rule can change. Deliveries come late as in every replay, and the engine
is told how often, as a year of receipts would tell it; the formula covers it by its z.

The formula's z is varied; its stock at the engine's fill rate, and its lost units at the engine's
stock, are read off between two values of z. The engine runs twice: as it is, where a lost unit
costs its margin and no level above the cap is bought, and told that every lost unit costs PRICE,
which is what a fill rate counted in units says. PRICE was chosen on seed 2. Stock is counted at
cost: on hand in all warehouses.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from demo_nights import Span, span_of
from demo_replay import (
    Classical,
    Result,
    Rule,
    engine,
    opening_ahead,
    play,
    with_delays,
    without_fees,
)

from replenishment import PlanParams
from stockwright.network import Network

FIRST, SETTLE, COUNTED = "2025-06-01", 35, 91
# Money per lost unit, and a level that no price of this size reaches.
PRICE, NO_CAP = 30.0, 0.9995
LEVELS = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 11.0, 15.0)


@dataclass(frozen=True)
class Outcome:
    """fill: units served of those asked for. stock: mean at cost. lost: units. days: turnover."""

    fill: float
    stock: float
    lost: float
    days: float


def outcome(result: Result) -> Outcome:
    """The counted days of a replay."""
    days = slice(SETTLE, SETTLE + COUNTED)
    sold, missed = result.sold[:, days].sum(), result.missed[:, days].sum()
    stock = (result.left[:, days].mean(axis=1) * result.cost).sum()
    sold_at_cost = (result.sold[:, days].sum(axis=1) * result.cost).sum() / COUNTED
    return Outcome(float(sold / (sold + missed)), float(stock), float(missed), stock / sold_at_cost)


def between(x: list[float], y: list[float], at: float) -> float:
    """y at x = ``at``, straight between the nearest points; NaN outside them."""
    order = np.argsort(x)
    return float(np.interp(at, np.array(x)[order], np.array(y)[order], np.nan, np.nan))


def told(network: Network) -> Network:
    """The network without fees, and with the lateness of its suppliers."""
    return with_delays(without_fees(network))


def one_price(network: Network) -> Network:
    """The same where every lost unit costs PRICE."""
    items = network.items
    same = np.full(len(items.unit_cost), PRICE)
    return told(replace(network, items=replace(items, shortage_cost=same)))


def one_seed(span: Span, seed: int, paths: int) -> dict[str, list[float]]:
    """Ratios of one shop: stock at the same fill, lost units at the same stock, by formula."""
    opening = opening_ahead(span.evenings[0])

    def played(rule: Rule) -> Outcome:
        return outcome(play(span, rule, seed, opening=opening))

    plain = {
        name: [played(Classical(z, own)) for z in LEVELS]
        for name, own in (("forecast's mean", False), ("28-day mean", True))
    }
    for name, outcomes in plain.items():
        for z, each in zip(LEVELS, outcomes, strict=True):
            print(f"  {name}, z = {z}: {each}", flush=True)
    rules = {
        "margins": engine(PlanParams(paths=paths), told),
        "one price": engine(PlanParams(paths=paths, level_cap=NO_CAP), one_price),
    }
    found: dict[str, list[float]] = {}
    for way, rule in rules.items():
        ours = played(rule)
        print(f"seed {seed}: engine, {way}: {ours}", flush=True)
        for name, outcomes in plain.items():
            found[f"{way} against {name}"] = compared(ours, outcomes)
    return found


def compared(ours: Outcome, plain: list[Outcome]) -> list[float]:
    """Less stock at the same fill, fewer lost units at the same stock, days of both, fill."""
    fills, stocks = [each.fill for each in plain], [each.stock for each in plain]
    stock = between(fills, stocks, ours.fill)
    lost = between(stocks, [each.lost for each in plain], ours.stock)
    days = between(fills, [each.days for each in plain], ours.fill)
    return [1 - ours.stock / stock, 1 - ours.lost / lost, ours.days, days, ours.fill]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--report", action="store_true", help="the seeds that are reported")
    parser.add_argument("--skus", type=int, default=400)
    parser.add_argument("--paths", type=int, default=256, help="sampled futures of the plan")
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "stockwright-benchmark"
    )
    call = parser.parse_args()
    seeds = (21, 22, 23) if call.report else (2,)
    found = [
        one_seed(span_of(call.cache, seed, call.skus, FIRST, SETTLE + COUNTED), seed, call.paths)
        for seed in seeds
    ]
    for name in found[0]:
        rows = np.array([each[name] for each in found])
        out_of_reach = int(np.isnan(rows[:, 0]).sum())
        mean, low, high = (take(rows, axis=0) for take in (np.nanmean, np.nanmin, np.nanmax))
        print(
            f"{name}: stock {mean[0]:.1%} lower ({low[0]:.1%} to {high[0]:.1%}), lost units "
            f"{mean[1]:.1%} fewer ({low[1]:.1%} to {high[1]:.1%}), turnover {mean[2]:.1f} days "
            f"against {mean[3]:.1f}, fill {mean[4]:.4f} ({low[4]:.4f} to {high[4]:.4f}); "
            f"the formula does not reach that fill in {out_of_reach} of {len(found)} shops"
        )


if __name__ == "__main__":
    main()
