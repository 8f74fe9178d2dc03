"""26 weeks of the demo shop, opened with slow stock: with and without clearance, and by a rule.

    python benchmarks/replenishment/demo_clearance.py              seed 2, for choosing
    python benchmarks/replenishment/demo_clearance.py --report     seeds 21, 22, 23

The shop orders every Sunday from 2025-03-23 on, on the nightly plan. Five weeks later SKUs drawn by
hash get stock for COVER days of expected demand, AGE days old, until SLOW of the stock at cost is
slow-moving by the figure of the summary. Hits and goods whose sale ends before the 26 weeks do get
none. Then four shops go on with the same demand: without clearance; with the night's; with the
night's, told the true elasticities; and by the rule that takes 30 % off slow stock after 90 days
and 50 % after 150. Nobody is bought what is cleared.

Profit: paid less cost of goods sold, holding and freight, less what goods that left at once or are
slow-moving at the end lose down to their salvage value. Recovery: of the stock that SKUs which are
slow at the start have then, sold first in, first out: paid and salvaged less holding, and what is
left of it at the end, slow-moving at salvage, the rest at cost. In all: the same of all that these
SKUs sold, less what was bought of them.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from clearance_shop import Cleared, Scene, Shop
from clearance_weeks import WEEK, Weeks, weeks_of
from demo_nights import DAY
from numpy.typing import NDArray

from pipelines.night.clearing import cleared
from pipelines.publish.kpis import AHEAD_DAYS
from stockwright.clearance import Act, Clearance
from stockwright.panel import mix_hash, text_hash
from stockwright.plan import Plan

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FIRST, SETTLE, COUNTED = "2025-03-23", 5, 26
SLOW, MOST, COVER, AGE = 0.13, 0.145, (120, 480), (120, 400)
RULE = ((90, 0.7), (150, 0.5))
SALVAGE = 0.1
# Weeks of demand at the planned price that stock without an end of sale could wait for.
_WAIT = 13


def planned(plan: Plan, scene: Scene) -> Cleared:
    """The night's own clearance."""
    situation, config = scene.situation, scene.config
    found = cleared(plan, situation, scene.forecast, scene.week.life, scene.response, config)
    given = found.clearance or Clearance.none()
    sku = scene.forecast.index.sku[given.series].astype(np.int64)
    first = np.full(len(given), np.nan)
    now = given.step == 1
    first[given.step_item[now]] = given.step_price[now]
    sold = np.isin(given.act, (Act.MARK_DOWN, Act.PROMOTE)) & np.isfinite(first)
    gone = np.isin(given.act, (Act.RETURN, Act.LIQUIDATE, Act.SCRAP))
    listed = situation.network.items.price[given.series]
    multiplier = np.minimum(scene.multiplier[sku], first / listed)
    return Cleared(sku[sold], multiplier[sold], sku[gone], np.nan_to_num(first[gone]))


def ruled(plan: Plan, scene: Scene) -> Cleared:
    """30 % off after 90 days, 50 % after 150, of what is slow."""
    items, grade = scene.slow(scene.forecast)
    multiplier = np.ones(len(items))
    for days, price in RULE:
        multiplier = np.where(np.nan_to_num(items.age_days) >= days, price, multiplier)
    rows = np.flatnonzero((grade > 0) & (multiplier < 1))
    return Cleared(scene.forecast.index.sku[items.series[rows]].astype(np.int64), multiplier[rows])


@dataclass(frozen=True)
class Outcome:
    """slow, slow_planned: slow-moving share at the end, at the prices in force and at planned ones.

    value: stock at the end at cost, turnover: days, of the last four weeks. profit, and at_cost
    with all of the stock left at cost. recovery: of what was slow at the start; in_all: of its
    SKUs with what was bought of them later. units: sold at
    lower prices; wrong: share of them of SKUs whose whole stock would have sold at the planned
    price by their end, or in 13 weeks; beyond: share by which they are more than the units that
    would not have.
    """

    slow: float
    slow_planned: float
    value: float
    turnover: float
    profit: float
    at_cost: float
    recovery: float
    in_all: float
    units: float
    wrong: float
    beyond: float


