"""Double 11 in the demo shop: built up by the plan, by ordinary nights, by a rule of thumb.

    python benchmarks/replenishment/demo_peak.py               seeds 2, 3, for choosing
    python benchmarks/replenishment/demo_peak.py --report      seeds 21, 22, 23

From 2024-08-24 to 2024-12-07, on forecasts of HORIZON days, so that what hits need in the event is
seen from their lead time and a month before. Hits are the best sellers that make 60 % of the
year's value. Every location can receive DOCK times its mean daily sales of the last 90 days, and
no less than two smallest orders; on its greatest day the shop sells nine times the mean. Ways to
order, on the same forecasts and the same demand:

- build-up: the nightly plan, which is asked for a fill rate of HIT_FILL for hits and told what a
  late delivery and a markdown cost;
- nightly: the same without ordering ahead for docks that will be full;
- 5 x 30 days: nightly, not asked for a fill rate, with every hit raised to five times its sales
  of the last 30 days, 30 days before Double 11, and held there until its encore ends;
- formula: z sigma sqrt(L + R) on the mean sales of the last 28 days, with the z of HIT_FILL.

Profit: what is paid less unit cost, holding, freight between warehouses, and MARKDOWN of the cost
of what is left at the end beyond the sales forecast for the next KEPT_DAYS days. Fulfillment of
hits: from the first burst to the encore. Stock left: at cost, at the close of the encore.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from demo_nights import DAY, Evening, Span, span_of
from demo_replay import Classical, Result, Rule, engine, play, with_delays, without_fees
from numpy.typing import NDArray
from scipy import special

from replenishment import PlanParams
from stockwright.network import LocationKind, Network
from stockwright.overrides import Overrides

Floats = NDArray[np.float64]
FIRST, DAYS, HORIZON = "2024-08-24", 105, 75
LOCK, BURST, ENCORE = (
    np.datetime64(day, "D") for day in ("2024-10-12", "2024-11-01", "2024-11-14")
)
MULTIPLE, LOCKED_DAYS = 5, 30
DOCK, MARKDOWN, KEPT_DAYS, HIT_FILL = 6.0, 0.3, 28, 0.98


@dataclass(frozen=True)
class Outcome:
    """profit: money. hits, all: share of the demand of the event served. left: money, at cost."""

    profit: float
    hits: float
    all: float
    left: float
    left_hits: float


def docks(span: Span, times: float) -> Floats:
    """Units that each location can take in a day, (locations,): ``times`` its mean daily sales.

    A smallest order fits twice, so that it does beside what comes anyway.
    """
    first = span.evenings[0]
    index, kinds, lanes = first.forecast.index, first.network.locations.kind, first.network.lanes
    rate = np.bincount(index.location, first.recent.mean(axis=1), len(kinds))
    room = np.ceil(times * np.where(kinds == LocationKind.CENTRAL, rate.sum(), rate))
    np.maximum.at(room, index.location[lanes.series], 2 * lanes.moq)
    return room


def locked(evening: Evening) -> Overrides | None:
    """Targets of the hits at the central warehouse while the rule of thumb holds them."""
    if not LOCK <= evening.date <= ENCORE:
        return None
    index, kinds = evening.forecast.index, evening.network.locations.kind
    n = index.n_series
    recent = evening.recent[:, -LOCKED_DAYS:].sum(axis=1)
    whole = np.bincount(index.sku, recent, len(index.skus))[index.sku]
    central = kinds[index.location] == LocationKind.CENTRAL
    target = np.where(evening.hit & central, MULTIPLE * whole, np.nan)
    return replace(Overrides.none(n, evening.forecast.horizon), target=target)


def outcome(span: Span, result: Result) -> Outcome:
    """The money and the service of one replay."""
    first = span.evenings[0]
    items, dates = first.network.items, np.array([each.date for each in span.evenings]) + DAY
    event = (dates >= BURST) & (dates <= ENCORE)
    central = first.network.locations.kind[first.forecast.index.location] == LocationKind.CENTRAL
    hits = first.hit & ~central
    margin = (result.sold * (span.price - result.cost[:, None])).sum()
    holding = (result.left.sum(axis=1) * items.holding_cost).sum()
    index, coming = first.forecast.index, span.evenings[-1].forecast.expected[:, :KEPT_DAYS]
    left = np.bincount(index.sku, result.left[:, -1] + result.under_way[:, -1], len(index.skus))
    usual = np.bincount(index.sku, coming.sum(axis=1), len(index.skus))
    cost = np.zeros(len(index.skus))
    cost[index.sku] = result.cost
    spoiled = MARKDOWN * (np.maximum(left - usual, 0.0) * cost).sum()
    after = result.left[:, np.flatnonzero(dates == ENCORE)[0]] * result.cost

    def served(rows: NDArray[np.bool_]) -> float:
        sold, missed = (x[rows][:, event].sum() for x in (result.sold, result.missed))
        return float(sold / (sold + missed))

    return Outcome(
        profit=float(margin - holding - result.freight.sum() - spoiled),
        hits=served(hits),
        all=served(~central),
        left=float(after.sum()),
        left_hits=float(after[first.hit].sum()),
    )


def one_seed(span: Span, seed: int, call: argparse.Namespace) -> dict[str, Outcome]:
    """All ways in one shop."""
    room, hit = docks(span, call.dock), span.evenings[0].hit

    def known(network: Network) -> Network:
        return with_delays(without_fees(network, room))

    def asked(network: Network) -> Network:
        network = known(network)
        fill = np.where(hit, call.fill, network.items.fill_rate)
        return replace(network, items=replace(network.items, fill_rate=fill))

    plain = PlanParams(paths=call.paths, markdown_rate=MARKDOWN, markdown_after=KEPT_DAYS)
    later = replace(plain, ahead=False)
    rules: dict[str, Rule] = {
        "build-up": engine(plain, asked),
        "nightly": engine(later, asked),
        "5 x 30 days": engine(later, known, locked),
        "formula": Classical(float(special.ndtri(call.fill)), own_mean=True),
    }
    found = {}
    for name, rule in rules.items():
        found[name] = outcome(span, play(span, rule, seed, room))
        print(f"seed {seed}, {name}: {found[name]}", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--report", action="store_true", help="the seeds that are reported")
    parser.add_argument("--skus", type=int, default=400)
    parser.add_argument("--dock", type=float, default=DOCK, help="times mean daily sales")
    parser.add_argument("--fill", type=float, default=HIT_FILL, help="fill rate asked of hits")
    parser.add_argument("--paths", type=int, default=256, help="sampled futures of the plan")
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "stockwright-benchmark"
    )
    call = parser.parse_args()
    found = []
    for seed in (21, 22, 23) if call.report else (2, 3):
        span = span_of(call.cache, seed, call.skus, FIRST, DAYS, HORIZON)
        found.append(one_seed(span, seed, call))
    for name in found[0]:
        rows = [each[name] for each in found]
        more = [each["build-up"].profit / each[name].profit - 1 for each in found]
        less = [1 - each["build-up"].left / each[name].left for each in found]
        print(
            f"{name}: profit {mean(rows, 'profit'):,.0f}, hits served {mean(rows, 'hits'):.2%} "
            f"({min(r.hits for r in rows):.2%} to {max(r.hits for r in rows):.2%}), all "
            f"{mean(rows, 'all'):.2%}, left {mean(rows, 'left'):,.0f}; the build-up earns "
            f"{np.mean(more):+.2%} ({min(more):+.2%} to {max(more):+.2%}) and leaves "
            f"{np.mean(less):.1%} less ({min(less):.1%} to {max(less):.1%})"
        )


def mean(rows: list[Outcome], name: str) -> float:
    """Mean of one figure."""
    return float(np.mean([getattr(row, name) for row in rows]))


if __name__ == "__main__":
    main()
