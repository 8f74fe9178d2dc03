"""plan.xlsx is made for a person."""

from __future__ import annotations

import zipfile

import openpyxl
import pytest

from pipelines.publish.cells import numbers_of, read_csv


@pytest.fixture
def book(publish):
    return openpyxl.load_workbook(publish() / "plan.xlsx")


def _column(sheet, heading):
    place = [cell.value for cell in sheet[1]].index(heading)
    return [row[place] for row in sheet.iter_rows(min_row=2)]


def test_sheets_have_frozen_headings_and_filters(book) -> None:
    assert book.sheetnames == ["summary", "orders", "transfers", "clearance", "exceptions"]
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref.startswith("A1:")


def test_no_cell_is_a_formula_or_a_link(publish, book) -> None:
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    with zipfile.ZipFile(publish() / "plan.xlsx") as parts:
        assert not any("hyperlink" in name or "_rels/sheet" in name for name in parts.namelist())


def test_names_that_look_like_formulas_stay_as_they_are(book) -> None:
    assert _column(book["orders"], "SKU")[2].value == "=cmd()"
    assert _column(book["orders"], "Name")[2].value == "=1+1"
    assert _column(book["orders"], "Supplier")[0].value == "+86 厂|A"


def test_numbers_and_dates_are_numbers_and_dates(publish, book) -> None:
    sheet, table = book["orders"], read_csv(publish() / "orders.csv")
    values = _column(sheet, "Value")
    assert [cell.value for cell in values] == numbers_of(table["value"]).tolist()
    assert values[0].number_format == "#,##0.00"
    assert all(cell.is_date for cell in _column(sheet, "Order date"))


def test_the_summary_sheet_shows_the_figures_and_the_notes(book) -> None:
    texts = [row[0].value for row in book["summary"].iter_rows()]
    for text in ("Plan of the night of 2026-11-21", "Sell-through", "+86 厂|A", "Notes"):
        assert text in texts


def test_a_workbook_that_cannot_be_written_is_a_fault_of_the_system(publish, tmp_path) -> None:
    (tmp_path / "run" / "plan.xlsx").mkdir(parents=True)
    with pytest.raises(OSError, match=r"plan\.xlsx"):
        publish()
