"""Read the files of a run back and hold them against one another before they are published."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.assemble.situation import Situation
from pipelines.publish import (
    clearance,
    drift,
    exceptions,
    forecasts,
    lines,
    summary,
    supplier_forecast,
    suppliers,
    watching,
    workbook,
)
from pipelines.publish.cells import numbers_of, read_csv
from pipelines.publish.explanation import EMERGENCY, REGULAR
from stockwright.errors import describe
from stockwright.network import LaneKind

Columns = dict[str, list[str]]
FILES = (
    lines.ORDERS,
    lines.TRANSFERS,
    clearance.FILE,
    "policy.csv",
    "policy.parquet",
    forecasts.FILE,
    suppliers.FILE,
    supplier_forecast.FILE,
    exceptions.FILE,
    watching.FILE,
    "rejected_rows.csv",
    workbook.FILE,
    summary.FILE,
)
#: Half a cent for each rounded factor and product.
_CENT = 0.011
#: Of a sum: what double precision loses where money goes beyond a million millions.
_ROUNDING = 1e-12


def audit(folder: Path, situation: Situation | None = None) -> list[str]:
    """Every way in which the files of ``folder`` disagree; an empty list for a sound run.

    With the ``situation``, units are also held against the multiples of their lanes.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        return [describe("files of the run that are missing", missing, "write the run again")]
    tables = {name: read_csv(folder / name) for name in FILES if name.endswith(".csv")}
    figures = json.loads((folder / summary.FILE).read_text("utf-8"))
    problems = [
        *_line_problems(tables),
        *_summary_problems(tables, figures),
        *_clearance_problems(tables[clearance.FILE]),
        *_policy_problems(folder, tables, figures),
        *_supplier_problems(tables),
        *_workbook_problems(folder, tables),
        *drift.drift_problems(tables[watching.FILE], figures["drift"]),
    ]
    if situation is not None:
        for file in (lines.ORDERS, lines.TRANSFERS):
            problems += _multiple_problems(file, tables[file], situation)
    return problems


def _line_problems(tables: dict[str, Columns]) -> Iterator[str]:
    """Unique names, keys that the policy knows, units above 0 and values that multiply out."""
    known = set(zip(tables["policy.csv"]["sku"], tables["policy.csv"]["location"], strict=True))
    for file in (lines.ORDERS, lines.TRANSFERS):
        table = tables[file]
        yield from _repeated(file, table["line_id"])
        keys = list(zip(table["sku"], table["destination"], strict=True))
        yield from _named(f"{file}: lines for a key that is not in policy.csv", keys, known)
        positive = numbers_of(table["units"]) > 0
        yield from _rows(f"{file}: lines without units above 0", table["line_id"], ~positive)
    orders = tables[lines.ORDERS]
    yield from _repeated(exceptions.FILE, tables[exceptions.FILE]["exception_id"])
    units, cost, value = (numbers_of(orders[name]) for name in ("units", "unit_cost", "value"))
    slack = _CENT + units * 1e-4 + value * _ROUNDING
    wrong = np.abs(units * cost - value) > slack
    yield from _rows("orders.csv: value is not units x unit_cost", orders["line_id"], wrong)
    line_ids = {*orders["line_id"], *tables[lines.TRANSFERS]["line_id"], ""}
    named = tables[exceptions.FILE]["line_id"]
    yield from _named("exceptions.csv: line_id of no line", named, line_ids)


