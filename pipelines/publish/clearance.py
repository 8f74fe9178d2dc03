"""The rows of clearance.csv: what is done with slow stock, week by week, and why."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.publish.cells import Table, cell_texts, money, rounded
from pipelines.publish.night import CLEARANCE, Night, line_ids, text_array
from stockwright.clearance import Act, Clearance
from stockwright.plan import Finding

FILE = "clearance.csv"
_WEEK, _TEN_YEARS = 7, 3650.0
#: Words of the acts in the files.
ACTS = {act: act.name.lower() for act in Act}
#: Why an item is slow: its end of sale comes first, nothing sells, or it lies too long; or that it
#: is not, and shares the price of slow goods.
ENDS, STUCK, LONG, SHARED = "ENDS_UNSOLD", "NO_DEMAND", "LONG_COVER", "GROUP_PRICE"


def clearance_table(night: Night) -> Table:
    """clearance.csv: by item, most urgent and most money first, then by week.

    What is kept has one row for all its weeks. The location is empty where one price holds for all
    of them.
    """
    plan = night.plan.clearance or Clearance.none()
    rows = _shown(plan)
    item, first = plan.step_item[rows], plan.step[rows]
    kept = plan.act[item] == Act.KEEP
    start = night.situation.order_date + ((first - 1) * _WEEK).astype("timedelta64[D]")
    weeks = np.where(kept, np.bincount(plan.step_item, minlength=len(plan))[item], 1)
    units, recovery = (_summed(plan, rows, name) for name in ("step_units", "step_recovery"))
    lost = np.where(kept, plan.nothing[item], recovery)
    price = plan.step_price[rows]
    table: Table = {
        "line_id": _ids(night, plan, item, start),
        "sku": night.skus(plan.series[item]),
        "location": night.locations(_place(plan, item)),
        "slow_grade": plan.grade[item],
        "action": _words(plan.act[item]),
        "channel": plan.channel[item],
        "step": first,
        "start": start,
        "end": start + (weeks * _WEEK - 1).astype("timedelta64[D]"),
        "stock_units": rounded(plan.units[item]),
        "age_days": rounded(plan.age_days[item], 1),
        "cover_days": rounded(_cover(plan)[item], 1),
        "unit_cost": rounded(plan.unit_cost[item]),
        "price": rounded(plan.price[item]),
        "new_price": rounded(price),
        "discount_off": rounded(np.maximum(1 - price / plan.price[item], 0.0)),
        "floor_price": rounded(np.where(plan.floor[item] > 0, plan.floor[item], np.nan)),
        "expected_units": rounded(units, 2),
        "expected_recovery": money(lost),
        "do_nothing_recovery": money(plan.nothing[item]),
        "next_best_action": _words(plan.next_act[item]),
        "next_best_recovery": money(plan.next_recovery[item]),
        "reason": _reasons(plan)[item],
        "total_recovery": money(plan.recovery[item]),
        "planner": night.planners(plan.series[item]),
    }
    table["explanation"] = _explanations(night, plan, item, table)
    return table


def _shown(plan: Clearance) -> NDArray[np.int64]:
    """Rows of the steps, in the order of the file."""
    kept = plan.act[plan.step_item] == Act.KEEP
    rows = np.flatnonzero(~kept | (plan.step == 1))
    item = plan.step_item[rows]
    stake = plan.units * plan.unit_cost
    urgency = np.array(
        [("SABC".index(each) if each else 4) for each in plan.grade.tolist()], np.int64
    )
    order = np.lexsort((plan.step[rows], plan.series[item], -stake[item], urgency[item]))
    return np.asarray(rows[order], np.int64)


def _summed(plan: Clearance, rows: NDArray[np.int64], name: str) -> NDArray[np.float64]:
    """A figure of the steps; of what is kept, of all its weeks."""
    values, item = getattr(plan, name), plan.step_item
    whole = np.bincount(item, values, len(plan))
    kept = plan.act[item[rows]] == Act.KEEP
    return np.asarray(np.where(kept, whole[item[rows]], values[rows]), np.float64)


def _ids(
    night: Night, plan: Clearance, item: NDArray[np.int64], start: NDArray[np.datetime64]
) -> NDArray[np.object_]:
    series = plan.series[item]
    places = night.locations(_place(plan, item))
    names = (night.skus(series), places, _words(plan.act[item]))
    ends = (plan.channel[item], np.datetime_as_string(start.astype("datetime64[D]")))
    return line_ids(night, CLEARANCE, *(each.tolist() for each in (*names, *ends)))


def _cover(plan: Clearance) -> NDArray[np.float64]:
    """Days of cover; beyond ten years nothing sells."""
    return np.asarray(np.where(plan.cover_days > _TEN_YEARS, np.inf, plan.cover_days), np.float64)


def _place(plan: Clearance, item: NDArray[np.int64]) -> NDArray[np.int64]:
    """Series whose location a row names; -1, which has none, for a whole SKU."""
    return np.asarray(np.where(plan.whole, -1, plan.series[item]), np.int64)


def _words(acts: NDArray[Any]) -> NDArray[np.object_]:
    return text_array(ACTS[Act(each)] for each in acts.tolist())


def _reasons(plan: Clearance) -> NDArray[np.object_]:
    lasting = np.where(np.isfinite(_cover(plan)), LONG, STUCK)
    lasting = np.where(plan.ends, ENDS, lasting)
    return np.asarray(np.where(plan.grade == "", SHARED, lasting), object)


def _groups(night: Night, plan: Clearance) -> NDArray[np.object_]:
    """Name of the price group whose price an item takes, "" for a price of its own."""
    terms = night.situation.clearing
    if terms is None or not plan.common.any():
        return text_array([""] * len(plan))
    names = np.array([*terms.groups, ""], dtype=object)
    code = np.where(plan.common, terms.price_group[plan.series], -1)
    return np.asarray(names[code], object)


def _explanations(
    night: Night, plan: Clearance, item: NDArray[np.int64], table: Table
) -> NDArray[np.object_]:
    """One sentence for each row, in the night's language."""
    texts = night.texts
    columns: dict[str, list[Any]]
    columns = {name: cell_texts(column, guarded=False) for name, column in table.items()}
    totals = {
        "value": money((plan.units * plan.unit_cost)[item]),
        "left": rounded(plan.left[item], 1),
        "cancelled": rounded(plan.cancelled[item]),
        "confidence": rounded(plan.confidence[item], 3),
        "lift": rounded(plan.lift[item], 1),
        "lift_low": rounded(plan.lift_low[item], 1),
    }
    columns |= {name: cell_texts(values) for name, values in totals.items()}
    columns["partner"] = night.skus(plan.partner[item]).tolist()
    columns["group"] = _groups(night, plan)[item].tolist()
    columns["why"] = [texts.of("clearance", code) for code in columns["reason"]]
    columns["next_act"] = [texts.of("acts", word) for word in columns["next_best_action"]]
    rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    return text_array(_sentence(night, row) for row in rows)


