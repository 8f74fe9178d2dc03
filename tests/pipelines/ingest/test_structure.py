"""What makes a source unreadable: one DataError that says it all (exit code 3)."""

from pathlib import Path

import numpy as np
import pytest

from pipelines.ingest import TablesError, read_tables, validate
from stockwright.errors import ConfigError, DataError


def test_the_error_of_bad_tables_is_a_data_error() -> None:
    assert issubclass(TablesError, DataError)


def test_a_missing_required_table_is_named(shop):
    (shop.folder / "inventory.csv").unlink()
    assert "the table inventory is missing" in shop.error()


def test_a_missing_column_is_named_with_the_columns_there_are(shop):
    shop.write("sales.csv", "date,sku,location,quantity\n2026-11-20,1,A,2\n")
    text = shop.error()
    assert "lacks the column units (it has date, sku, location, quantity)" in text
    assert "[map.sales]" in text


def test_an_empty_file_is_named(shop):
    assert "sales.csv is empty" in shop.write("sales.csv", "").error()


def test_a_sales_table_without_rows_is_named(shop):
    shop.write("sales.csv", "date,sku,location,units\n")
    assert "sales: there are no rows" in shop.error()


@pytest.mark.parametrize(("sign", "word"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_another_delimiter_is_recognised(shop, sign, word):
    content = (shop.folder / "sales.csv").read_text().replace(",", sign)
    assert f"sales.csv is separated by {word}" in shop.write("sales.csv", content).error()


def test_latin_1_bytes_are_named_with_their_line(shop):
    content = "date,sku,location,units\n2026-11-20,Müller,Orléans,1\n".encode("latin-1")
    text = shop.write("sales.csv", content).error()
    assert "sales.csv is neither UTF-8 nor GB18030 (line 2, byte 0xFC" in text
    assert "save it as UTF-8" in text


@pytest.mark.parametrize(
    "content",
    [
        "général,Müller".encode("latin-1"),
        "Größe,Straße,Zürich".encode("latin-1"),
        "“quoted”,dé".encode("cp1252"),
        "华东,华南,上海,北京".encode() + b"\xe5\x8d,",
    ],
)
def test_bytes_that_could_be_gb18030_and_are_not_are_refused(shop, content):
    rows = b"date,sku,location,units\n2026-11-20,1," + content + b",1\n"
    assert "is neither UTF-8 nor GB18030" in shop.write("sales.csv", rows).error()


@pytest.mark.parametrize("text", ["华东仓", "東區倉庫臺灣繁體", "一件", "２０寸 镕 喆"])
def test_chinese_in_gb18030_is_recognised(shop, text):
    rows = f"date,sku,location,units\n2026-11-20,1,{text},1\n".encode("gb18030")
    sales = shop.write("sales.csv", rows).read().tables["sales"]
    assert sales["location"].tolist() == [text]


@pytest.mark.parametrize("name", ["货号", "款号", "库位编码", "活动商品", "锘号"])
def test_a_header_in_gb18030_may_begin_with_bytes_of_a_byte_order_mark(shop, name):
    rows = f"{name},date,location,units\n0123,2026-11-20,华东仓,1\n".encode("gb18030")
    assert rows[:1] in b"\xef\xbb\xbf"
    tables = shop.write("sales.csv", rows).read(map={"sales": {"sku": name}}).tables
    assert tables["sales"]["sku"].tolist() == ["0123"]


def test_utf_16_is_named(shop):
    content = "date,sku,location,units\n".encode("utf-16")
    assert "UTF-16; save it as UTF-8" in shop.write("sales.csv", content).error()


def test_a_column_that_is_there_twice_is_named(shop):
    shop.write("sales.csv", "date,sku,location,units,units\n2026-11-20,1,A,2,3\n")
    assert "sales.csv has columns twice: units" in shop.error()


@pytest.mark.parametrize("name", ["sales.parquet", "sales.xlsx"])
def test_a_file_that_is_not_what_its_name_says_is_named(shop, name):
    (shop.folder / "sales.csv").unlink()
    assert f"{name} is not a" in shop.write(name, b"not at all").error()


def test_a_table_in_two_files_is_named(shop):
    shop.write("sales.parquet", b"")
    assert "sales is there twice: sales.csv, sales.parquet" in shop.error()


@pytest.mark.parametrize(
    ("table", "content", "shown"),
    [
        ("products", "sku,name\n1,a\n01,b\n1,c\n", "(sku) that are there twice: 1 (1)"),
        ("locations", "location\nEast\nWest\nEast\n", "(location) that are there twice: 1 (East)"),
        ("suppliers", "supplier\nS\nS\nS\n", "(supplier) that are there twice: 2 (S, S)"),
        (
            "lanes",
            "source,destination,lead_time_days\nS,East,7\nS,East,9\n",
            "that are there twice: 1 (S/East/regular)",
        ),
    ],
)
def test_a_key_twice_in_a_master_table_is_named(shop, table, content, shown):
    assert shown in shop.write(f"{table}.csv", content).error()


def test_lanes_in_a_circle_are_named(shop):
    shop.write(
        "lanes.csv",
        "source,destination,lead_time_days\nS,East,7\nEast,West,2\nWest,East,2\n",
    )
    text = shop.error()
    assert "transfers that run in a circle" in text
    assert "East -> West -> East" in text


def test_lanes_of_two_skus_in_opposite_directions_are_no_circle(shop):
    shop.write(
        "lanes.csv",
        "source,destination,sku,lead_time_days\nEast,West,00123,2\nWest,East,123,2\n",
    )
    assert len(shop.read().tables["lanes"]) == 2


def test_a_general_lane_and_one_of_a_sku_can_make_a_circle(shop):
    shop.write(
        "lanes.csv",
        "source,destination,sku,lead_time_days\nEast,West,,2\nWest,East,123,2\n",
    )
    assert "run in a circle" in shop.error()


def test_lateral_lanes_between_regional_locations_are_no_circle(shop):
    shop.write("locations.csv", "location,kind\nCentral,central\nEast,regional\nWest,regional\n")
    shop.write(
        "lanes.csv",
        "source,destination,lead_time_days\nCentral,East,2\nEast,West,2\nWest,East,2\n",
    )
    assert set(shop.read().tables["lanes"]["kind"]) == {"transfer"}


def test_all_problems_of_all_tables_are_listed_at_once(shop):
    shop.write("sales.csv", "")
    shop.write("inventory.csv", "sku;location;on_hand\n1;A;3\n")
    shop.write("products.csv", "sku\n1\n1\n")
    shop.write("lanes.csv", "source,destination,lead_time_days\nS,Moon,7\n")
    with pytest.raises(TablesError) as caught:
        shop.read()
    assert len(caught.value.problems) == 4
    assert str(caught.value).startswith("the input breaks the contract: 4 problems")


def test_a_folder_that_is_not_there_is_a_wrong_call(tmp_path: Path) -> None:
    from pipelines.config import Config

    with pytest.raises(ConfigError, match="does not exist"):
        read_tables(str(tmp_path / "none"), Config(), np.datetime64("2026-11-22"))


def test_a_weekly_night_needs_a_sunday(shop):
    with pytest.raises(ConfigError, match="2026-11-22 or 2026-11-29"):
        shop.read(np.datetime64("2026-11-25"), period="week")


def test_a_read_only_folder_is_read(shop):
    shop.folder.chmod(0o555)
    try:
        assert len(shop.read().tables["sales"]) == 4
    finally:
        shop.folder.chmod(0o755)


def test_validate_reports_instead_of_raising(shop):
    assert shop.validate().ok
    report = shop.write("sales.csv", "").validate()
    assert not report.ok
    assert len(report.problems) == 1


def test_validate_without_a_date_cuts_nothing(shop):
    from pipelines.config import Config

    report = validate(str(shop.folder), Config())
    assert report.ok
    assert [count.cut for count in report.rows] == [0, 0]
