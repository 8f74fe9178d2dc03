"""Locations and suppliers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.keys import Keys
from stockwright.network import LocationKind, Locations, Suppliers

#: The supplier that stands in where there is no lanes table.
DEFAULT_SUPPLIER = "default"

_KINDS = {"central": 0, "regional": 1, "store": 2}


def locations_of(
    locations: pd.DataFrame,
    lanes: pd.DataFrame,
    has_sales: NDArray[np.bool_],
    keys: Keys,
    days_per_period: int,
) -> Locations:
    """The locations in the order of the index.

    A kind that is not given: central for a source of lanes, regional for what another location
    feeds, else store. A location sells when it has sales; one without sells unless it is central
    or the table says no.
    """
    n = keys.n_locations
    place = keys.locations(locations["location"])
    kind = _by_location(locations["kind"].map(_KINDS), place, n, np.nan)
    kind = np.where(np.isnan(kind), _inferred_kinds(lanes, keys), kind)
    sells = _by_location(locations["sells"], place, n, 1.0) > 0
    parent = np.full(n + 1, -1, np.int32)
    parent[place] = keys.locations(locations["parent"])

    def at_most(column: str, periods: int = days_per_period) -> NDArray[np.float64]:
        rate = _by_location(locations[column], place, n, np.nan)
        return np.where(np.isnan(rate), np.inf, rate * periods)

    return Locations(
        kind=kind.astype(np.uint8),
        parent=parent[:n],
        sells=has_sales | (sells & (kind != LocationKind.CENTRAL)),
        counts_stock=_by_location(locations["counts_stock"], place, n, 1.0) > 0,
        inbound_capacity=at_most("inbound_units_per_day"),
        outbound_capacity=at_most("outbound_units_per_day"),
        storage_volume=at_most("storage_volume", 1),
        region=_texts(locations["region"], place, n),
        tier=_texts(locations["tier"], place, n),
    )


def _inferred_kinds(lanes: pd.DataFrame, keys: Keys) -> NDArray[np.float64]:
    source, destination = keys.locations(lanes["source"]), keys.locations(lanes["destination"])
    kind = np.full(keys.n_locations + 1, float(LocationKind.STORE))
    kind[destination[source >= 0]] = LocationKind.REGIONAL
    fed_by_location = kind[:-1] == LocationKind.REGIONAL
    kind[source[source >= 0]] = LocationKind.CENTRAL
    central: NDArray[np.float64] = kind[:-1]
    return np.where(fed_by_location, float(LocationKind.REGIONAL), central)


def _by_location(
    column: pd.Series, place: NDArray[np.int32], n: int, default: float
) -> NDArray[np.float64]:
    values = np.full(n + 1, default)
    values[place] = column.to_numpy(np.float64)
    kept: NDArray[np.float64] = values[:n]
    return kept


def _texts(column: pd.Series, place: NDArray[np.int32], n: int) -> tuple[str, ...]:
    values = np.full(n + 1, "", dtype=object)
    values[place] = column.to_numpy(object)
    return tuple(values[:n])


def suppliers_of(suppliers: pd.DataFrame, names: pd.Index, days_per_period: int) -> Suppliers:
    """The suppliers called ``names`` (sorted), with their terms where the table has them."""
    place = names.get_indexer(suppliers["supplier"].astype(object))
    known = place >= 0
    terms = {}
    for name in ("min_order_value", "min_order_units", "fixed_cost"):
        values = np.zeros(len(names))
        values[place[known]] = np.nan_to_num(suppliers[name].to_numpy(np.float64)[known])
        terms[name] = values
    limits = {"expedited_units": "expedited_units_per_day"}
    limits |= {name: name for name in ("truck_volume", "truck_weight")}
    for name, column in limits.items():
        most = np.full(len(names), np.nan)
        most[place[known]] = suppliers[column].to_numpy(np.float64)[known]
        terms[name] = np.where(np.isnan(most), np.inf, most)
    terms["expedited_units"] = terms["expedited_units"] * days_per_period
    return Suppliers(names=tuple(names), **terms)


def order_weekdays(suppliers: pd.DataFrame, names: pd.Index) -> NDArray[np.bool_]:
    """(suppliers, 7): whether each supplier takes orders on Monday ... Sunday.

    An empty list, or one without any weekday, means every day.
    """
    place = names.get_indexer(suppliers["supplier"].astype(object))
    days = suppliers["order_weekdays"].astype(object).str.findall(r"[1-7]")
    rows = pd.DataFrame({"supplier": place, "day": days}).explode("day").dropna()
    rows = rows[rows["supplier"] >= 0]
    open_days = np.zeros((len(names), 7), np.bool_)
    open_days[rows["supplier"].to_numpy(int), rows["day"].to_numpy(int) - 1] = True
    open_days[~open_days.any(axis=1)] = True
    return open_days
