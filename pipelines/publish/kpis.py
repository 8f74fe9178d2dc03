"""The night in the planner's figures, each with unit, formula and period."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.assemble.clearing_weeks import going_on, passing_steps
from pipelines.publish import service
from pipelines.publish.cells import Table
from pipelines.publish.night import Night
from stockwright.panel import Status

#: Days that the figures of the past look back, and that slow-moving stock looks ahead.
PAST_DAYS, AHEAD_DAYS = 28, 90


class Kpi(NamedTuple):
    """One figure. value: None where it is not defined. formula: code of its text.

    target: most that it should be, None where nothing is said."""

    value: float | None
    unit: str
    formula: str
    period: tuple[np.datetime64, np.datetime64]
    target: float | None = None


def kpis(night: Night, orders: Table, transfers: Table) -> dict[str, Kpi]:
    """The figures of a night by code, in the order in which a person reads them."""
    situation, as_of = night.situation, night.situation.as_of
    day = np.timedelta64(1, "D")
    today, past = (as_of, as_of), (as_of - (PAST_DAYS - 1) * day, as_of)
    value = stock_value(night)
    turnover, basis = turnover_days(night, value)
    longest = int(night.plan.policy.protection.max(initial=0)) * night.days
    ahead = (as_of + day, as_of + longest * day)
    slow = (as_of + day, as_of + AHEAD_DAYS * day)
    release = (situation.order_date, situation.order_date)
    return {
        "stock_value": Kpi(value, "money", "stock_value", today),
        "turnover_days": Kpi(turnover, "days", basis, past),
        "fill_rate": Kpi(service.fill_rate(night), "share", "fill_rate", ahead),
        "local_fulfillment": Kpi(
            service.local_fulfillment(night), "share", "local_fulfillment", ahead
        ),
        "stock_out_rate": Kpi(stock_out_rate(night), "share", "stock_out_rate", past),
        "share_of_skus_sold": Kpi(skus_sold(night), "share", "share_of_skus_sold", past),
        "sell_through": Kpi(sell_through(night), "share", "sell_through", past),
        "slow_moving_share": Kpi(
            slow_moving(night), "share", "slow_moving_share", slow, night.grades.slow_target
        ),
        "order_lines": Kpi(len(orders["units"]), "lines", "order_lines", release),
        "order_units": Kpi(orders["units"].sum(), "units", "order_units", release),
        "order_value": Kpi(orders["value"].sum(), "money", "order_value", release),
        "transfer_lines": Kpi(len(transfers["units"]), "lines", "transfer_lines", release),
        "transfer_units": Kpi(transfers["units"].sum(), "units", "transfer_units", release),
        "transfer_freight": Kpi(transfers["freight"].sum(), "money", "transfer_freight", release),
    }


def stock_value(night: Night) -> float | None:
    """Stock on hand at cost; None where no location reports its stock."""
    stock = night.situation.stock
    if not stock.known.any():
        return None
    return float((stock.on_hand * night.situation.network.items.unit_cost).sum())


def turnover_days(night: Night, value: float | None) -> tuple[float | None, str]:
    """Mean stock at cost over the daily cost of goods sold, and the formula that was used.

    ``value``: stock at cost tonight; without a history it stands in, and only keys of known stock
    count.
    """
    held, cost = night.situation.mean_stock, night.situation.network.items.unit_cost
    counted = night.situation.stock.known if held is None else slice(None)
    sold = _past(night, night.situation.sold).sum(axis=1, dtype=np.float64)
    daily = float((sold * cost)[counted].sum()) / _past_days(night)
    if held is None:
        return (None if value is None else _share(value, daily)), "turnover_days_now"
    return _share(float((held * cost).sum()), daily), "turnover_days"


def stock_out_rate(night: Night) -> float | None:
    """Share of the listed selling time of the last 28 days that was out of stock."""
    panel = night.situation.panel
    on_sale = _past(night, panel.status) <= Status.CENSORED
    missing = np.where(on_sale, 1.0 - _past(night, panel.in_stock).astype(np.float64), 0.0)
    return _share(float(missing.sum()), float(on_sale.sum()))


def skus_sold(night: Night) -> float | None:
    """SKUs with a sale in the last 28 days over SKUs on sale or in stock in them."""
    panel = night.situation.panel
    sold = _past(night, night.situation.sold).sum(axis=1) > 0
    on_sale = (_past(night, panel.status) <= Status.CENSORED).any(axis=1)
    there = sold | on_sale | (night.situation.stock.on_hand > 0)
    skus = night.index.sku
    return _share(len(np.unique(skus[sold])), len(np.unique(skus[there])))


def sell_through(night: Night) -> float | None:
    """Units sold in the last 28 days over those and the units on hand now, where they are known."""
    stock = night.situation.stock
    sold = float(_past(night, night.situation.sold)[stock.known].sum(dtype=np.float64))
    return _share(sold, sold + float(stock.on_hand.sum()))


def slow_moving(night: Night) -> float | None:
    """Share of the stock at cost beyond the demand expected in 90 days, per SKU."""
    periods = AHEAD_DAYS // night.days
    mean = night.forecast.mean.astype(np.float64)
    promised = night.forecast.committed[:, :periods].sum(axis=1, dtype=np.float64)
    inside = mean[:, :periods].sum(axis=1) + promised
    passing = passing_steps(night.situation, mean.shape[1])
    tail = going_on(mean, max(PAST_DAYS // night.days, 1), passing)
    expected = inside + tail * max(periods - mean.shape[1], 0)
    sku, on_hand = night.index.sku, night.situation.stock.on_hand
    stock = np.bincount(sku, on_hand)
    value = np.bincount(sku, on_hand * night.situation.network.items.unit_cost)
    beyond = np.maximum(stock - np.bincount(sku, expected), 0.0)
    share = np.divide(beyond, stock, out=np.zeros_like(stock), where=stock > 0)
    return _share(float((share * value).sum()), float(value.sum()))


def _past(night: Night, values: NDArray[Any]) -> NDArray[Any]:
    """The last 28 days of a (series, period) array."""
    return values[:, -max(PAST_DAYS // night.days, 1) :]


def _past_days(night: Night) -> int:
    return int(_past(night, night.situation.panel.demand).shape[1]) * night.days


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def supplier_totals(orders: Table) -> dict[str, dict[str, float | int]]:
    """Lines, units and value of each supplier's orders, by name."""
    names, place = np.unique(orders["supplier"].astype(str), return_inverse=True)
    count = len(names)
    lines = np.bincount(place, minlength=count)
    units = np.bincount(place, orders["units"], minlength=count)
    value = np.bincount(place, orders["value"], minlength=count)
    return {
        str(name): {
            "lines": int(lines[i]),
            "units": round(float(units[i]), 4),
            "value": round(float(value[i]), 2),
        }
        for i, name in enumerate(names)
    }
