"""What comes back, from the rows of sales to the units that are expected."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.assemble import assemble
from pipelines.config.load import config_from
from pipelines.demo import DEMO_LAST_DATE, write_demo
from pipelines.ingest import read_tables

FIRST, DAYS, LAG = date(2024, 1, 1), 120, 5
#: The last day with a sale, two before the last of the history.
LAST = 117
D = FIRST + timedelta(DAYS - 1)


def row(day: int, units: float, sku: str = "a", kind: str = "sale") -> dict:
    return {
        "date": (FIRST + timedelta(day)).isoformat(), "sku": sku, "location": "X",
        "units": units, "order_type": kind,
    }  # fmt: skip


def sales(kind: str = "return", sign: int = 1) -> list[dict]:
    """Ten units of two SKUs on some days; five days later two of each ten are back."""
    rng = np.random.default_rng(1)
    days = {sku: [*rng.choice(LAST - 6, 38, replace=False).tolist(), LAST] for sku in "ab"}
    sold = [row(day, 10, sku) for sku in "ab" for day in days[sku]]
    back = [row(day + LAG, 2 * sign, sku, kind) for sku in "ab" for day in days[sku][:-1]]
    return sold + back


@pytest.mark.parametrize(("kind", "sign"), [("return", 1), ("return", -1), ("sale", -1)])
def test_what_is_sold_already_comes_back_after_its_lag(situate, at, kind, sign) -> None:
    """Sold on day 117, back on day 122, which is the third step after day 119."""
    settings = {"returns": {"resalable": 0.5}}
    night = situate(D.isoformat(), settings, sales=sales(kind, sign))
    past = night.returns.past[at(night, "a")]
    # Half of the two units can be sold again; lags are smooth, so they spread around the day.
    assert past[:7].sum() == pytest.approx(1.0, rel=0.25)
    assert past[7:].sum() < 0.1
    assert np.arange(1, 8) @ past[:7] / past[:7].sum() == pytest.approx(3.0, abs=0.7)
    assert night.returns.rate == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize("kind", ["refund", "exchange", "gift", "test"])
def test_rows_without_goods_that_stay_bring_nothing_back(situate, kind) -> None:
    assert not len(situate(D.isoformat(), sales=sales(kind)).returns.rate)


def test_returns_can_be_left_aside(situate) -> None:
    night = situate(D.isoformat(), {"returns": {"use": False}}, sales=sales())
    assert not len(night.returns.rate)


def test_returns_that_are_announced_are_not_expected_a_second_time(situate, at) -> None:
    inbound = [
        {
            "order_id": "r1", "sku": "a", "destination": "X", "units": 50,
            "available_date": (D + timedelta(2)).isoformat(), "kind": "return",
        }
    ]  # fmt: skip
    night = situate(D.isoformat(), sales=sales(), inbound=inbound)
    assert night.returns.past[at(night, "a")].sum() == 0
    assert night.returns.past[at(night, "b")].sum() > 1


@pytest.mark.parametrize(("late", "given_up"), [(30, False), (31, True)])
def test_announced_returns_that_are_given_up_are_expected_again(
    situate, at, codes, late, given_up
) -> None:
    inbound = [
        {
            "order_id": "r1", "sku": "a", "destination": "X", "units": 50,
            "available_date": (D - timedelta(late)).isoformat(), "kind": "return",
        }
    ]  # fmt: skip
    settings = {"gates": {"bad_row_share": 0.9, "overdue_days": 30}}
    night = situate(D.isoformat(), settings, sales=sales(), inbound=inbound)
    wanted = situate(D.isoformat(), sales=sales()).returns.past[at(night, "a")].sum()
    assert ("IGNORED_INBOUND" in codes(night)) == given_up
    assert night.returns.past[at(night, "a")].sum() == (wanted if given_up else 0)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("returns") / "shop"
    write_demo(folder, skus=180, days=200, seed=5)
    return folder


def test_the_demo_shop_gets_back_what_was_expected(demo) -> None:
    """Nothing comes back in less than three days, so that the returns of the next three are all of
    sales that the night knows."""
    rows = pd.read_parquet(demo / "sales.parquet", columns=["date", "units", "order_type"])
    rows = rows[rows["order_type"].astype(str) == "return"]
    when, units = rows["date"].to_numpy().astype("datetime64[D]"), -rows["units"].to_numpy()
    config = config_from({"returns": {"resalable": 1.0}})
    expected, came = 0.0, 0.0
    for back in (4, 12, 20, 28, 36):
        night = DEMO_LAST_DATE - back
        situation = assemble(read_tables(str(demo), config, night), config, night)
        expected += situation.returns.past[:, :3].sum()
        came += units[(when > night) & (when <= night + 3)].sum()
    assert came > 100
    assert expected == pytest.approx(came, abs=3 * np.sqrt(2 * came))
