"""The same table reads the same from every kind of source."""

from __future__ import annotations

import datetime
import os
import sqlite3
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from pipelines.config import Config
from pipelines.ingest import TablesError, read_tables
from stockwright.errors import ConfigError

AS_OF = np.datetime64("2026-11-22", "D")
COLUMNS = ["date", "sku", "location", "units", "price"]
ROWS = [
    (datetime.date(2026, 11, 20), "00123", "华东 😀", 3.0, 10.5),
    (datetime.date(2026, 11, 21), "123", "=cmd()", 2.0, None),
    (datetime.date(2026, 11, 22), "00123", "=cmd()", 1.5, 9.0),
]
TEXT = "\n".join(
    [",".join(COLUMNS), *(",".join("" if v is None else str(v) for v in row) for row in ROWS)]
)


def expected() -> pd.DataFrame:
    frame = pd.DataFrame(ROWS, columns=COLUMNS)
    frame["date"] = frame["date"].astype("datetime64[s]")
    return frame


def assert_sales(source: str | Path) -> None:
    sales = read_tables(str(source), Config(), AS_OF).tables["sales"]
    read = sales[COLUMNS].assign(sku=sales["sku"].astype("str"))
    read["location"] = read["location"].astype("str")
    pd.testing.assert_frame_equal(read, expected(), check_dtype=False)
    assert sales["order_type"].astype("str").tolist() == ["sale"] * 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inventory.csv").write_text("sku,location,on_hand\n123,=cmd(),1\n")
    return tmp_path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_csv_in_every_encoding(folder, encoding, newline):
    (folder / "sales.csv").write_bytes(TEXT.replace("\n", newline).encode(encoding))
    assert_sales(folder)


def test_gb18030_is_said_in_the_notes(folder):
    (folder / "sales.csv").write_bytes(TEXT.encode("gb18030"))
    notes = read_tables(str(folder), Config(), AS_OF).notes
    assert "sales.csv is encoded in GB18030" in notes


@pytest.mark.parametrize("kind", [pa.date32(), pa.timestamp("us"), pa.timestamp("ns")])
def test_parquet_with_every_type_of_date(folder, kind):
    table = pa.Table.from_pandas(expected(), preserve_index=False)
    table = table.set_column(0, "date", table["date"].cast(kind))
    pq.write_table(table, folder / "sales.parquet")
    assert_sales(folder)


def test_parquet_with_dictionaries_and_decimals(folder):
    table = pa.Table.from_pandas(expected(), preserve_index=False)
    units = pc_cast(table["units"], pa.decimal128(10, 2))
    table = table.set_column(3, "units", units)
    table = table.set_column(1, "sku", table["sku"].cast(pa.string()).dictionary_encode())
    pq.write_table(table, folder / "sales.parquet")
    assert_sales(folder)


def pc_cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    return column.cast(kind)


def test_a_folder_of_parquet_parts_is_one_table_in_the_order_of_the_names(folder):
    (folder / "sales").mkdir()
    table = pa.Table.from_pandas(expected(), preserve_index=False)
    pq.write_table(table.slice(0, 1), folder / "sales" / "part-0.parquet")
    pq.write_table(table.slice(1), folder / "sales" / "part-1.parquet")
    assert_sales(folder)


def test_a_bad_row_of_a_part_is_named_by_its_part(folder):
    (folder / "sales").mkdir()
    for part, units in enumerate([[1.0, 2.0], [3.0, float("inf")]]):
        frame = expected().iloc[:2].assign(units=units)
        pq.write_table(
            pa.Table.from_pandas(frame, preserve_index=False),
            folder / "sales" / f"part-{part}.parquet",
        )
    with pytest.raises(TablesError) as caught:
        read_tables(str(folder), Config(), AS_OF)
    rejected = caught.value.rejected
    assert rejected[["file", "row", "reason"]].to_numpy().tolist() == [
        ["sales/part-1.parquet", 2, "infinite"]
    ]


def test_a_workbook(folder):
    book = openpyxl.Workbook()
    for row in [COLUMNS, *ROWS]:
        book.active.append(row)
    # A cell that starts with = would be stored as a formula.
    for cell in book.active["C"]:
        cell.data_type = "s"
    book.save(folder / "sales.xlsx")
    assert_sales(folder)