def _sentence(night: Night, row: dict[str, Any]) -> str:
    """The clauses that apply to one row, put together."""
    clauses = ["stuck" if row["slow_grade"] else "shared"]
    if row["age_days"]:
        clauses.append("since")
    if row["group"]:
        clauses.append("together")
    waits = row["action"] == ACTS[Act.MARK_DOWN] and row["new_price"] == row["price"]
    clauses += ["later" if waits else row["action"], "recovers"]
    taken = (row["action"], row["total_recovery"])
    if (row["next_best_action"], row["next_best_recovery"]) != taken:
        clauses.append("next")
    if float(row["cancelled"]) > 0:
        clauses.append("cancels")
    text = "".join(night.texts.fill("clearance", clause, row) for clause in clauses)
    return text + night.texts.of("line", "end")


def still_ordered(night: Night) -> list[Finding]:
    """CLEARED_STILL_ORDERED: units on order of what is cleared. Money: their cost."""
    plan = night.plan.clearance or Clearance.none()
    return [
        Finding(
            "CLEARED_STILL_ORDERED",
            "medium",
            int(plan.series[item]),
            float(plan.cancelled[item] * plan.unit_cost[item]),
            {"units": float(plan.cancelled[item]), "act": ACTS[Act(plan.act[item])]},
        )
        for item in np.flatnonzero(plan.cancelled > 0).tolist()
    ]
