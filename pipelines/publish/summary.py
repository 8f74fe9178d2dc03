"""summary.json: the night in figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.ingest.ingested import Ingested
from pipelines.publish.cells import Table
from pipelines.publish.clearance import ACTS
from pipelines.publish.drift import drift_summary
from pipelines.publish.exceptions import rows_by_code
from pipelines.publish.grades import grade_shares
from pipelines.publish.kpis import Kpi, kpis, supplier_totals
from pipelines.publish.lines import ORDERS, TRANSFERS, dropped_lines
from pipelines.publish.night import Night
from pipelines.publish.slow_stock import slow_shares
from pipelines.publish.staircase import shop_rows
from stockwright.clearance import Act, Clearance
from stockwright.plan import Finding

FILE = "summary.json"
_DIGITS = {"money": 2, "days": 1, "share": 4, "units": 4}

Summary = dict[str, Any]


def summary_of(
    night: Night,
    ingested: Ingested,
    tables: dict[str, Table],
    substitutes: Sequence[Finding],
) -> Summary:
    """What summary.json holds. ``tables``: orders, transfers, exceptions and policy."""
    orders, transfers, exceptions = (tables[n] for n in ("orders", "transfers", "exceptions"))
    figures = kpis(night, orders, transfers)
    rows, stake = rows_by_code(exceptions)
    return {
        "date": night.date,
        "order_date": str(night.situation.order_date),
        "period": night.situation.panel.calendar.period,
        "language": night.texts.language,
        "previous": _date_of(night.previous),
        "keys": night.index.n_series,
        "horizon": night.forecast.horizon,
        "kpis": {name: _kpi(night, figure) for name, figure in figures.items()},
        "orders": _totals(night, ORDERS, orders, "value")
        | {"by_supplier": supplier_totals(orders)},
        "transfers": _totals(night, TRANSFERS, transfers, "freight")
        | {"kept_back": round(float(np.sum(transfers["kept_back"].astype(np.float64))), 2)},
        "clearance": _clearance(night),
        "life": _life(tables["policy"]),
        "grades": grade_shares(night),
        "slow_grades": slow_shares(night),
        "override_cost": round(float(np.nansum(night.override_cost())), 2),
        "staircase": shop_rows(night.stairs),
        "drift": drift_summary(night.situation.drift),
        "exceptions": rows,
        "exceptions_money_at_stake": stake,
        "rejected_rows": len(ingested.rejected),
        "limits": {name: round(float(value), 6) for name, value in night.plan.limits.items()},
        "notes": list(dict.fromkeys([*ingested.notes, *night.situation.notes])),
        "substitutes": [finding.code for finding in substitutes],
    }


def write_summary(path: Path, summary: Summary) -> Path:
    """Write the summary with sorted keys, UTF-8, LF."""
    text = json.dumps(summary, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
    path.write_bytes((text + "\n").encode("utf-8"))
    return path


def _kpi(night: Night, figure: Kpi) -> dict[str, Any]:
    first, last = figure.period
    value = None if figure.value is None else round(float(figure.value), _DIGITS.get(figure.unit))
    target = {} if figure.target is None else {"target": figure.target}
    return target | {
        "value": value,
        "unit": figure.unit,
        "formula": night.texts.of("formulas", figure.formula),
        "period": {"from": str(first), "to": str(last)},
    }


def _life(policy: Table) -> dict[str, Any]:
    """Keys, and SKUs over all their locations, by life stage, and how many break out."""
    first = np.unique(policy["sku"].astype(str), return_index=True)[1]
    counted = {}
    for what, stage, hit in (
        ("keys", policy["life_stage"], policy["hit"]),
        ("skus", policy["life_stage_sku"][first], policy["hit_sku"][first]),
    ):
        names, counts = np.unique(stage.astype(str), return_counts=True)
        stages = dict(zip(names.tolist(), counts.tolist(), strict=True))
        counted[what] = {"stages": stages, "hits": int(np.sum(hit == "yes"))}
    return counted


def _clearance(night: Night) -> dict[str, Any]:
    """Slow items by act, the money that all acts bring, and that of doing nothing."""
    plan = night.plan.clearance or Clearance.none()
    acts, counts = np.unique(plan.act, return_counts=True)
    words = [ACTS[Act(act)] for act in acts.tolist()]
    return {
        "items": len(plan),
        "by_act": dict(zip(words, counts.tolist(), strict=True)),
        "expected_recovery": round(float(plan.recovery.sum()), 2),
        "do_nothing_recovery": round(float(plan.nothing.sum()), 2),
        "discount": round(float(plan.discount.sum()), 2),
    }


def _totals(night: Night, file: str, table: Table, amount: str) -> dict[str, Any]:
    """Lines, units, money and changes of a file of lines."""
    return {
        "lines": len(table["units"]),
        "units": round(float(table["units"].sum()), 4),
        amount: round(float(table[amount].sum()), 2),
        "changes": _changes(night, file, table),
    }


def _changes(night: Night, file: str, table: Table) -> dict[str, int]:
    """Lines by their change since the night before; dropped: had a line then, has none now."""
    counts = {word: int(np.sum(table["change"] == word)) for word in ("new", "up", "down", "same")}
    return counts | {"dropped": dropped_lines(night, file, table)}


def _date_of(folder: Path | None) -> str | None:
    if folder is None or not (folder / FILE).is_file():
        return None
    date: str = json.loads((folder / FILE).read_text("utf-8"))["date"]
    return date
