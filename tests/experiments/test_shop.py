"""A shop is known by what its tables hold, in a folder as in a database."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from experiments.shop import Shop
from stockwright.errors import DataError


def fill(path: Path, units: float) -> str:
    """Write a database of one sale; returns its URL."""
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute("create table sales (date text, sku text, location text, units real)")
        connection.execute("create table archive (note text)")
        connection.execute("insert into sales values ('2025-10-26', 'a', 'East', ?)", (units,))
    connection.close()
    return f"sqlite:///{path}"


def test_a_corrected_row_of_a_database_makes_another_shop(tmp_path: Path) -> None:
    keys = [Shop.open(fill(tmp_path / "shop.db", units)).key() for units in (1.0, 1.0, 2.0)]
    assert keys[0] == keys[1] != keys[2]


def test_the_same_rows_in_another_database_are_the_same_shop(tmp_path: Path) -> None:
    first, second = (fill(tmp_path / name, 3.0) for name in ("one.db", "two.db"))
    assert Shop.open(first).inputs == Shop.open(second).inputs


def test_tables_that_change_meanwhile_are_refused_and_what_was_kept_is_removed(
    tmp_path: Path,
) -> None:
    shop, kept = Shop.open(fill(tmp_path / "shop.db", 1.0)), tmp_path / "work"
    kept.mkdir()
    shop.check_unchanged(kept)
    assert kept.is_dir()
    fill(tmp_path / "shop.db", 2.0)
    with pytest.raises(DataError, match="changed while"):
        shop.check_unchanged(kept)
    assert not kept.exists()
