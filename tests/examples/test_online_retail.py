"""Every order line is used or set aside for a stated reason."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipelines.assemble import assemble
from pipelines.config import load_config
from pipelines.ingest import read_tables

CORRECTION = "set aside: stock correction (no price)"


def made_up(rows):
    names = ["Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "customer", "file"]
    frame = pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows])
    frame["code"] = frame["StockCode"].str.strip().str.upper()
    frame["InvoiceDate"] = pd.to_datetime(frame["InvoiceDate"], format="ISO8601")
    frame["Quantity"] = frame["Quantity"].astype(float)
    return frame


@pytest.fixture(scope="module")
def lines(example):
    return example("online_retail", "lines")


def test_each_kind_of_line_has_its_reason(lines):
    cases = [
        (("500001", "85123a", 6, "2010-01-04 10:00", 2.5, 7, 0), "used: sale"),
        (("500002", "POST", 1, "2010-01-04 10:00", 18.0, 7, 0), "set aside: postage"),
        (("500002", "DOT", 1, "2010-01-04 10:00", 99.0, 7, 0), "set aside: postage"),
        (("500002", "m", 1, "2010-01-04 10:00", 5.0, 7, 0), "set aside: manual entry"),
        (("C500003", "D", -1, "2010-01-04 10:00", 5.0, 7, 0), "set aside: discount"),
        (("500004", "BANK CHARGES", 1, "2010-01-04", 15.0, 7, 0), "set aside: bank charges"),
        (("500004", "gift_0001_20", 1, "2010-01-04", 20.0, 7, 0), "set aside: gift voucher"),
        (("500004", "TEST001", 1, "2010-01-04", 4.5, 7, 0), "set aside: test article"),
        (("500005", "22333", 5, "2010-01-04", 0.0, 0, 0), CORRECTION),
        (("500006", "22333", -5, "2010-01-04", 0.0, 0, 0), CORRECTION),
        (("500007", "22334", 900, "2010-01-05 09:00", 1.0, 8, 0), "set aside: sale undone"),
        (("C500008", "22334", -900, "2010-01-05 09:03", 1.0, 8, 0),
         "set aside: cancellation of an undone sale"),
        (("500009", "22335", 4, "2010-01-05", 1.0, 8, 0), "used: sale"),
        (("C500010", "22335", -4, "2010-02-05", 1.0, 8, 0), "used: return"),
        (("500011", "22336", 74215, "2011-01-18", 1.04, 9, 1), "set aside: entry error in units"),
        (("500001", "85123A", 6, "2010-01-04 10:00", 2.5, 7, 1), "set aside: in both files"),
        (("A500012", "B", 1, "2010-01-04", -500.0, 0, 0), "set aside: bad debt"),
        (("500013", "UNHEARD OF", 1, "2010-01-04", 5.0, 7, 0), "set aside: code of no article"),
    ]  # fmt: skip
    got = lines.classified(made_up([row for row, _ in cases]))
    assert got.tolist() == [reason for _, reason in cases]


def test_a_cancellation_undoes_one_sale_and_the_nearest(lines):
    rows = [
        ("500001", "22333", 2, "2010-01-04 10:00", 1.0, 7, 0),
        ("500002", "22333", 2, "2010-01-04 12:00", 1.0, 7, 0),
        ("C500003", "22333", -2, "2010-01-04 13:00", 1.0, 7, 0),
        ("500004", "22333", 2, "2010-01-04 14:00", 1.0, 7, 0),
    ]
    got = lines.classified(made_up(rows))
    assert got.tolist() == [
        "used: sale",
        "set aside: sale undone",
        "set aside: cancellation of an undone sale",
        "used: sale",
    ]


@pytest.fixture(scope="module")
def shop(example, real_data, lines, tmp_path_factory):
    source = real_data("online_retail")
    read = lines.read_lines(source)
    reason = lines.classified(read)
    folder = tmp_path_factory.mktemp("online_retail")
    module = example("online_retail", "convert")
    module.write_tables(folder, read, reason, pd.Timestamp("2011-10-09"))
    return read, reason, folder, source


def test_lines_in_are_lines_used_and_lines_set_aside(shop, lines):
    read, reason, folder, source = shop
    raw = sum(len(pd.read_parquet(path, columns=["Invoice"])) for path in source.glob("*.parquet"))
    table = lines.accounting(read, reason)
    assert table["lines"].sum() == raw == len(read)
    used = table[table["reason"].str.startswith("used")]["lines"].sum()
    assert used == len(pd.read_parquet(folder / "sales.parquet", columns=["sku"]))
    assert table["units"].sum() == pytest.approx(read["Quantity"].sum())


def test_no_charge_becomes_a_sku_and_no_line_is_lost_on_the_way(shop, lines):
    read, reason, folder, _ = shop
    as_of = np.datetime64("2011-10-09")
    config = load_config(None, folder)
    ingested = read_tables(str(folder), config, as_of)
    assert not len(ingested.rejected)
    situation = assemble(ingested, config, as_of)
    skus = pd.Series(situation.panel.index.skus)
    assert skus.str.fullmatch(lines.ARTICLE).all()
    assert not set(skus) & set(lines.CHARGES)
    assert situation.panel.demand.sum() == read.loc[reason == lines.SALE, "Quantity"].sum()
    # The error of 74,215 jars and whatever was sold and undone at once are no demand.
    assert situation.panel.demand.max() < 20_000