def inject(shop: Shop, scene: Scene, rows: Ints, hits: NDArray[np.bool_]) -> None:
    """Old stock until SLOW of the stock is slow-moving."""
    index, truth = scene.forecast.index, shop.weeks.truth
    panel, items = scene.situation.panel, scene.situation.network.items
    daily = np.bincount(index.sku, scene.planned.expected.mean(axis=1), len(index.skus))
    last = panel.origin + WEEK * COUNTED
    ends = np.zeros(len(index.skus), np.int64)
    np.maximum.at(ends, index.sku, items.ends.astype(np.int64))
    hit = np.bincount(index.sku, hits, len(index.skus)) > 0
    draw = mix_hash(text_hash([f"{truth.seed} {name}" for name in index.skus]))
    span, when = ((draw >> np.uint64(shift)) % np.uint64(1 << 16) / (1 << 16) for shift in (8, 32))
    cost = np.bincount(index.sku, items.unit_cost) / np.maximum(np.bincount(index.sku), 1)
    held = np.bincount(index.sku, scene.situation.stock.on_hand, len(index.skus))
    wanted = daily * (COVER[0] + (COVER[1] - COVER[0]) * span)
    more = np.ceil(np.maximum(wanted - held, 0.0))
    more[(ends <= last) | hit | (daily <= 0)] = 0.0
    age = np.rint(AGE[0] + (AGE[1] - AGE[0]) * when)
    ahead = daily * AHEAD_DAYS
    beyond = np.maximum(held - ahead, 0.0)
    slow, value = float((beyond * cost).sum()), float((held * cost).sum())
    gain = (np.maximum(held + more - ahead, 0.0) - beyond) * cost
    drawn = np.zeros(len(draw), np.bool_)
    for place in np.argsort(draw, kind="stable").tolist():
        after = slow + gain[place], value + more[place] * cost[place]
        if gain[place] > 0 and after[0] <= MOST * after[1]:
            drawn[place], (slow, value) = True, after
        if slow >= SLOW * value:
            break
    own = np.where(drawn, more, 0.0)[index.sku]
    weight = np.maximum(scene.situation.stock.on_hand, 0.1)
    part = weight / np.bincount(index.sku, weight)[index.sku]
    units = np.rint(own * part)
    shop.add(rows, units, shop.weeks.date(SETTLE) - DAY * age[index.sku].astype(np.int64))


def full_price_demand(weeks: Weeks, shop: Shop) -> Floats:
    """Units of each SKU asked for at planned prices in each week of the replay and _WAIT more."""
    count = COUNTED + _WAIT
    truth, first = weeks.truth, weeks.date(SETTLE) + DAY
    days = min(count * WEEK, int((truth.last_date - first) / DAY) + 1)
    daily = truth.demand(first, days).sum(axis=1)
    daily = np.pad(daily, ((0, 0), (0, count * WEEK - days)))
    out = np.zeros((len(shop.index.skus), count))
    known = shop.truth_place >= 0
    weekly = daily.reshape(len(daily), count, WEEK).sum(axis=2)
    out[known] = weekly[shop.truth_place[known]]
    return out


