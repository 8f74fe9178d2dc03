"""The rows of orders.csv and transfers.csv."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.assemble.strategies import approvals
from pipelines.publish.cells import Table, money, numbers_of, read_csv, rounded
from pipelines.publish.explanation import EMERGENCY, REGULAR, explanations
from pipelines.publish.night import ORDER, TRANSFER, Night, line_ids, text_array
from stockwright.network import LaneKind
from stockwright.plan import Lines

ORDERS = "orders.csv"
TRANSFERS = "transfers.csv"
#: The column that names the source of a line.
SOURCE_COLUMN = {ORDERS: "supplier", TRANSFERS: "source"}

_QUANTITIES = (
    *("demand_mean", "demand_bought"),
    *("need", "yield_added", "rounding_added", "limit_cut"),
)

Key = tuple[str, str, str, str]


def order_table(night: Night) -> Table:
    """orders.csv: sorted by supplier, destination, available_date, SKU."""
    lines = night.plan.orders
    ends = _ends(night, lines)
    count = len(lines.units)
    table: Table = {
        "line_id": _ids(night, ORDER, ends),
        "order_ref": _order_refs(ends),
        "order_date": np.full(count, night.situation.order_date),
        "available_date": ends["available_date"],
        "supplier": ends["source"],
        "destination": ends["destination"],
        "sku": ends["sku"],
        **_quantities(night, lines),
        "unit_cost": rounded(lines.unit_cost),
        "value": money(lines.value),
        "order_kind": _kinds(night, lines),
    }
    return _finished(night, ORDERS, lines, table, ends)


def transfer_table(night: Night) -> Table:
    """transfers.csv: sorted by source, destination, available_date, SKU."""
    lines = night.plan.transfers
    ends = _ends(night, lines)
    table: Table = {
        "line_id": _ids(night, TRANSFER, ends),
        "ship_date": np.full(len(lines.units), night.situation.order_date),
        "available_date": ends["available_date"],
        "source": ends["source"],
        "destination": ends["destination"],
        "sku": ends["sku"],
        **_quantities(night, lines),
        "freight": money(lines.value),
    }
    return _finished(night, TRANSFERS, lines, table, ends)


def units_by_key(folder: Path | None, file: str) -> dict[Key, float]:
    """Units of each (source, destination, SKU, kind) in a published file; empty without one."""
    if folder is None or not (folder / file).is_file():
        return {}
    table = read_csv(folder / file)
    keys = line_keys(file, table)
    totals: dict[Key, float] = {}
    for key, units in zip(keys, numbers_of(table["units"]).tolist(), strict=True):
        totals[key] = totals.get(key, 0.0) + units
    return totals


def dropped_lines(night: Night, file: str, table: Table) -> int:
    """Lines of the night before whose source, destination and SKU have no line tonight."""
    return len(units_by_key(night.previous, file).keys() - set(line_keys(file, table)))


def line_keys(file: str, table: Mapping[str, Sequence[str] | NDArray[Any]]) -> list[Key]:
    """Source, destination, SKU and kind of each line of a published file."""
    kinds = table["order_kind"] if file == ORDERS else [REGULAR] * len(table["sku"])
    ends = (table[SOURCE_COLUMN[file]], table["destination"], table["sku"])
    return list(zip(*ends, kinds, strict=True))


def _ends(night: Night, lines: Lines) -> Table:
    lanes = night.situation.network.lanes
    return {
        "source": night.situation.lane_sources()[lines.lane],
        "destination": night.locations(lines.series),
        "sku": night.skus(lines.series),
        "available_date": np.asarray(lanes.available_date[lines.lane], "datetime64[D]"),
    }


def _ids(night: Night, kind: str, ends: Table) -> NDArray[np.object_]:
    return line_ids(night, kind, *(ends[name].tolist() for name in ends))


def _order_refs(ends: Table) -> NDArray[np.object_]:
    """Supplier, destination and available_date with bars between; a bar in a name is escaped."""
    rows = zip(*(ends[name].tolist() for name in ("source", "destination")), strict=True)
    dates = np.datetime_as_string(ends["available_date"]).tolist()
    return text_array(
        f"{_escaped(source)}|{_escaped(destination)}|{date}"
        for (source, destination), date in zip(rows, dates, strict=True)
    )


def _kinds(night: Night, lines: Lines) -> NDArray[np.object_]:
    fast = night.situation.network.lanes.kind[lines.lane] == LaneKind.EXPEDITED
    return np.asarray(np.where(fast, EMERGENCY, REGULAR), object)


def _escaped(name: str) -> str:
    return name.replace("%", "%25").replace("|", "%7C")


def _quantities(night: Night, lines: Lines) -> Table:
    per_case = night.situation.network.items.units_per_case[lines.series]
    return {"units": rounded(lines.units), "cases": rounded(lines.units / per_case)}


def _finished(night: Night, file: str, lines: Lines, table: Table, ends: Table) -> Table:
    """The columns that orders and transfers share, and the rows in their order."""
    count = len(lines.units)
    table = {
        **table,
        "status": np.full(count, "proposed", dtype=object),
        "reason": _reasons(lines),
        "money_at_risk": money(lines.money_at_risk),
        "available": rounded(lines.available),
        "inbound_units": rounded(lines.inbound),
        **{name: rounded(getattr(lines, name), 2) for name in _QUANTITIES},
        "cover_days_before": rounded(lines.cover_before * night.days, 1),
        "cover_days_after": rounded(lines.cover_after * night.days, 1),
        "stockout_date": night.dates_of_steps(lines.stockout_step),
        **_changes(units_by_key(night.previous, file), lines, line_keys(file, table)),
        "planner": night.planners(lines.series),
    }
    table["explanation"] = explanations(night, file == ORDERS, lines, table, ends)
    table["override_cost"] = money(night.override_cost()[lines.series])
    goods = _goods(night, lines)
    table["approval"] = approvals(night.strategies(), lines.series, goods, night.grades)
    sorted_by = ("source", "destination", "available_date", "sku")
    keys = list(zip(*(ends[name].tolist() for name in sorted_by), strict=True))
    if file == TRANSFERS:
        table["kept_back"] = rounded(night.kept_back(lines), 2)
    order = np.array(sorted(range(count), key=keys.__getitem__), np.intp)
    return {name: column[order] for name, column in table.items()}


def _goods(night: Night, lines: Lines) -> NDArray[np.float64]:
    """Value at cost of the goods of each line, also of those that are only moved."""
    cost = night.situation.network.items.unit_cost[lines.series]
    bought = np.where(lines.unit_cost > 0, lines.unit_cost, cost)
    return np.asarray(lines.units * bought, np.float64)


def _reasons(lines: Lines) -> NDArray[np.object_]:
    """Trigger code, then the code of the limit that moved the line, joined by a semicolon."""
    pairs = zip(lines.reason.tolist(), lines.binding.tolist(), strict=True)
    return text_array(f"{trigger};{limit}" if limit else trigger for trigger, limit in pairs)


def _changes(before: dict[Key, float], lines: Lines, keys: list[Key]) -> dict[str, NDArray[Any]]:
    """previous_units and change, against the line of the same ends and kind the night before."""
    previous = np.array([before.get(key, 0.0) for key in keys], np.float64)
    known = np.array([key in before for key in keys], np.bool_)
    step = np.sign(rounded(lines.units) - previous)
    words = np.array(["down", "same", "up"], dtype=object)[step.astype(np.int64) + 1]
    return {"previous_units": previous, "change": np.where(known, words, "new").astype(object)}
