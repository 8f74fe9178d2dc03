"""What a replay earned and served: units and money of each series and period, and their ratios.

Every arm is valued at the same prices and costs, those of the shop's own configuration:

    profit = margin - holding - freight - order_cost - price_variance - help_cost - expired_cost
             - goodwill

margin: units sold times price less unit cost. holding: units left at a close times the holding
cost. freight: of orders and transfers. order_cost: fixed costs of orders and trucks.
price_variance: what ordered goods cost above the usual unit cost, below 0 where a price break
makes them cheaper. help_cost: of units that another location or article served. expired_cost:
units thrown away at cost, less what they still bring. goodwill: what a unit lost costs beyond its
margin. Stock that is left keeps its value, and goods that came back bring none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.replay.arm import Log
from experiments.replay.world import World

Floats = NDArray[np.float64]
#: What is taken from the margin to get the profit, in the order of a waterfall.
COSTS = (
    *(
        "holding",
        "freight",
        "order_cost",
        "price_variance",
        "help_cost",
        "expired_cost",
        "goodwill",
    ),
)
#: Sums: of units, of money, and of lines.
SUMS = (
    *("demand_units", "served_units", "lost_units", "lost_margin", "ordered_units"),
    *("moved_units", "orders", "order_lines", "margin", *COSTS, "profit"),
)
#: Ratios of two sums: numerator, denominator.
RATIOS: Mapping[str, tuple[str, str]] = {
    "fill_rate": ("served_units", "demand_units"),
    "stockout_rate": ("short_periods", "asked_periods"),
    "stock_value": ("stock_days", "days"),
    "turnover_days": ("stock_days", "cost_of_sales"),
}
METRICS = (*RATIOS, *SUMS)


@dataclass(frozen=True)
class Account:
    """Sums of one arm by name, each (series, periods); "days" (1, periods) is no one's own.

    Beside ``SUMS``: served and stock by day, see ``RATIOS``; stock_days: value at cost times days.
    """

    sums: Mapping[str, Floats]
    period_days: int

    def total(self, name: str, series: NDArray[np.bool_] | slice = slice(None)) -> Floats:
        """A sum by period, (periods,), over some of the series."""
        if name == "days":
            return np.full(self.sums["profit"].shape[1], float(self.period_days))
        return np.asarray(self.sums[name][series].sum(axis=0), np.float64)

    def value(self, metric: str, series: NDArray[np.bool_] | slice = slice(None)) -> float:
        """A metric of some of the series over all periods; NaN where nothing tells it."""
        if metric not in RATIOS:
            return float(self.total(metric, series).sum())
        above, below = (self.total(name, series).sum() for name in RATIOS[metric])
        return float(above / below) if below else float("nan")


def account_of(log: Log, world: World, first: int) -> Account:
    """The account of an arm from period ``first`` on."""
    items, asked = world.network.items, world.asked
    now = np.s_[:, first:]
    cost, price = items.unit_cost[:, None], asked.price[now]
    usual = np.where(np.isnan(items.price), items.unit_cost, items.price)
    beyond = np.maximum(items.shortage_cost - np.maximum(usual - items.unit_cost, 0.0), 0.0)
    told = {name: getattr(log, name)[now] for name in vars(log)}
    missed, left, units = told["missed"], told["left"], asked.units[now]
    sums = {
        "demand_units": units,
        "served_units": units - missed,
        "lost_units": missed,
        "lost_margin": missed * (price - cost),
        "ordered_units": told["ordered"],
        "moved_units": told["moved"],
        "orders": told["orders"],
        "order_lines": told["lines"],
        "margin": told["sold"] * (price - cost),
        "holding": left * items.holding_cost[:, None],
        "freight": told["freight"],
        "order_cost": told["order_cost"],
        "price_variance": told["price_variance"],
        "help_cost": told["elsewhere"] * world.help_cost[:, None],
        "expired_cost": told["expired"] * (cost - items.salvage[:, None]),
        "goodwill": missed * beyond[:, None],
        "short_periods": (missed > 0).astype(np.float64),
        "asked_periods": (units > 0).astype(np.float64),
        "stock_units": left,
        "stock_days": left * cost * world.days,
        "cost_of_sales": told["sold"] * cost,
    }
    sums["profit"] = sums["margin"] - sum(sums[name] for name in COSTS)
    return Account(sums, world.days)
