"""Tables of reports, as a reader of Markdown takes them apart."""

from __future__ import annotations

import re

from experiments.markdown import table


def test_cells_come_back_as_they_were_written_and_columns_stand_below_each_other() -> None:
    lines = table(("segment", "units"), [("a|b", "1,200"), ("longer name", "-3"), ("", "")])
    assert len({len(line) for line in lines}) == 1
    found = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]
    assert [[cell.strip() for cell in row] for row in (found[0], *found[2:])] == [
        ["segment", "units"],
        [r"a\|b", "1,200"],
        ["longer name", "-3"],
        ["", ""],
    ]


def test_columns_of_numbers_alone_are_set_to_the_right() -> None:
    rows = [("a", "+0.5 (0.1 to 0.9)", "3 nights"), ("b", "", "x")]
    ruler = table(("name", "value", "note"), rows)[1]
    assert [cell.strip().endswith(":") for cell in ruler.split("|")[1:-1]] == [False, True, False]


def test_a_table_without_rows_is_its_head() -> None:
    assert table(("a", "b"), []) == ["| a   | b   |", "| --- | --- |"]
