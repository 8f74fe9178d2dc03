"""A night sees what was known at its close, and nothing else."""

import numpy as np
import pandas as pd
import pytest

from pipelines.config.load import config_from
from pipelines.ingest import OpenSource, validate
from stockwright.errors import DataError

SALES = "date,sku,location,units\n2026-11-20,1,East,3\n2026-11-22,1,East,2\n"
LATE = {
    "sales.csv": (SALES, "2026-11-23,9,Mars,7\n"),
    "availability.csv": (
        "date,sku,location,in_stock\n2026-11-20,1,East,0.5\n",
        "2026-11-23,9,Mars,0.25\n",
    ),
    "stock_history.csv": (
        "date,sku,location,on_hand\n2026-11-20,1,East,5\n",
        "2026-11-23,9,Mars,7\n",
    ),
    "inventory.csv": (
        "sku,location,on_hand,date\n1,East,5,2026-11-22\n",
        "9,Mars,7,2026-11-23\n",
    ),
    "plan_status.csv": ("line_id,status,at\nL1,accepted,2026-11-22\n", "L1,rejected,2026-11-23\n"),
}
HIDDEN = {
    "events.csv": (
        "event,start,end,known_since\nsale,2026-12-12,2026-12-12,2026-11-22\n",
        "other,2026-12-12,2026-12-13,2026-11-23\n",
    ),
    "prices.csv": ("sku,start,price,known_since\n1,2026-12-01,9,\n", "1,2026-12-02,7,2026-11-30\n"),
    "inbound.csv": (
        "order_id,sku,destination,units,available_date,known_since\n"
        "P1,1,East,5,2026-12-01,2026-11-20\n",
        "P2,1,East,5,2026-12-01,2026-11-23\n",
    ),
    "overrides.csv": (
        "table,field,value,by,known_since\nforecast,factor,1.5,me,2026-11-22\n",
        "policy,blocked,yes,me,2026-11-23\n",
    ),
}


@pytest.mark.parametrize("name", [*LATE, *HIDDEN])
def test_rows_that_the_night_cannot_know_leave_no_trace(shop, name):
    content, late = {**LATE, **HIDDEN}[name]
    table = name.removesuffix(".csv")
    before = shop.write("sales.csv", SALES).write(name, content).read().tables[table]
    shop.write(name, content + late)
    after = shop.read().tables[table]
    pd.testing.assert_frame_equal(before, after)


@pytest.mark.parametrize("name", [*LATE, *HIDDEN])
def test_they_are_counted_apart(shop, name):
    content, late = {**LATE, **HIDDEN}[name]
    ingested = shop.write("sales.csv", SALES).write(name, content + late).read()
    (count,) = (c for c in ingested.rows if c.table == name.removesuffix(".csv"))
    assert (count.cut, count.not_known) == ((1, 0) if name in LATE else (0, 1))
    assert any(name.removesuffix(".csv") in note for note in ingested.notes)


def test_bad_values_of_late_rows_do_not_count(shop):
    ingested = shop.write("sales.csv", SALES + "2026-11-23,,East,oops\n").read()
    assert ingested.rejected.empty
    assert ingested.rows[0].cut == 1


def test_a_night_before_all_sales_says_so(shop):
    from pipelines.ingest import TablesError

    with pytest.raises(TablesError, match="all 4 rows are dated after 2026-01-01"):
        shop.read(np.datetime64("2026-01-01"))


def test_the_future_of_known_ahead_tables_is_kept(shop):
    shop.write("events.csv", "event,start,end\n双12,2026-12-12,2026-12-12\n")
    assert shop.read().tables["events"]["event"].tolist() == ["双12"]


def test_times_of_day_are_dropped(shop):
    shop.write("sales.csv", "date,sku,location,units\n2026-11-22 23:59:59,1,East,3\n")
    ingested = shop.read()
    assert ingested.tables["sales"]["date"].tolist() == [pd.Timestamp("2026-11-22")]


