"""What became of the lines of earlier nights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.demand import days_of
from pipelines.assemble.keys import Ints, Keys
from pipelines.assemble.notices import findings_of
from stockwright.calendar import Dates
from stockwright.plan import Finding

EARLIER_COLUMNS = ("line_id", "sku", "destination", "source", "units", "available_date", "kind")
DECISION_COLUMNS = (
    "line_id", "sku", "destination", "kind", "status", "units", "by", "at", "reason",
)  # fmt: skip


@dataclass(frozen=True)
class Promised:
    """Approved lines that no inbound row carries yet, all (lines,).

    series: destination. source: series that gives the stock of a transfer, -1 otherwise.
    supplier: name of whom an order goes to, of the source otherwise.
    """

    series: Ints
    source: Ints
    supplier: NDArray[np.object_]
    units: NDArray[np.float64]
    available: Dates
    findings: tuple[Finding, ...]


def earlier_lines_frame(lines: pd.DataFrame | None) -> pd.DataFrame:
    """``lines`` with every column of EARLIER_COLUMNS and one row for each line, the last one."""
    if lines is None:
        lines = pd.DataFrame(columns=EARLIER_COLUMNS)
    frame = lines.reindex(columns=list(EARLIER_COLUMNS)).drop_duplicates("line_id", keep="last")
    for name in ("line_id", "sku", "destination", "source", "kind"):
        frame[name] = frame[name].astype(object).where(frame[name].notna(), "")
    frame["available_date"] = pd.to_datetime(frame["available_date"])
    return frame.astype({"units": np.float64}).reset_index(drop=True)


def decided(plan_status: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """The last decision on each line, joined with the line; columns of both, ``planned`` units.

    Lines that no earlier plan has keep "" for their key.
    """
    last = plan_status.sort_values("at", kind="stable", na_position="first")
    last = last.drop_duplicates("line_id", keep="last")
    last = last.astype({"line_id": object}).rename(columns={"units": "decided"})
    joined = last.merge(earlier.rename(columns={"units": "planned"}), on="line_id", how="left")
    for name in ("sku", "destination", "source", "kind"):
        joined[name] = joined[name].astype(object).where(joined[name].notna(), "")
    joined["units"] = joined["decided"].where(joined["decided"].notna(), joined["planned"])
    return joined


def promised(
    joined: pd.DataFrame, inbound: pd.DataFrame, keys: Keys, as_of: np.datetime64
) -> Promised:
    """Accepted, changed and ordered lines not yet in ``inbound``, still to come after ``as_of``.

    A line is in ``inbound`` when a row that is no draft carries its line_id, or its ERP order
    number for the same SKU and destination. A line whose available date has passed without being
    seen there no longer counts (PLAN_LINE_LAPSED); one of no earlier plan cannot
    (UNKNOWN_PLAN_LINE).
    """
    approved = joined[joined["status"].isin(["accepted", "changed", "ordered"])]
    waiting = approved[~_in_inbound(approved, inbound)]
    series = keys.series(waiting, "destination")
    available = days_of(waiting["available_date"])
    unknown = (waiting["sku"] == "").to_numpy(dtype=bool) | np.isnat(available)
    lapsed = ~unknown & (available <= as_of)
    units = waiting["units"].to_numpy(np.float64)
    names = waiting["line_id"].to_numpy(object)
    counts = ~unknown & ~lapsed & (series >= 0) & (units > 0)
    found = [
        *findings_of("UNKNOWN_PLAN_LINE", "low", series[unknown], line_id=names[unknown]),
        *findings_of(
            "PLAN_LINE_LAPSED", "medium", series[lapsed],
            line_id=names[lapsed], units=units[lapsed], date=available[lapsed],
        ),
    ]  # fmt: skip
    transfer = (waiting["kind"] == "transfer").to_numpy(dtype=bool)
    source = np.where(transfer, keys.series(waiting, "source"), -1)
    return Promised(
        series[counts], source[counts], waiting["source"].to_numpy(object)[counts],
        units[counts], available[counts], tuple(found),
    )  # fmt: skip


def _in_inbound(lines: pd.DataFrame, inbound: pd.DataFrame) -> NDArray[np.bool_]:
    firm = inbound[inbound["status"] != "draft"]
    carried = lines["line_id"].isin(set(firm["plan_line_id"].astype(object)) - {""})
    names = ["order_id", "sku", "destination"]
    orders = pd.MultiIndex.from_frame(firm[names].astype(object))
    own = pd.MultiIndex.from_arrays(
        [lines[name].astype(object) for name in ("erp_order_no", "sku", "destination")]
    )
    numbered = (lines["erp_order_no"] != "").to_numpy(dtype=bool)
    found: NDArray[np.bool_] = carried.to_numpy(dtype=bool) | (numbered & own.isin(orders))
    return found