def outcome(shop: Shop, end: Scene, rows: Ints, slow_skus: Ints, full: Floats) -> Outcome:
    """What the replayed weeks came to."""
    log, cost = shop.books, shop.items.unit_cost
    table = {
        name: np.stack(getattr(log, name), axis=1)
        for name in ("sold", "reduced", "paid", "stock", "bought", "charges", "removed", "salvaged")
    }
    left = shop.state.on_hand
    sku = shop.index.sku
    beyond = np.zeros(len(left))
    beyond[rows] = end.beyond(end.planned)
    lost = beyond * cost * (1 - SALVAGE)
    paid, charges = table["paid"].sum(axis=1), table["charges"].sum(axis=1)
    salvaged, removed = table["salvaged"].sum(axis=1), table["removed"].sum(axis=1)
    at_cost = paid + salvaged - charges - (table["sold"].sum(axis=1) + removed) * cost
    under_way = shop.state.pipeline.sum(axis=1)
    recovered = paid + salvaged - charges - table["bought"].sum(axis=1) * cost
    recovered = recovered + (left + under_way) * cost - lost
    month = slice(-4, None)
    turnover = (table["stock"][:, month].mean(axis=1) * cost).sum() / (
        (table["sold"][:, month].sum(axis=1) * cost).sum() / (4 * WEEK)
    )
    wrong, over, units = misjudged(shop, full, table["reduced"])
    return Outcome(
        slow=end.slow_share(end.forecast),
        slow_planned=end.slow_share(end.planned),
        value=float((left * cost).sum()),
        turnover=float(turnover),
        profit=float((at_cost - lost).sum()),
        at_cost=float(at_cost.sum()),
        recovery=first_out(shop, table, beyond, slow_skus),
        in_all=float(recovered[np.isin(sku, slow_skus)].sum()),
        units=units,
        wrong=wrong,
        beyond=over,
    )


def first_out(shop: Shop, table: dict[str, Floats], beyond: Floats, slow_skus: Ints) -> float:
    """Money that the stock of the slow SKUs at the start brought, first in, first out."""
    sku, n = shop.index.sku, len(shop.index.skus)

    def whole(values: Floats) -> Floats:
        return np.stack([np.bincount(sku, week, n) for week in values.T], axis=1)[slow_skus]

    held = np.stack(shop.books.held, axis=1) + table["removed"]
    start = whole(held[:, :1])
    gone = whole(table["sold"] + table["removed"])
    until = np.minimum(np.cumsum(gone, axis=1), start)
    first = np.diff(until, axis=1, prepend=0.0)
    money = whole(table["paid"] + table["salvaged"])
    brought = np.divide(first * money, gone, out=np.zeros_like(money), where=gone > 0)
    stock = whole(table["stock"])
    left = start - (until - first / 2)
    share = np.divide(left, stock, out=np.zeros_like(left), where=stock > 0)
    charges = whole(table["charges"]) * np.minimum(share, 1.0)
    rest, cost = start[:, 0] - until[:, -1], np.zeros(n)
    np.maximum.at(cost, sku, shop.items.unit_cost)
    slow = np.minimum(whole(beyond[:, None])[:, 0], rest)
    ended = cost[slow_skus] * (rest - slow * (1 - SALVAGE))
    return float((brought - charges).sum() + ended.sum())