@pytest.mark.parametrize(
    "written",
    ["2026-11-05", "2026/11/05", "2026/11/5", "20261105", "2026-11-05T10:00", "2026/11/5 9:05:01"],
)
def test_every_date_form_is_read(shop, written):
    shop.write("sales.csv", f"date,sku,location,units\n{written},1,East,3\n")
    assert shop.read().tables["sales"]["date"].tolist() == [pd.Timestamp("2026-11-05")]


def test_the_days_of_four_centuries_are_the_calendars(shop):
    # The oracle is pandas' own calendar; 1900 and 2100 have no leap day, 2000 has one.
    days = pd.date_range("1890-01-01", "2110-12-31", freq="D")
    rows = [f"{day:%Y-%m-%d},1,East,1" for day in days]
    shop.write("sales.csv", "\n".join(["date,sku,location,units", *rows]))
    read = shop.read(np.datetime64("2111-01-01")).tables["sales"]["date"]
    assert (read.to_numpy() == days.to_numpy()).all()


@pytest.mark.parametrize("day", ["1900-02-29", "2100-02-29", "2026-04-31", "2026-00-10"])
def test_days_that_do_not_exist_are_bad(shop, day):
    shop.write("sales.csv", SALES + f"{day},1,East,1\n")
    found = shop.lenient().rejected
    assert found["reason"].tolist() == ["there is no such date"]


@pytest.mark.parametrize(("date", "age"), [("2026-12-28", 36), ("9999-12-31", 2912117)])
def test_sales_older_than_the_gate_are_refused_with_both_dates(shop, date, age):
    """The newest sales row is of 2026-11-22, so 36 days later is one past the default of 35."""
    with pytest.raises(DataError) as caught:
        shop.read(np.datetime64(date))
    assert f"the newest date is 2026-11-22, {age} days before {date}" in str(caught.value)
    assert "gates.stale_days" in str(caught.value)


def test_sales_as_old_as_the_gate_are_read(shop):
    assert len(shop.read(np.datetime64("2026-12-27")).tables["sales"]) == 4
    late = shop.read(np.datetime64("2027-12-27"), gates={"stale_days": 400})
    assert len(late.tables["sales"]) == 4


def test_a_check_for_no_date_knows_no_stale_sales(shop):
    assert validate(str(shop.folder), config_from({})).ok


NIGHTS = np.array(["2026-11-23", "2026-11-21", "2026-11-22", "2026-11-23"], "datetime64[D]")


def test_tables_read_once_give_each_night_what_it_would_have_read_itself(shop):
    """In any order, bad rows, price units and notes included, and whatever a night does to its
    frames in place.
    """
    for name, (content, late) in {**LATE, **HIDDEN}.items():
        shop.write(name, content + late)
    shop.write("sales.csv", SALES + "2026-11-22,1,East,-x\n2026-11-21,1,East,4\n")
    source = OpenSource.of(str(shop.folder), config_from({"gates": {"bad_row_share": 1.0}}))
    for night in NIGHTS:
        alone, once = shop.lenient_at(night), source.known(night)
        assert (once.notes, once.rows, once.sources) == (alone.notes, alone.rows, alone.sources)
        pd.testing.assert_frame_equal(once.rejected, alone.rejected)
        pd.testing.assert_frame_equal(once.findings, alone.findings)
        for name, frame in alone.tables.items():
            pd.testing.assert_frame_equal(once.tables[name], frame)
        for frame in once.tables.values():
            for column in frame.select_dtypes("number").columns:
                frame.loc[:, column] = 0.0


def test_a_night_that_the_tables_are_too_old_for_says_so_and_harms_no_other(shop):
    source = OpenSource.of(str(shop.folder), config_from({"gates": {"stale_days": 1}}))
    with pytest.raises(DataError, match="stale_days"):
        source.known(np.datetime64("2026-12-24"))
    assert len(source.known(np.datetime64("2026-11-22")).tables["sales"])
    # A date given to the second is the day that it lies in, as for one night alone.
    assert source.known(np.datetime64("2026-11-22T00:00:00")).as_of == np.datetime64("2026-11-22")
