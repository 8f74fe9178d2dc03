"""What the tables say of stock that does not sell, and what of it cannot be right."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.items import Costs, by_series
from pipelines.assemble.keys import Ints, Keys
from pipelines.assemble.listing import NO_END, product_dates
from pipelines.assemble.notices import findings_of
from pipelines.assemble.situation import ClearingTerms
from stockwright.network import ItemTerms
from stockwright.panel import DemandPanel
from stockwright.plan import Finding
from stockwright.stock import StockPosition

Floats = NDArray[np.float64]
_NAMES = ("channel", "platform", "location")
_CLEARANCE = ("clearance_capacity", "clearance_cost", "clearance_reach")


def clearing_terms(tables: Mapping[str, pd.DataFrame], costs: Costs, keys: Keys) -> ClearingTerms:
    """The terms of every series.

    A floor counts up to the price, a salvage value up to the lower of price and cost, and what the
    supplier pays up to the cost: the reading names those that are higher.
    """
    products = tables["products"]
    group, names = _price_groups(products, keys)
    cheap = np.minimum(costs.price, costs.unit_cost)
    returned = np.nan_to_num(by_series(products, "supplier_return_value", keys))
    floor = np.nan_to_num(by_series(products, "floor_price", keys))
    return ClearingTerms(
        floor=np.minimum(floor, costs.price),
        salvage=np.minimum(by_series(products, "salvage_value", keys), cheap),
        return_value=np.minimum(returned, costs.unit_cost),
        return_until=product_dates(products, "supplier_return_until", keys),
        price_group=group,
        assumed_cost=costs.assumed_cost,
        channels=_clearance_channels(tables["channels"]),
        groups=names,
    )


def _price_groups(products: pd.DataFrame, keys: Keys) -> tuple[Ints, tuple[str, ...]]:
    """(series,) place of the price group among the names, -1 for none; and the names."""
    codes = np.full(len(keys.index.skus) + 1, -1, np.int64)
    names = products["price_group"].astype(object)
    groups = tuple(sorted(set(names) - {""}))
    codes[keys.skus(products["sku"])] = pd.Index(groups, dtype=object).get_indexer(names)
    codes[-1] = -1
    group: Ints = codes[keys.index.sku]
    return group, groups


def _clearance_channels(channels: pd.DataFrame) -> pd.DataFrame:
    """The channels that say anything of clearance, with a cost of 0 and a reach of 1 if silent."""
    told = channels[list(_CLEARANCE)].notna().any(axis=1)
    rows = channels.loc[told, [*_NAMES, *_CLEARANCE]]
    rows = rows.fillna({"clearance_cost": 0.0, "clearance_reach": 1.0})
    return rows.sort_values(["channel", "location"], kind="stable").reset_index(drop=True)


def held_findings(
    stock: StockPosition, items: ItemTerms, assumed_cost: NDArray[np.bool_], panel: DemandPanel
) -> list[Finding]:
    """What stands in the way of judging stock on hand.

    COST_UNKNOWN: no table names its cost, while others have one. SOLD_AT_A_LOSS: its list price is
    not above its cost. STOCK_AFTER_END: its last date of sale is over.
    """
    held = stock.known & items.stock_mode & (stock.on_hand > 0)
    units, price, cost = stock.on_hand, items.price, items.unit_cost
    unknown = np.flatnonzero(held & assumed_cost & (held & ~assumed_cost).any())
    loss = np.flatnonzero(held & ~assumed_cost & (price <= cost))
    ended = np.flatnonzero(held & (items.ends <= panel.origin) & (items.ends < NO_END))
    days = (panel.origin - items.ends[ended]) * panel.calendar.days
    return [
        *findings_of("COST_UNKNOWN", "medium", unknown, units=units[unknown], cost=cost[unknown]),
        *findings_of(
            "SOLD_AT_A_LOSS", "low", loss, units=units[loss], price=price[loss], cost=cost[loss]
        ),
        *findings_of("STOCK_AFTER_END", "medium", ended, units=units[ended], days=days),
    ]