def _summary_problems(tables: dict[str, Columns], figures: dict[str, Any]) -> Iterator[str]:
    """The sums of summary.json against the rows of the files."""
    for name, file, amount in (
        ("orders", lines.ORDERS, "value"),
        ("transfers", lines.TRANSFERS, "freight"),
    ):
        table, said = tables[file], figures[name]
        yield from _differs(f"lines of {file}", len(table["units"]), said["lines"])
        yield from _differs(f"units of {file}", numbers_of(table["units"]).sum(), said["units"])
        yield from _differs(f"{amount} of {file}", numbers_of(table[amount]).sum(), said[amount])
        changed = sum(count for word, count in said["changes"].items() if word != "dropped")
        yield from _differs(f"changes of {file}", len(table["units"]), changed)
    by_supplier = figures["orders"]["by_supplier"].values()
    bought = sum(each["value"] for each in by_supplier)
    yield from _differs("orders by supplier", figures["orders"]["value"], bought)
    codes, rows = np.unique(np.array(tables[exceptions.FILE]["code"], str), return_counts=True)
    counted = dict(zip(codes.tolist(), rows.tolist(), strict=True))
    if counted != figures["exceptions"]:
        yield f"summary.json counts exceptions otherwise than exceptions.csv, which has {counted}"
    stake = numbers_of(tables[exceptions.FILE]["money_at_stake"]).sum()
    said = sum(figures["exceptions_money_at_stake"].values())
    yield from _differs("money at stake of exceptions.csv", stake, said)
    rejected = len(tables["rejected_rows.csv"]["row"])
    yield from _differs("rows of rejected_rows.csv", rejected, figures["rejected_rows"])


def _policy_problems(
    folder: Path, tables: dict[str, Columns], figures: dict[str, Any]
) -> Iterator[str]:
    """Both policy files hold the same keys once, and the forecast every step of each."""
    policy = tables["policy.csv"]
    keys = [
        f"{sku} at {place}" for sku, place in zip(policy["sku"], policy["location"], strict=True)
    ]
    yield from _repeated("policy.csv", keys)
    parquet = pq.read_table(folder / "policy.parquet")
    for name in ("sku", "location", "decision"):
        if parquet[name].to_pylist() != policy[name]:
            yield f"policy.csv and policy.parquet differ in {name}"
    for name in ("order_up_to", "demand_mean", "service_level"):
        other = pc.fill_null(parquet[name], np.nan).to_numpy()
        if not np.array_equal(numbers_of(policy[name]), other, equal_nan=True):
            yield f"policy.csv and policy.parquet differ in {name}"
    rows = pq.ParquetFile(folder / forecasts.FILE).metadata.num_rows
    yield from _differs("rows of forecasts.parquet", rows, len(keys) * figures["horizon"])
    yield from _differs("keys of policy.csv", len(keys), figures["keys"])
    yield from _forecast_problems(folder, policy, figures["horizon"])


def _supplier_problems(tables: dict[str, Columns]) -> Iterator[str]:
    """Suppliers once each, shares in [0, 1], and every ordered unit in the suppliers' forecast."""
    table, ahead, orders = (
        tables[name] for name in (suppliers.FILE, supplier_forecast.FILE, lines.ORDERS)
    )
    yield from _repeated(suppliers.FILE, table["supplier"])
    yield from _named(
        f"{lines.ORDERS}: unknown suppliers", orders["supplier"], {*table["supplier"]}
    )
    for name in ("on_time_share", "reject_rate"):
        share = numbers_of(table[name])
        wrong = ~(np.isnan(share) | ((share >= 0) & (share <= 1)))
        yield from _rows(f"{suppliers.FILE}: {name} outside 0 to 1", table["supplier"], wrong)
    keys = list(zip(*(ahead[name] for name in supplier_forecast.KEY), strict=True))
    yield from _repeated(supplier_forecast.FILE, [" ".join(key) for key in keys])
    units = [numbers_of(ahead[f"{kind}_units"]) for kind in ("firm", "forecast", "upper")]
    negative = np.any([each < 0 for each in units], axis=0)
    yield from _rows(f"{supplier_forecast.FILE}: units below 0", ahead["sku"], negative)
    firm, bought = units[0].sum(), numbers_of(orders["units"]).sum()
    if firm < bought - _CENT - abs(bought) * _ROUNDING:
        yield f"{supplier_forecast.FILE}: {firm} firm units, {lines.ORDERS} orders {bought}"