def misjudged(shop: Shop, full: Floats, reduced: Floats) -> tuple[float, float, float]:
    """``wrong``, ``beyond`` and ``units`` of an outcome."""
    sku, count = shop.index.sku, len(shop.index.skus)
    units = np.stack([np.bincount(sku, week, count) for week in reduced.T], axis=1)
    held = np.stack([np.bincount(sku, week, count) for week in shop.books.held], axis=1)
    begun = np.argmax(units > 0, axis=1)
    some = np.flatnonzero(units.sum(axis=1) > 0)
    if not len(some):
        return 0.0, 0.0, 0.0
    ends = np.zeros(count, np.int64)
    np.maximum.at(ends, sku, shop.items.ends.astype(np.int64))
    until = np.minimum((ends - shop.origin) // WEEK, begun + _WAIT)
    week = np.arange(full.shape[1])
    asked = np.where((week >= begun[:, None]) & (week < until[:, None]), full, 0.0).sum(axis=1)
    stock, sold = held[np.arange(count), begun], units.sum(axis=1)
    surplus = np.maximum(stock - asked, 0.0)
    total = float(sold[some].sum())
    wrong = float(sold[some][surplus[some] <= 0].sum()) / total
    beyond = float(np.maximum(sold - surplus, 0.0)[some].sum()) / total
    return wrong, beyond, total


def one_seed(weeks: Weeks, paths: int, only: list[str]) -> tuple[dict[str, Outcome], float, float]:
    """All shops of a seed, slow-moving share and turnover days at the start."""
    settled = Shop(weeks, weeks[len(weeks) - 1], None, paths)
    settled.open(weeks[0])
    for place in range(SETTLE):
        settled.run(place, weeks[place])
    week = weeks[SETTLE]
    rows = settled.rows_of(week)
    settled.origin = week.situation.panel.origin
    inject(settled, settled.scene(SETTLE, week), rows, week.life.hit)
    scene = settled.scene(SETTLE, week)
    items, grade = scene.slow(scene.planned)
    slow_skus = np.unique(scene.forecast.index.sku[items.series[grade > 0]])
    start = scene.slow_share(scene.planned)
    sold = np.concatenate(settled.history[-4:], axis=1).mean(axis=1)
    cost = settled.items.unit_cost
    turnover = (settled.state.on_hand * cost).sum() / (sold * cost).sum()
    print(f"  {len(slow_skus)} SKUs slow, {start:.1%} slow-moving, {turnover:.1f} days", flush=True)
    shops = {
        "none": settled.copy(None),
        "rule": settled.copy(ruled),
        "plan": settled.copy(planned),
        "knowing": settled.copy(planned, knowing=True),
    }
    shops = {name: shop for name, shop in shops.items() if name in only}
    for place in range(SETTLE, SETTLE + COUNTED):
        week = weeks[place]
        for shop in shops.values():
            shop.run(place, week)
    last = weeks[SETTLE + COUNTED]
    full = full_price_demand(weeks, settled)
    found = {}
    for name, shop in shops.items():
        end, rows = shop.scene(SETTLE + COUNTED, last), shop.rows_of(last)
        found[name] = outcome(shop, end, rows, slow_skus, full)
        trail = " ".join(f"{each:.3f}" for each in shop.books.slow[::5])
        print(f"  {name}: {found[name]}\n    slow by fifth week {trail}", flush=True)
    return found, start, float(turnover)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--report", action="store_true", help="the seeds that are reported")
    parser.add_argument("--seeds", type=int, nargs="+", default=[2])
    parser.add_argument("--skus", type=int, default=400)
    parser.add_argument("--paths", type=int, default=32, help="sampled futures of the plan")
    parser.add_argument("--only", nargs="+", default=["none", "rule", "plan", "knowing"])
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "stockwright-benchmark"
    )
    call = parser.parse_args()
    for seed in (21, 22, 23) if call.report else call.seeds:
        begun = time.perf_counter()
        print(f"seed {seed}", flush=True)
        weeks = weeks_of(call.cache, seed, call.skus, FIRST, SETTLE + COUNTED + 1)
        found, start, days = one_seed(weeks, call.paths, call.only)
        if set(found) >= {"none", "rule", "plan"}:
            print(told(found, start, days))
        print(f"  {time.perf_counter() - begun:.0f} s", flush=True)


def told(found: dict[str, Outcome], start: float, days: float) -> str:
    """The figures of one seed beside one another."""
    none, rule, plan = found["none"], found["rule"], found["plan"]
    known = found.get("knowing", plan)
    return (
        f"  slow-moving {start:.1%} -> {plan.slow:.1%} (none {none.slow:.1%}, rule {rule.slow:.1%})"
        f"; turnover {days:.1f} -> {plan.turnover:.1f} days (none {none.turnover:.1f}, rule "
        f"{rule.turnover:.1f}); profit against none {plan.profit / none.profit - 1:+.1%}, stock "
        f"left at cost {plan.at_cost / none.at_cost - 1:+.1%}; turnover against none "
        f"{plan.turnover / none.turnover - 1:+.1%}; recovery against the rule "
        f"{plan.recovery / rule.recovery - 1:+.1%}, against none "
        f"{plan.recovery / none.recovery - 1:+.1%}, of the plan that knows the elasticities "
        f"{plan.recovery / known.recovery:.1%}; in all {plan.in_all / rule.in_all - 1:+.1%}, "
        f"{plan.in_all / none.in_all - 1:+.1%} and {plan.in_all / known.in_all:.1%}; "
        f"{plan.wrong:.1%} of {plan.units:.0f} cleared units "
        f"of SKUs that would have sold out, {plan.beyond:.1%} beyond what would not have sold"
    )


if __name__ == "__main__":
    main()