def test_numbers_as_keys_of_a_workbook_are_read_as_whole_numbers_and_said(folder):
    book = openpyxl.Workbook()
    for row in [["sku", "location", "on_hand"], [123, "East", 4], [45.0, "East", 1]]:
        book.active.append(row)
    (folder / "inventory.csv").unlink()
    book.save(folder / "inventory.xlsx")
    (folder / "sales.csv").write_text(TEXT)
    ingested = read_tables(str(folder), Config(), AS_OF)
    assert ingested.tables["inventory"]["sku"].tolist() == ["123", "45"]
    assert any("inventory: sku holds numbers" in note for note in ingested.notes)


def test_the_sheet_named_like_the_table_is_read(folder):
    book = openpyxl.Workbook()
    book.active.title = "notes"
    sheet = book.create_sheet("sales")
    for row in [COLUMNS, *[(d, k, "East", u, p) for d, k, _, u, p in ROWS]]:
        sheet.append(row)
    book.save(folder / "sales.xlsx")
    ingested = read_tables(str(folder), Config(), AS_OF)
    assert len(ingested.tables["sales"]) == 3
    assert "sales.xlsx: sheet sales is read, notes not" in ingested.notes


def fill_database(url: str) -> None:
    engine = sa.create_engine(url)
    frame = pd.DataFrame(ROWS, columns=COLUMNS)
    stock = pd.DataFrame({"sku": ["123"], "location": ["=cmd()"], "on_hand": [1]})
    with engine.begin() as connection:
        frame.to_sql("sales", connection, index=False, if_exists="replace")
        stock.to_sql("inventory", connection, index=False, if_exists="replace")
        stock.to_sql("archive", connection, index=False, if_exists="replace")
    engine.dispose()


def test_a_sqlite_database(tmp_path):
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    fill_database(url)
    assert_sales(url)
    ingested = read_tables(url, Config(), AS_OF)
    assert any("table archive is not read by this version" in note for note in ingested.notes)
    assert [source.rows for source in ingested.sources] == [3, 1]


def test_the_hash_of_a_database_table_follows_its_content(tmp_path):
    hashes = []
    for units in (1.0, 1.0, 2.0):
        path = tmp_path / "shop.db"
        path.unlink(missing_ok=True)
        fill_database(f"sqlite:///{path}")
        connection = sqlite3.connect(path)
        connection.execute("update sales set units = ?", (units,))
        connection.commit()
        connection.close()
        hashes.append(read_tables(f"sqlite:///{path}", Config(), AS_OF).sources[0].sha256)
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.skipif("STOCKWRIGHT_POSTGRES" not in os.environ, reason="names a PostgreSQL URL")
def test_a_postgresql_database():
    url = os.environ["STOCKWRIGHT_POSTGRES"]
    fill_database(url.replace("postgresql://", "postgresql+psycopg://"))
    assert_sales(url)


def test_a_database_that_is_not_there_is_a_wrong_call(tmp_path):
    with pytest.raises(ConfigError, match="does not exist"):
        read_tables(f"sqlite:///{tmp_path / 'none.db'}", Config(), AS_OF)
    assert not (tmp_path / "none.db").exists()


def test_an_unknown_kind_of_database_is_a_wrong_call():
    with pytest.raises(ConfigError, match="cannot be used"):
        read_tables("nosuch://x/y", Config(), AS_OF)


def test_a_database_that_does_not_answer_is_named_without_its_password():
    url = "postgresql://me:secret@127.0.0.1:1/shop"
    with pytest.raises(TablesError, match="cannot be opened") as caught:
        read_tables(url, Config(), AS_OF)
    assert "secret" not in str(caught.value)


def test_the_source_carries_the_hash_of_the_file(folder):
    import hashlib

    (folder / "sales.csv").write_text(TEXT)
    (source, _) = read_tables(str(folder), Config(), AS_OF).sources
    assert source.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()
    assert (source.table, source.name, source.rows) == ("sales", "sales.csv", 3)


def test_unknown_files_and_columns_are_noted(folder):
    (folder / "sales.csv").write_text(TEXT.replace("price", "prise"))
    (folder / "supplier.csv").write_text("x\n1\n")
    notes = read_tables(str(folder), Config(), AS_OF).notes
    assert "supplier.csv is not read by this version; did you mean suppliers?" in notes
    assert "sales: columns not read: prise" in notes
