"""Return rates and lags of a real shop, against the customers who sent the goods back."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecasting.returns import Flow, learn_returns

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "online_retail"))

FIRST, LAST, LONGEST = pd.Timestamp("2009-12-01"), pd.Timestamp("2010-12-05"), 60


@pytest.fixture(scope="module")
def lines(real_data: Callable[[str], Path]) -> pd.DataFrame:
    """Sales and returns of the first file, whose second one has had its returns removed."""
    folder = real_data("online_retail")
    from lines import RETURN, SALE, classified, read_lines

    found = read_lines(folder)
    found["reason"] = classified(found)
    found = found[found["reason"].isin([SALE, RETURN]) & (found["InvoiceDate"] < LAST)]
    back = found["reason"] == RETURN
    day = (found["InvoiceDate"].dt.normalize() - FIRST).dt.days
    return found.assign(back=back, day=day, sku=pd.factorize(found["code"])[0])


def flow(rows: pd.DataFrame) -> Flow:
    units = rows["Quantity"].abs().groupby([rows["sku"], rows["day"]]).sum()
    sku, day = (units.index.get_level_values(k).to_numpy(np.int64) for k in (0, 1))
    return Flow(sku, np.zeros(len(sku), np.int64), day, units.to_numpy(np.float64))


def matched(lines: pd.DataFrame) -> pd.Series:
    """Days from the last earlier purchase of the same customer and article to each return."""
    known = lines[lines["customer"] > 0].sort_values("InvoiceDate", kind="stable")
    bought = known[~known["back"]][["InvoiceDate", "customer", "sku", "day"]]
    returned = known[known["back"]][["InvoiceDate", "customer", "sku", "day", "Quantity"]]
    pairs = pd.merge_asof(
        returned, bought, on="InvoiceDate", by=["customer", "sku"], suffixes=("", "_bought")
    )
    lag = (pairs["day"] - pairs["day_bought"]).dropna()
    return lag[lag <= LONGEST]


@pytest.mark.slow
def test_lags_without_names_are_those_of_the_customers(lines) -> None:
    """The learned lags know SKU and day alone; the customers tell which purchase came back."""
    sold, back = flow(lines[~lines["back"]]), flow(lines[lines["back"]])
    category = np.zeros(lines["sku"].max() + 1, np.int64)
    periods = int(lines["day"].max()) + 1
    found = learn_returns(sold, back, category, (1, 1), periods, LONGEST)
    share = back.units.sum() / sold.units.sum()
    assert found.rate[0, 0] == pytest.approx(share, rel=0.5)
    lag = matched(lines)
    assert len(lag) > 500
    median = int(np.searchsorted(np.cumsum(found.lag[0]), 0.5))
    assert abs(median - float(lag.median())) <= 7
