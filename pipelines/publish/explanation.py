"""The sentence that says in numbers why a line is what it is.

Every number stands in the sentence as it stands in the line's own columns, or, for the lead
time, review, level and target, in the key's row of policy.csv. What is built up for later and what
shelf life takes away stands in the sentence alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.publish.cells import Table, cell_texts, rounded
from pipelines.publish.night import Night, text_array
from replenishment.limits.trucks import RAISED_TO_TRUCK
from replenishment.lines.rows import RAISED_TO_MINIMUM
from stockwright.plan import Lines

Row = dict[str, Any]
#: order_kind of a line on an expedited lane, and of any other.
EMERGENCY, REGULAR = "emergency", "regular"
# Units below which demand taken over is not told.
_LEAST_TAKEN = 0.05


def explanations(
    night: Night, orders: bool, lines: Lines, table: Table, ends: Table
) -> NDArray[np.object_]:
    """One sentence for each line, in the night's language."""
    columns: dict[str, list[Any]]
    columns = {name: cell_texts(column, guarded=False) for name, column in table.items()}
    columns |= {name: cell_texts(column, guarded=False) for name, column in ends.items()}
    columns |= _policy_numbers(night, lines)
    columns |= _help_numbers(night, lines)
    columns["kept_back"] = cell_texts(rounded(night.kept_back(lines), 2))
    columns["trigger"] = [night.texts.of("reasons", code) for code in lines.reason.tolist()]
    columns["limit"] = [night.texts.of("limits", code) for code in lines.binding.tolist()]
    raised = (lines.binding == RAISED_TO_MINIMUM) | (lines.binding == RAISED_TO_TRUCK)
    columns["raised"] = raised.tolist()
    added = columns["rounding_added"]
    columns["rounding_less"] = [text[1:] if text.startswith("-") else "" for text in added]
    regular = night.situation.network.lanes.available_date[night.plan.policy.lane[lines.series]]
    columns["regular_date"] = cell_texts(np.asarray(regular, "datetime64[D]"), guarded=False)
    columns |= _times(night, lines)
    columns["feeds"] = night.feeds()[lines.series].tolist()
    columns["history"] = _histories(night, ends)
    rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    return text_array(_sentence(night, orders, row) for row in rows)


def _policy_numbers(night: Night, lines: Lines) -> dict[str, list[str]]:
    policy, series = night.plan.policy, lines.series
    share = night.situation.network.lanes.good_share[lines.lane]
    way_down = policy.protection - policy.lead_time - policy.review
    numbers = {
        "stock_at_arrival": lines.stock_at_arrival,
        "target": lines.target,
        "lead_time_days": policy.lead_time[series] * night.days,
        "review_days": policy.review[series] * night.days,
        "protection_days": policy.protection[series] * night.days,
        "way_down_days": np.maximum(way_down, 0)[series] * night.days,
    }
    costs = cell_texts(rounded(night.override_cost()[series], 2))
    shares = {"service_level": policy.service_level[series], "good_share": share}
    texts = {name: cell_texts(rounded(values)) for name, values in shares.items()}
    return (
        texts
        | {"override_cost": costs}
        | {name: cell_texts(rounded(values, 2)) for name, values in numbers.items()}
    )


def _help_numbers(night: Night, lines: Lines) -> dict[str, list[str]]:
    """What help changes for each line; empty texts where nothing."""
    said, series = night.plan.help, lines.series
    if said is None:
        return dict.fromkeys(("helped_price", "full_price", "taken"), [""] * len(series))
    full = night.situation.network.items.shortage_cost[series]
    numbers = {
        "helped_price": np.where(
            said.shortage[series] <= full - 0.005, said.shortage[series], np.nan
        ),
        "full_price": full,
        "taken": np.where(said.taken[series] >= _LEAST_TAKEN, said.taken[series], np.nan),
    }
    return {name: cell_texts(rounded(values, 2)) for name, values in numbers.items()}


def _times(night: Night, lines: Lines) -> dict[str, list[str]]:
    """What a line has for later and what it lacks for its shelf life, and the dates of both."""
    life = night.situation.network.items.shelf_life[lines.series]
    kept = np.where(np.isfinite(life), life, 0.0).astype(np.int64)
    first = np.asarray(night.situation.network.lanes.available_date[lines.lane], "datetime64[D]")
    dates = {"ahead_date": night.dates_of_steps(lines.ahead_step)}
    dates |= {"sold_until": first + np.maximum(kept * night.days - 1, 0).astype("timedelta64[D]")}
    units = {"ahead": lines.ahead, "shelf_cut": lines.shelf_cut}
    texts = {name: cell_texts(rounded(values, 2)) for name, values in units.items()}
    return texts | {name: cell_texts(values, guarded=False) for name, values in dates.items()}


def _sentence(night: Night, orders: bool, row: Row) -> str:
    """The clauses that apply to one line, put together."""
    clauses = ["order" if orders else "transfer", "demand", "need"]
    if row.get("order_kind") == EMERGENCY:
        clauses[:2] = ["emergency", "gap"]
    if row["feeds"]:
        clauses.insert(1, "echelon")
    kept = float(row["kept_back"])
    if float(row["target"]) + kept < float(row["demand_bought"]):
        clauses.insert(-1, "lost")
    if kept > 0:
        clauses.insert(-1, "kept")
    if row["taken"]:
        clauses.insert(-1, "taken")
    if row["helped_price"] and row.get("order_kind") != EMERGENCY:
        clauses.append("helped")
    if row["ahead"] != "0":
        clauses.append("ahead")
    if row["shelf_cut"] != "0":
        clauses.append("perishes")
    if row["yield_added"] != "0":
        clauses.append("yield")
    if row["rounding_added"] != "0":
        clauses.append("rounding_down" if row["rounding_less"] else "rounding")
    if row["raised"]:
        clauses.append("raised")
    elif row["limit"]:
        clauses.append("cut" if row["limit_cut"] != "0" else "bound")
    clauses += ["result_order" if orders else "result_transfer", "money"]
    if float(row["override_cost"] or 0) > 0:
        clauses.append("override")
    row = row | {
        name: row[name] or night.texts.of("line", "beyond")
        for name in ("cover_days_before", "cover_days_after")
    }
    text = "".join(night.texts.fill("line", clause, row) for clause in clauses)
    return text + str(row["history"]) + night.texts.of("line", "end")


def _histories(night: Night, ends: Table) -> list[str]:
    """What a person said to the line of an earlier night for the same SKU and destination."""
    decisions = night.situation.previous_decisions
    turned_down = decisions[decisions["status"].astype(str) == "rejected"]
    names = ("sku", "destination", "at", "by", "reason")
    columns = [turned_down[name].astype(str).where(turned_down[name].notna(), "") for name in names]
    clauses: dict[tuple[str, str], str] = {}
    for sku, destination, at, by, reason in zip(*(c.tolist() for c in columns), strict=True):
        values = {"at": at[:10], "by": by, "reason": reason}
        clauses[sku, destination] = night.texts.fill("line", "rejected", values)
    keys = zip(ends["sku"].tolist(), ends["destination"].tolist(), strict=True)
    return [clauses.get(key, "") for key in keys]
