"""plan.xlsx: the plan for a person."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xlsxwriter
from numpy.typing import NDArray

from pipelines.publish.cells import Table
from pipelines.publish.night import Night
from pipelines.publish.summary import Summary

FILE = "plan.xlsx"
#: Rows that a sheet of this file format holds, less the heading.
MOST_ROWS = 1_048_575
#: Characters that a cell of this file format holds.
_MOST_CHARACTERS = 32_767
_OPTIONS = {
    "constant_memory": True,
    "strings_to_numbers": False,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "default_date_format": "yyyy-mm-dd",
}
_MONEY = (
    *("value", "freight", "money_at_risk", "money_at_stake", "unit_cost", "override_cost"),
    *("price", "new_price", "floor_price", "expected_recovery", "do_nothing_recovery"),
    *("next_best_recovery", "total_recovery"),
)
_WIDTHS = {"explanation": 110, "message": 80, "suggestion": 60, "order_ref": 32, "name": 32}
_CODED = {
    "severity": "severities", "change": "changes", "status": "statuses", "action": "acts",
    "next_best_action": "acts",
}  # fmt: skip


def write_workbook(path: Path, night: Night, summary: Summary, tables: dict[str, Table]) -> Path:
    """Write the summary and a sheet for each kind of rows. The same bytes for one plan.

    Raises OSError where the file cannot be written.
    """
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, _OPTIONS)
    book.set_properties({"created": night.situation.as_of.astype("datetime64[s]").item()})
    _summary_sheet(book, night, summary)
    for name in ("orders", "transfers", "clearance", "exceptions"):
        _table_sheet(book, night, name, _for_people(night, tables[name]))
    book.close()
    path.write_bytes(content.getvalue())
    return path


def _for_people(night: Night, table: Table) -> Table:
    """The table with the SKU's name after its code and coded words in the night's language."""
    catalog, skus = night.situation.catalog, night.index.skus
    names = dict(zip(skus, catalog.sku_name.tolist(), strict=True))
    shown: Table = {}
    for column, values in table.items():
        section = _CODED.get(column)
        words = [night.texts.of(section, word) if section else word for word in values.tolist()]
        shown[column] = np.array(words, dtype=object) if section else values
        if column == "sku":
            shown["name"] = np.array([names.get(sku, "") for sku in values.tolist()], dtype=object)
    return shown


def _table_sheet(book: Any, night: Night, name: str, table: Table) -> None:
    sheet = book.add_worksheet(name)
    heading = book.add_format({"bold": True, "bg_color": "#DDE6F0", "bottom": 1})
    count = len(next(iter(table.values())))
    shown = min(count, MOST_ROWS)
    sheet.freeze_panes(1, 0)
    for place, (column, values) in enumerate(table.items()):
        sheet.set_column(place, place, _width(column), book.add_format(_format(column, values)))
    sheet.autofilter(0, 0, max(shown, 1), len(table) - 1)
    sheet.write_row(0, 0, [night.texts.heading(column) for column in table], heading)
    columns = (_cells(values[:shown]) for values in table.values())
    for row, cells in enumerate(zip(*columns, strict=True), start=1):
        sheet.write_row(row, 0, cells)


def _format(column: str, values: NDArray[Any]) -> dict[str, Any]:
    if values.dtype.kind == "M":
        return {"num_format": "yyyy-mm-dd"}
    if values.dtype.kind == "O":
        return {"num_format": "@"}
    return {"num_format": "#,##0.00" if column in _MONEY else "#,##0.##"}


def _width(column: str) -> int:
    return _WIDTHS.get(column, 14)


def _cells(values: NDArray[Any]) -> list[Any]:
    """Python values for the sheet: None for an empty cell."""
    if values.dtype.kind == "M":
        days = values.astype("datetime64[D]").tolist()
        return [day if isinstance(day, datetime.date) else None for day in days]
    if values.dtype.kind == "O":
        return [text[:_MOST_CHARACTERS] or None for text in values.tolist()]
    finite = np.isfinite(values)
    return [value if known else None for value, known in zip(values.tolist(), finite, strict=True)]


def _summary_sheet(book: Any, night: Night, summary: Summary) -> None:
    sheet = book.add_worksheet("summary")
    bold = book.add_format({"bold": True})
    formats = {unit: book.add_format({"num_format": text}) for unit, text in _NUMBERS.items()}
    for column, width in enumerate((34, 18, 12, 26, 110)):
        sheet.set_column(column, column, width)
    for row, cells in enumerate(_summary_rows(night, summary)):
        unit, values = cells[0], cells[1:]
        sheet.write_row(row, 0, values, bold if unit == "heading" else formats.get(unit))


_NUMBERS = {"money": "#,##0.00", "days": "#,##0.0", "share": "0.0%", "units": "#,##0.##"}


def _summary_rows(night: Night, summary: Summary) -> Iterator[tuple[Any, ...]]:
    """Rows of the summary sheet: how to show the row's numbers, then its cells."""
    texts = night.texts
    title = texts.fill("sections", "title", {"date": summary["date"]})
    yield "heading", title
    yield ("",)
    yield "heading", *(texts.heading(c) for c in ("kpi", "value", "unit", "period", "formula"))
    for name, figure in summary["kpis"].items():
        span = f"{figure['period']['from']} – {figure['period']['to']}"
        unit = figure["unit"]
        label = texts.of("kpis", name)
        yield unit, label, figure["value"], texts.of("units", unit), span, figure["formula"]
    yield ("",)
    yield "heading", texts.of("sections", "orders"), *(texts.heading(c) for c in _ORDER_COLUMNS)
    for supplier, total in summary["orders"]["by_supplier"].items():
        yield "units", supplier, total["value"], total["lines"], total["units"]
    yield ("",)
    headings = (texts.heading("money_at_stake"), texts.heading("rows"))
    yield "heading", texts.of("sections", "exceptions"), *headings
    for code, stake in summary["exceptions_money_at_stake"].items():
        yield "money", code, stake, str(summary["exceptions"][code])
    for section in ("notes", "substitutes"):
        if summary[section]:
            yield ("",)
            yield "heading", texts.of("sections", section)
            yield from (("", note) for note in summary[section])


_ORDER_COLUMNS = ("value", "lines", "units")
