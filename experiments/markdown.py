"""Tables in Markdown, as reports hold them."""

from __future__ import annotations

from collections.abc import Sequence

_OF_NUMBERS = frozenset("0123456789+-.")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table; columns of numbers stand to the right."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (heads, *rows)]
    wide = [max(3, *map(len, column)) for column in zip(*cells, strict=True)]
    right = [_of_numbers(column[1:]) for column in zip(*cells, strict=True)]
    ruler = [
        "-" * (width - 1) + ":" if to_right else "-" * width
        for width, to_right in zip(wide, right, strict=True)
    ]

    def line(row: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, wide, right, strict=True)
        ]
        return f"| {' | '.join(padded)} |"

    return [line(cells[0]), line(ruler), *map(line, cells[1:])]


def _of_numbers(cells: Sequence[str]) -> bool:
    """Whether a column holds numbers, or nothing."""
    return any(cells) and all(cell[:1] in _OF_NUMBERS for cell in cells if cell)
