"""Cells as they are written and read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.publish.cells import guard, number_texts, numbers_of, read_csv, unguard, write_csv

# A spreadsheet reads a cell as a formula by its first character (OWASP, "CSV Injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@given(st.text(alphabet="'=+-@\t\r\n＝a1 ", max_size=6))
def test_a_guarded_text_starts_no_formula_and_comes_back_as_it_was(text: str) -> None:
    guarded = guard(text)
    assert not guarded.startswith(FORMULA_STARTS)
    assert unguard(guarded) == text


@given(st.lists(st.floats(-1e15, 1e15).map(lambda x: round(x, 4)), min_size=1))
def test_a_number_is_written_plainly_and_comes_back_as_it_was(values: list[float]) -> None:
    texts = number_texts(np.array(values))
    assert not any("e" in text or text.endswith(".0") for text in texts)
    read = numbers_of(texts)
    assert read == pytest.approx(values, rel=1e-12, abs=1e-4)


def test_an_empty_cell_stands_for_no_number() -> None:
    assert number_texts(np.array([np.nan, np.inf, -0.0, 3.0])) == ["", "", "0", "3"]


def test_awkward_texts_survive_both_our_reader_and_pandas(tmp_path: Path) -> None:
    texts = ["00123", "123", "=cmd()", 'say "no", now', "two\r\nlines", "a\rb", "短袖👕", "", "'=x"]
    column = np.array(texts, dtype=object)
    path = write_csv(tmp_path / "t.csv", {"sku": column, "units": np.arange(9.0)})
    assert path.read_bytes().startswith("\ufeffsku,units\r\n00123,0\r\n".encode())
    assert read_csv(path)["sku"] == texts
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert [unguard(text) for text in frame["sku"]] == texts


def test_a_table_without_rows_keeps_its_columns(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "t.csv", {"sku": np.zeros(0, object), "units": np.zeros(0)})
    assert read_csv(path) == {"sku": [], "units": []}
