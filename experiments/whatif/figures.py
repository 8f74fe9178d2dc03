"""A plan in money and units, to stand beside another.

What is demanded and missed is told over the intervals of the plan as it is, whatever a scenario
does to lead times and lanes, so that plans are held against the same demand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.whatif.night import Planned
from pipelines.publish import service
from pipelines.publish.kpis import stock_value
from pipelines.publish.night import Night
from pipelines.publish.plan_findings import (
    arrivals_until,
    leaving_units,
    lines_cut,
    unavoidable_stockouts,
)
from pipelines.publish.service import Served
from pipelines.publish.texts import load_texts
from stockwright.panel import SeriesIndex
from stockwright.plan import Finding

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Where goods cannot come before the stock is gone: no limit, but time breaks.
TIME = "TIME"


@dataclass(frozen=True)
class Figures:
    """values: figures by name, see docs/experiments.md. broken: money that each limit costs, and
    TIME: the shortage cost expected of what it takes away, by code.
    """

    values: dict[str, float]
    broken: dict[str, float]


def figures_of(planned: Planned, base: Planned) -> Figures:
    """What a plan orders, moves and is expected to serve over the intervals of ``base``."""
    situation, plan = planned.situation, planned.plan
    night, items = published(planned), situation.network.items
    served = _served(night, *_intervals(base))
    missed = served.missed - service.served_by_others(night, served)
    price = np.where(np.isfinite(items.price), items.price, items.unit_cost)
    late = unavoidable_stockouts(night)
    values = {
        "order_lines": float(len(plan.orders.units)),
        "order_units": float(plan.orders.units.sum()),
        "order_value": float(plan.orders.value.sum()),
        "transfer_lines": float(len(plan.transfers.units)),
        "transfer_units": float(plan.transfers.units.sum()),
        "transfer_freight": float(plan.transfers.value.sum()),
        "fill_rate": _shop_fill_rate(night, base, missed),
        "stock_value": stock_value(night) or 0.0,
        "safety_stock_value": float((plan.policy.safety_stock * items.unit_cost).sum()),
        "demanded_units": float(served.demanded.sum()),
        "missed_units": float(missed.sum()),
        "served_sales": float(((served.demanded - missed) * price).sum()),
        "missed_money": float((missed * items.shortage_cost).sum()),
        "stockouts_expected": float(len(late)),
    }
    if plan.clearance is not None:
        values["clearance_recovery"] = float(plan.clearance.recovery.sum())
    return Figures(values, _broken([*lines_cut(night), *plan.findings], late))


def published(planned: Planned) -> Night:
    """The plan as the published files see it, without an earlier night."""
    texts = load_texts(planned.config.output.language)
    situation, grades = planned.situation, planned.config.grades
    return Night(situation, planned.forecast, planned.plan, texts, None, grades=grades)


def _intervals(base: Planned) -> tuple[Ints, Ints]:
    """Lead time and protection interval of each key, periods; the horizon where none is supplied.

    A location without stock figures has no interval.
    """
    policy, horizon = base.plan.policy, base.forecast.horizon
    supplied = policy.lane >= 0
    last = np.where(supplied, np.minimum(policy.protection, horizon), horizon)
    first = np.where(supplied, np.minimum(policy.lead_time, last), last)
    known = base.situation.stock.known
    return np.where(known, first, 0).astype(np.int64), np.where(known, last, 0).astype(np.int64)


def _served(night: Night, lead_time: Ints, last: Ints) -> Served:
    """What each key serves: until an order could come, and then until the end of its interval."""
    stock, horizon = night.stock(), night.forecast.horizon
    before = night.forecast.total(1, lead_time)
    spans = np.where(last > lead_time, last, 0)
    after = night.forecast.total(np.minimum(lead_time + 1, horizon), spans)
    arrived = arrivals_until(night, lead_time) + _coming(night, lead_time)
    later = arrivals_until(night, last) + _coming(night, last) - arrived
    held = np.maximum(stock.on_hand - leaving_units(night), 0.0) + arrived
    there = np.maximum(held - before.mean, 0.0) + later
    missed = before.expected_shortage(held) + after.expected_shortage(there)
    left = np.maximum(after.expected_left(there), 0.0)
    demanded = before.mean + after.mean
    return Served(demanded, np.minimum(missed, demanded), np.asarray(left, np.float64))


def _coming(night: Night, steps: Ints) -> Floats:
    """Units of tonight's lines that can serve each series by the end of a step, (series,)."""
    lanes, n = night.situation.network.lanes, night.index.n_series
    total = np.zeros(n)
    for lines in (night.plan.orders, night.plan.transfers):
        in_time = lanes.lead_time[lines.lane] < steps[lines.series]
        total += np.bincount(lines.series, np.where(in_time, lines.units, 0.0), n)
    return total


def _shop_fill_rate(night: Night, base: Planned, missed: Floats) -> float:
    """Units served over units demanded of each SKU over the longest interval of its keys.

    As if stock could be shared by then; what its keys miss in their own intervals is missed. Stock
    that a location without customers or other ways holds counts as far as transfers reach.
    """
    index, forecast = night.index, night.forecast
    n, steps = len(index.skus), _intervals(base)[1]
    longest = np.zeros(n, np.int64)
    np.maximum.at(longest, index.sku, steps)
    whole = forecast.pooled(index.sku, _one_place(index))
    demand = whole.total(1, longest)
    own = longest[index.sku]
    stock = night.stock()
    bought = _bought(night, own)
    supply = np.where(stock.known, stock.on_hand + arrivals_until(night, own), 0.0) + bought
    short = demand.expected_shortage(np.bincount(index.sku, supply, n))
    lost = np.minimum(np.maximum(short, np.bincount(index.sku, missed, n)), demand.mean)
    demanded = float(demand.mean.sum())
    return 1.0 - float(lost.sum()) / demanded if demanded > 0 else 1.0


def _bought(night: Night, steps: Ints) -> Floats:
    """Units of tonight's orders from suppliers that have come by the end of a step, (series,)."""
    lines, lanes = night.plan.orders, night.situation.network.lanes
    in_time = lanes.lead_time[lines.lane] < steps[lines.series]
    units = np.where(in_time, lines.units, 0.0)
    return np.asarray(np.bincount(lines.series, units, night.index.n_series), np.float64)


def _one_place(index: SeriesIndex) -> SeriesIndex:
    """The SKUs, as if all were at one place."""
    codes = np.arange(len(index.skus), dtype=np.int32)
    return SeriesIndex(index.skus, ("",), codes, np.zeros_like(codes))


def _broken(cuts: Sequence[Finding], late: Sequence[Finding]) -> dict[str, float]:
    money: dict[str, float] = defaultdict(float)
    for finding in cuts:
        if finding.code in ("LIMIT_CUT", "LINE_IMPOSSIBLE") and "limit" in finding.message:
            money[str(finding.message["limit"])] += finding.money
    money[TIME] = sum(finding.money for finding in late)
    return dict(sorted(money.items()))
