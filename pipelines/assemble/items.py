"""Money and packing of each key: what the tables say, and what is assumed where they are silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.keys import Ints, Keys
from pipelines.config import Config
from stockwright.calendar import DAYS_PER_PERIOD
from stockwright.network import ItemTerms, LaneKind, Locations, Network

Floats = NDArray[np.float64]
DAYS_A_YEAR = 365.0


@dataclass(frozen=True)
class Costs:
    """unit_cost, price, holding_cost and shortage_cost of each series, see ItemTerms.

    assumed_cost, assumed_price: (series,) where neither table nor lane nor sale names one.
    below_cost: (series,) where the price lies below the cost and a shortage therefore costs 0.
    """

    unit_cost: Floats
    price: Floats
    holding_cost: Floats
    shortage_cost: Floats
    assumed_cost: NDArray[np.bool_]
    assumed_price: NDArray[np.bool_]
    below_cost: NDArray[np.bool_]


def by_series(products: pd.DataFrame, column: str, keys: Keys) -> Floats:
    """A numeric column of the products for each series, NaN where unknown."""
    values = np.full(len(keys.index.skus) + 1, np.nan)
    values[keys.skus(products["sku"])] = products[column].to_numpy(np.float64)
    values[-1] = np.nan
    found: Floats = values[keys.index.sku]
    return found


def costs_of(
    products: pd.DataFrame, price: Floats, lane_cost: Floats, keys: Keys, config: Config
) -> Costs:
    """The costs of every series.

    price, lane_cost: (series,) list price or price paid, and the cheapest lane's cost; NaN where
    unknown. Cost unknown: ``defaults.cost_share`` of the price. Price unknown: the cost divided
    by it. Both unknown: ``defaults.unit_cost``. Holding: unit cost x annual rate / periods a
    year. Shortage: price - unit cost + goodwill x price, at least 0.
    """
    own = by_series(products, "unit_cost", keys)
    cost = np.where(np.isnan(own), lane_cost, own)
    share = config.defaults.cost_share
    no_cost, no_price = np.isnan(cost), np.isnan(price)
    cost = np.where(no_cost, price * share, cost)
    cost = np.where(np.isnan(cost), config.defaults.unit_cost, cost)
    price = np.where(no_price, cost / share, price)
    periods_a_year = DAYS_A_YEAR / DAYS_PER_PERIOD[config.period]
    holding = by_series(products, "holding_cost", keys)
    holding = np.where(
        np.isnan(holding), cost * config.money.holding_rate / periods_a_year, holding
    )
    margin = price - cost + config.money.goodwill * price
    given = by_series(products, "shortage_cost", keys)
    shortage = np.where(np.isnan(given), np.maximum(margin, 0.0), given)
    below = np.isnan(given) & (margin <= 0)
    return Costs(cost, price, holding, shortage, no_cost, no_price, below)


def cheapest_lane_cost(lanes: pd.DataFrame, links: pd.DataFrame, n_series: int) -> Floats:
    """(series,) lowest unit cost that a lane from a supplier names, NaN where none does."""
    bought = links[links["kind"] != int(LaneKind.TRANSFER)]
    cost = lanes["unit_cost"].to_numpy(np.float64)[bought["row"].to_numpy()]
    lowest = np.full(n_series, np.inf)
    known = ~np.isnan(cost)
    np.minimum.at(lowest, bought["series"].to_numpy()[known], cost[known])
    return np.where(np.isinf(lowest), np.nan, lowest)


def items_of(
    products: pd.DataFrame,
    costs: Costs,
    ends: Ints,
    levels: Floats,
    keys: Keys,
    config: Config,
) -> ItemTerms:
    """The terms of every series; ``levels`` (series,) are the service levels of its grade."""
    order_unit = by_series(products, "order_unit", keys)
    stocked = np.ones(len(keys.index.skus) + 1, np.bool_)
    stocked[keys.skus(products["sku"])] = (products["stock_mode"] == "stock").to_numpy(dtype=bool)
    stocked[-1] = True
    nothing = np.full(keys.n_series, np.nan)
    mode = config.service.mode
    return ItemTerms(
        unit_cost=costs.unit_cost,
        price=np.where(costs.assumed_price, np.nan, costs.price),
        holding_cost=costs.holding_cost,
        shortage_cost=costs.shortage_cost,
        order_unit=np.where(np.isnan(order_unit), 1.0, order_unit),
        units_per_case=by_series(products, "units_per_case", keys),
        stock_mode=stocked[keys.index.sku],
        ends=ends,
        service_level=levels if mode == "cycle" else nothing,
        fill_rate=levels if mode == "fill" else nothing,
        shelf_life=_shelf_life(by_series(products, "shelf_life_days", keys), config),
        salvage=np.nan_to_num(by_series(products, "salvage_value", keys)),
        volume=np.nan_to_num(by_series(products, "volume", keys)),
        weight=np.nan_to_num(by_series(products, "weight", keys)),
        units_per_layer=by_series(products, "units_per_layer", keys),
        units_per_pallet=by_series(products, "units_per_pallet", keys),
    )


def tier_prices(locations: Locations, keys: Keys, config: Config) -> Floats:
    """(series,) how many times a unit short counts by the tier of its location."""
    known = {name: tier.shortage for name, tier in config.tiers.items()}
    factor = np.array([known.get(name, 1.0) for name in locations.tier], np.float64)
    return np.asarray(factor[keys.index.location], np.float64)


def unmeasured(network: Network, keys: Keys) -> list[str]:
    """A note on keys without a volume where volume is limited: they take no room."""
    limited = np.isfinite(network.locations.storage_volume)[keys.index.location]
    lost = int((limited & (network.items.volume <= 0)).sum())
    if not lost:
        return []
    return [f"storage_volume: {lost} keys have no volume in products and take no room"]


def _shelf_life(days: Floats, config: Config) -> Floats:
    """Whole periods, at least one, in which a unit can be sold; inf where it keeps."""
    periods = np.maximum(np.floor(days / DAYS_PER_PERIOD[config.period]), 1.0)
    return np.asarray(np.where(np.isnan(days), np.inf, periods), np.float64)


def service_levels(
    grades: NDArray[np.object_], locations: Locations, keys: Keys, config: Config
) -> Floats:
    """(series,) level by grade ("AX" before "A"), then by the location's tier, then the default."""
    service = config.service
    tier = np.array([service.tier.get(name, service.default) for name in locations.tier])
    level = tier[keys.index.location] if len(tier) else np.full(keys.n_series, service.default)
    letters = pd.Series(grades, dtype=object)
    for names in (letters.str[:1], letters):
        found = names.map(_plain(service.grade)).to_numpy(np.float64)
        level = np.where(np.isnan(found), level, found)
    return np.asarray(level, np.float64)


def _plain(levels: Mapping[str, float]) -> dict[str, float]:
    return {name.upper(): level for name, level in levels.items()}
