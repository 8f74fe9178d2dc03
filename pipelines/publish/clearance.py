"""The rows of clearance.csv: what is done with slow stock, week by week, and why."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.assemble.clearing_answers import taken_up
from pipelines.publish.cells import Table, cell_texts, money, rounded
from pipelines.publish.night import CLEARANCE, Night, line_ids, text_array
from stockwright.clearance import Act, Clearance
from stockwright.plan import Finding

FILE = "clearance.csv"
_WEEK, _TEN_YEARS = 7, 3650.0
# Acts whose price customers pay, and the share below which two prices are one.
_SOLD, _SAME = ("keep", "mark_down", "promote"), 1e-3
# Acts whose money is what a unit left brings.
_LEFT_OVER = ("liquidate", "scrap")
#: Words of the acts in the files.
ACTS = {act: act.name.lower() for act in Act}
#: Why an item is slow: its end of sale comes first, nothing sells, it lies too long, or it was for
#: an event that is over; or that it is not, and shares the price of slow goods.
ENDS, STUCK, LONG, LEFT = "ENDS_UNSOLD", "NO_DEMAND", "LONG_COVER", "EVENT_OVER"
SHARED = "GROUP_PRICE"


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
    table["explanation"] = _explanations(night, plan, rows, table)
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
    lasting = np.where(plan.event > 0, LEFT, lasting)
    lasting = np.where(plan.ends, ENDS, lasting)
    return np.asarray(np.where(plan.grade == "", SHARED, lasting), object)


def _groups(night: Night, plan: Clearance) -> NDArray[np.object_]:
    """Name of the price group whose price an item takes, lower or as it is, "" for a price of its
    own.
    """
    terms = night.situation.clearing
    if terms is None or not terms.groups:
        return text_array([""] * len(plan))
    names = np.array([*terms.groups, ""], dtype=object)
    code = terms.price_group[plan.series]
    stays = (plan.act == Act.KEEP) & ~np.isin(code, code[plan.common])
    return np.asarray(names[np.where(plan.common | stays, code, -1)], object)


def _explanations(
    night: Night, plan: Clearance, rows: NDArray[np.int64], table: Table
) -> NDArray[np.object_]:
    """One sentence for each row, in the night's language; rows: of the steps."""
    texts, item = night.texts, plan.step_item[rows]
    planned, price = plan.step_planned[rows], plan.step_price[rows]
    columns: dict[str, list[Any]]
    columns = {name: cell_texts(column, guarded=False) for name, column in table.items()}
    totals = {
        "value": money((plan.units * plan.unit_cost)[item]),
        "left": rounded(plan.left[item], 1),
        "cancelled": rounded(plan.cancelled[item]),
        "confidence": rounded(plan.confidence[item], 3),
        "lift": rounded(plan.lift[item], 1),
        "lift_low": rounded(plan.lift_low[item], 1),
        "planned": rounded(np.where(planned < price * (1 - _SAME), planned, np.nan), 2),
        "most": rounded(np.where(np.isfinite(plan.most), plan.most, np.nan)[item]),
    }
    columns |= {name: cell_texts(values) for name, values in totals.items()}
    columns["partner"] = night.skus(plan.partner[item]).tolist()
    columns["group"] = _groups(night, plan)[item].tolist()
    names = ("", *night.situation.panel.covariates.event_names)
    events = [{"event": names[code]} for code in plan.event[item].tolist()]
    reasons = zip(columns["reason"], events, strict=True)
    columns["why"] = [texts.fill("clearance", code, event) for code, event in reasons]
    columns["next_act"] = [texts.of("acts", word) for word in columns["next_best_action"]]
    columns["assumed"] = _assumed(night, plan)[item].tolist()
    columns["answer"] = _answers(night, columns["sku"], columns["location"])
    sentences = (
        _sentence(night, dict(zip(columns, row, strict=True)))
        for row in zip(*columns.values(), strict=True)
    )
    return text_array(sentences)


def _assumed(night: Night, plan: Clearance) -> NDArray[np.bool_]:
    """Whether no table tells what a unit of each item that is left brings, (items,)."""
    terms = night.situation.clearing
    if terms is None:
        return np.ones(len(plan), np.bool_)
    return np.asarray(np.isnan(terms.salvage[plan.series]), np.bool_)


def _answers(night: Night, skus: list[str], locations: list[str]) -> list[str]:
    """What a person said last to a line of an earlier night about each item.

    Who takes up some weeks of a plan and rejects the others has taken it up.
    """
    answers = night.situation.answers
    answers = answers.assign(taken=taken_up(answers))
    answers = answers.sort_values(["night", "taken"], kind="stable")
    names = ("sku", "location", "action", "night", "at", "by", "reason", "status")
    columns = (answers[name].astype(str).where(answers[name].notna(), "") for name in names)
    clauses: dict[tuple[str, str], str] = {}
    for sku, place, act, since, at, by, why, status in zip(*columns, strict=True):
        values = {"act": night.texts.of("acts", act), "night": since[:10], "at": at[:10]}
        values["who"] = night.texts.fill("clearance", "answered_by", {"by": by}) if by else ""
        values["why"] = night.texts.fill("clearance", "answered_why", {"why": why}) if why else ""
        code = "rejected" if status == "rejected" else "accepted"
        clauses[sku, place] = night.texts.fill("clearance", code, values)
    return [clauses.get(key, "") for key in zip(skus, locations, strict=True)]


def _sentence(night: Night, row: dict[str, Any]) -> str:
    """The clauses that apply to one row, put together."""
    clauses = ["stuck" if row["slow_grade"] else "shared"]
    if row["age_days"]:
        clauses.append("since")
    if row["group"]:
        clauses.append("stays" if row["action"] == ACTS[Act.KEEP] else "together")
    same = row["new_price"] == row["price"]
    row["instead"] = "" if same else night.texts.fill("clearance", "instead", row)
    waits = row["action"] == ACTS[Act.MARK_DOWN] and same
    over = row["action"] == ACTS[Act.KEEP] and not row["new_price"]
    clauses.append("over" if over else "later" if waits else row["action"])
    if row["planned"] and row["action"] in _SOLD:
        clauses.append("planned")
    clauses.append("recovers")
    taken = (row["action"], row["total_recovery"])
    if (row["next_best_action"], row["next_best_recovery"]) != taken:
        clauses.append("next")
    if row["assumed"] and (row["action"] in _LEFT_OVER or float(row["left"]) > 0):
        clauses.append("assumed")
    if float(row["cancelled"]) > 0:
        clauses.append("cancels")
    if row["most"]:
        clauses.append("held" if row["most"] == "0" else "limited")
        if row["action"] != ACTS[Act.KEEP]:
            clauses.append("allowed")
    text = "".join(night.texts.fill("clearance", clause, row) for clause in clauses)
    return text + str(row["answer"]) + night.texts.of("line", "end")


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
