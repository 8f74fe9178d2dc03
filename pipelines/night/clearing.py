"""The clearance of a night: what is slow, what is done with it, and what is no longer bought."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.assemble import Situation
from pipelines.assemble.clearing import SlowStock, graded_stock, slow_stock_of
from pipelines.assemble.clearing_articles import articles_of
from pipelines.assemble.clearing_bundles import bundles_of
from pipelines.assemble.clearing_groups import with_groups
from pipelines.assemble.clearing_said import rules_of
from pipelines.assemble.clearing_season import seasonal_units
from pipelines.config import Config
from pipelines.night.clearing_overruled import clearance_overruled
from replenishment.clearance.holdings import Holdings
from replenishment.clearance.params import Channels, ClearanceParams
from replenishment.clearance.plan import plan_clearance
from replenishment.clearance.slow_grades import SlowGrade
from replenishment.lines.rows import PLANNER
from stockwright.clearance import Act, Clearance
from stockwright.forecast import Forecast
from stockwright.life import LifeStages
from stockwright.panel import SeriesIndex
from stockwright.plan import Finding, Lines, Plan
from stockwright.price_response import PriceResponse

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
# Share of the stock that a season of last year must have sold to be waited for.
_SEASON = 0.25
# Share below which a price, which is kept in fewer digits, is the cost.
_SAME = 1e-6
# By the code of a slow grade.
_LETTERS = np.array(["" if g == SlowGrade.NONE else g.name for g in SlowGrade], dtype=object)
_GONE = (Act.RETURN, Act.LIQUIDATE, Act.SCRAP)


def cleared(
    plan: Plan,
    situation: Situation,
    forecast: Forecast,
    life: LifeStages,
    response: PriceResponse,
    config: Config,
    on_hand: SlowStock | None = None,
) -> Plan:
    """The plan with what is done about slow stock, and without orders of what is cleared.

    on_hand: tonight's stock at each location; looked at here where it is not given.
    """
    stock = on_hand or slow_stock_of(situation, forecast, life, config)
    places = stock.holdings
    whole = config.clearance.price_by == "sku"
    if whole:
        stock = graded_stock(articles_of(situation, forecast, places), situation, config)
    holdings = stock.holdings
    slow, alone = stock.grade > 0, _LeftAlone.of(holdings, situation, forecast, whole)
    untouched = alone.finding(slow, holdings.value)
    channels = channels_of(situation, config)
    rules = rules_of(situation, places, holdings, channels.names, config.clearance.rest_days)
    going = holdings.series[rules.leaving]
    holdings, rows = with_groups(holdings, slow, alone.any(), situation, forecast, life, whole)
    few, grade = holdings.take(rows), _LETTERS[stock.grade[rows]]
    terms = (
        np.fmax(situation.network.items.price[few.series], few.price),
        response.take(few.series),
        channels,
        params_of(config),
        rules.take(rows),
        bundles_of(holdings, stock.grade, rows, situation, channels.names, config),
    )
    found = plan_clearance(few, grade, stock.health.cover_days[rows], *terms)
    found = replace(found, whole=whole)
    lost = _at_a_loss(situation) & ~(forecast.committed > 0).any(axis=1)
    return replace(
        plan,
        clearance=found,
        findings=(*plan.findings, *untouched, *clearance_overruled(few, grade, *terms)),
        orders=_without(plan.orders, found, lost, forecast),
        transfers=_without_leaving(plan.transfers, found, going, forecast),
    )


@dataclass(frozen=True)
class _LeftAlone:
    """Items that nothing is done with, all (items,): that are promised to customers; that can still
    be sold, at a price that nobody told, or as a hit; whose season comes in these weeks, but not in
    the forecast.
    """

    promised: Bools
    unpriced: Bools
    hits: Bools
    seasonal: Bools

    @classmethod
    def of(
        cls, holdings: Holdings, situation: Situation, forecast: Forecast, whole: bool
    ) -> _LeftAlone:
        index, width = forecast.index, holdings.demand.shape[1]
        promised = _by_item(forecast.committed.sum(axis=1, dtype=np.float64), index, whole)
        then = seasonal_units(situation.sold, situation.panel.calendar.days, width)
        least = np.maximum(2 * holdings.demand.sum(axis=1), _SEASON * holdings.units)
        seasonal = _by_item(then, index, whole)[holdings.series] >= least
        priced = np.isfinite(holdings.price) & (holdings.price > 0)
        sells = holdings.weeks > 0
        return cls(
            promised[holdings.series] > 0, sells & ~priced, sells & holdings.hit, sells & seasonal
        )

    def any(self) -> Bools:
        """For whatever reason, (items,)."""
        return self.promised | self.unpriced | self.hits | self.seasonal

    def finding(self, slow: Bools, value: Floats) -> list[Finding]:
        """SLOW_LEFT_ALONE where that holds of ``slow`` items; value: (items,) at cost."""
        rows = slow & self.any()
        if not rows.any():
            return []
        parts = {f.name: float((rows & getattr(self, f.name)).sum()) for f in fields(self)}
        told: dict[str, float | str] = {"items": float(rows.sum()), **parts}
        return [Finding("SLOW_LEFT_ALONE", "low", -1, float(value[rows].sum()), told)]


def _at_a_loss(situation: Situation) -> NDArray[np.bool_]:
    """Series whose price stays below their cost for all days ahead that are planned, (series,).

    What a planner holds as it is goes on being bought.
    """
    panel, items = situation.panel, situation.network.items
    ahead = panel.covariates.price[:, panel.origin + 1 :]
    told, untold = np.fmax.reduce(ahead, axis=1), np.isnan(ahead).any(axis=1)
    best = np.where(untold, np.maximum(np.nan_to_num(told), items.price), told)
    held = situation.overrides.clearance_frozen | (situation.overrides.clearance_units == 0)
    return np.asarray((best < items.unit_cost * (1 - _SAME)) & ~held, np.bool_)


def params_of(config: Config) -> ClearanceParams:
    """What clearance may do, as configured."""
    budget = config.clearance.discount_budget
    return ClearanceParams(
        ladder=tuple(config.clearance.ladder),
        relabel_cost=config.clearance.relabel_cost,
        least_weeks=config.clearance.least_weeks,
        price_step=config.clearance.price_step,
        carry_over=config.clearance.carry_over,
        discount_budget=np.inf if budget is None else budget,
    )


def channels_of(situation: Situation, config: Config) -> Channels:
    """The channels of clearance, each open to the grades that the configuration names for it; the
    one that sells bundles does nothing else.
    """
    rows = None if situation.clearing is None else situation.clearing.channels
    if rows is None or rows.empty:
        return Channels()
    named = config.clearance.channels
    names = tuple(rows["channel"].astype(str))
    bundled = config.clearance.bundles.channel
    open_to = tuple("" if name == bundled else named.get(name, "SABC") for name in names)
    capacity = rows["clearance_capacity"].to_numpy(np.float64)
    return Channels(
        names=names,
        capacity=np.where(np.isnan(capacity), np.inf, capacity),
        cost=rows["clearance_cost"].to_numpy(np.float64),
        reach=np.maximum(rows["clearance_reach"].to_numpy(np.float64), 1.0),
        grades=open_to,
    )


def _by_item(units: Floats, index: SeriesIndex, whole: bool) -> Floats:
    """Units (series,) of the whole article for each of its locations where it is one item."""
    if not whole:
        return units
    return np.bincount(index.sku, units)[index.sku].astype(np.float64)


def _without(lines: Lines, found: Clearance, lost: NDArray[np.bool_], forecast: Forecast) -> Lines:
    """The order lines without those of what is cleared or only sold at a loss, but a planner's own.

    An earlier night's markdown that the shop has taken over is such a price: the forecast answers
    to it, and would buy for it.
    """
    # What only shares the price of slow goods is ordered as before.
    gone = found.series[(found.act != Act.KEEP) & (found.grade != "")]
    if found.whole:
        out = np.isin(forecast.index.sku[lines.series], forecast.index.sku[gone])
    else:
        out = np.isin(lines.series, gone)
    kept = np.flatnonzero(~(out | lost[lines.series]) | (lines.reason == PLANNER))
    return Lines(**{each.name: getattr(lines, each.name)[kept] for each in fields(lines)})


def _without_leaving(
    lines: Lines, found: Clearance, going: NDArray[np.int64], forecast: Forecast
) -> Lines:
    """The transfer lines but for those of articles of which stock leaves the shop: tonight, or as
    an earlier night planned and the shop took up, ``going`` (series).
    """
    tonight = found.series[np.isin(found.act, _GONE)]
    gone = forecast.index.sku[np.concatenate([tonight, going])]
    kept = np.flatnonzero(
        ~np.isin(forecast.index.sku[lines.series], gone) | (lines.reason == PLANNER)
    )
    return Lines(**{each.name: getattr(lines, each.name)[kept] for each in fields(lines)})