def _forecast_problems(folder: Path, policy: Columns, horizon: int) -> Iterator[str]:
    """The forecast's keys are the policy's, in the same order, and its numbers are sound."""
    file = pq.ParquetFile(folder / forecasts.FILE)
    first = 0
    for group in range(file.num_row_groups):
        rows = file.read_row_group(group, columns=["sku", "location", "mean", "q50", "q99"])
        heads = pa.array(np.arange(0, len(rows), horizon))
        stop = first + len(heads)
        for name in ("sku", "location"):
            if rows[name].take(heads).to_pylist() != policy[name][first:stop]:
                yield f"forecasts.parquet has other {name} values than policy.csv"
        low, middle, high = (rows[name].to_numpy() for name in ("mean", "q50", "q99"))
        if not ((low >= 0) & (middle >= 0) & (middle <= high)).all():
            yield "forecasts.parquet has negative or missing demand, or quantiles that fall"
        first = stop


def _clearance_problems(table: Columns) -> Iterator[str]:
    """Every line has a name of its own, no price rises, and none is below its floor."""
    yield from _repeated(clearance.FILE, table["line_id"])
    price, floor = numbers_of(table["new_price"]), numbers_of(table["floor_price"])
    priced = np.isin(table["action"], ("mark_down", "promote", "bundle"))
    low = priced & (price < np.minimum(floor, numbers_of(table["price"])) - _CENT)
    yield from _rows(f"{clearance.FILE}: prices below their floor", table["line_id"], low)
    keys = list(zip(table["sku"], table["location"], strict=True))
    again = np.array([a == b for a, b in zip(keys[1:], keys, strict=False)], np.bool_)
    up = np.append(False, again & (np.diff(price) > _CENT)) & priced
    yield from _rows(f"{clearance.FILE}: prices that rise", table["line_id"], up)


def _workbook_problems(folder: Path, tables: dict[str, Columns]) -> Iterator[str]:
    """plan.xlsx has the same lines and exceptions in the same order."""
    files = (lines.ORDERS, lines.TRANSFERS, clearance.FILE, exceptions.FILE)
    with zipfile.ZipFile(folder / workbook.FILE) as book:
        for number, file in enumerate(files, start=2):
            content = book.read(f"xl/worksheets/sheet{number}.xml").decode("utf-8")
            cells = re.findall(r'<c r="A\d+"[^>]*><is><t[^>]*>([^<]*)</t>', content)[1:]
            first = next(iter(tables[file].values()))[: workbook.MOST_ROWS]
            if [unescape(cell) for cell in cells] != first:
                yield f"plan.xlsx and {file} list different rows"


def _multiple_problems(file: str, table: Columns, situation: Situation) -> Iterator[str]:
    """Units are whole multiples of what the lane sells by."""
    lanes, index = situation.network.lanes, situation.panel.index
    names = zip(
        situation.lane_sources().tolist(),
        index.location_names()[lanes.series].tolist(),
        index.sku_names()[lanes.series].tolist(),
        np.where(lanes.kind == LaneKind.EXPEDITED, EMERGENCY, REGULAR).tolist(),
        strict=True,
    )
    multiple = dict(zip(names, lanes.multiple.tolist(), strict=True))
    keys = lines.line_keys(file, table)
    per_line = np.array([multiple.get(key, np.nan) for key in keys], np.float64)
    lots = numbers_of(table["units"]) / per_line
    wrong = ~(np.abs(lots - np.round(lots)) < 1e-6)
    yield from _rows(f"{file}: units that are no multiple of their lane's", table["line_id"], wrong)


def _repeated(file: str, names: list[str]) -> Iterator[str]:
    unique, counts = np.unique(np.array(names, str), return_counts=True)
    twice = unique[counts > 1].tolist()
    if twice:
        yield describe(f"{file}: rows that occur more than once", twice, "each must be unique")


def _named(what: str, names: list[Any], known: set[Any]) -> Iterator[str]:
    strange = [name for name in names if name not in known]
    if strange:
        yield describe(what, strange, "the files of one run must agree")


def _rows(what: str, names: list[str], wrong: NDArray[np.bool_]) -> Iterator[str]:
    if wrong.any():
        cases = [names[row] for row in np.flatnonzero(wrong)]
        yield describe(what, cases, "the files of one run must agree")


def _differs(what: str, counted: float, said: float) -> Iterator[str]:
    if abs(float(counted) - float(said)) > _CENT + abs(float(said)) * _ROUNDING:
        yield f"{what}: the file has {counted}, summary.json says {said}"
