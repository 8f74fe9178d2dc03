"""Rows of a published file are counted without reading its cells."""

import csv

from hypothesis import given
from hypothesis import strategies as st

from pipelines.night.manifest import describe_outputs

CELLS = st.text(st.sampled_from('a,"\n\r 中'), max_size=6)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_rows_are_those_that_the_csv_module_reads(tmp_path_factory, rows, end):
    """Quotes, commas and line ends within cells do not make rows."""
    folder = tmp_path_factory.mktemp("rows")
    with (folder / "a.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, lineterminator=end).writerows([("x", "y"), *rows])
    assert describe_outputs(folder)[0]["rows"] == len(rows)
