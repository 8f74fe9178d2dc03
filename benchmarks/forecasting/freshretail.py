"""The FreshRetailNet-50K panel straight from its parquet file, with arrays only."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecasting.recovered import learned_profile, served_share
from stockwright.calendar import Calendar
from stockwright.panel import Covariates, DemandPanel, SeriesIndex, Status

FILE = "freshretail/daily_2024-03-28_2024-06-18.parquet"
OPEN_HOURS = 16
CODES = {
    "category_1": "first_category_id",
    "category_2": "second_category_id",
    "category_3": "third_category_id",
    "group": "management_group_id",
}


def freshretail_panel() -> DemandPanel:
    """50,000 store-products by 83 days; all covariates are known over the whole file.

    Demand is the day's sales; a day without stock for some of the hours 6 to 22 is CENSORED. The
    discount column is 1 at full price. Activity days are an event; holidays come from the
    calendar.
    """
    path = Path(os.environ["STOCKWRIGHT_DATA"]) / FILE
    frame = pd.read_parquet(path).sort_values(["product_id", "store_id", "dt"], kind="stable")
    periods = frame["dt"].nunique()

    def grid(column: str) -> NDArray[np.float32]:
        return frame[column].to_numpy(np.float32).reshape(-1, periods)

    first = frame.iloc[::periods]
    out_of_stock = grid("stockout_hours_6_22") / OPEN_HOURS
    active = grid("activity_flag") > 0
    index, codes = _index_and_codes(first)
    status = np.where(out_of_stock > 0, Status.CENSORED, Status.OBSERVED).astype(np.uint8)
    covariates = Covariates(
        price=np.full((1, periods), np.nan, np.float32),
        discount=np.clip(1 - grid("discount"), 0, 1),
        event=active.astype(np.int16),
        phase=active.astype(np.int16),
        event_names=("activity",),
        phase_names=("activity",),
    )
    return DemandPanel(
        index=index,
        calendar=Calendar("day", frame["dt"].min().to_datetime64().astype("datetime64[D]")),
        demand=grid("sale_amount"),
        status=status,
        in_stock=1 - out_of_stock,
        covariates=covariates,
        launch=np.zeros(index.n_series, np.int32),
        attributes=codes,
    )


def told_by_the_hour(whole: DemandPanel, past: DemandPanel) -> DemandPanel:
    """``whole`` with the in-stock share of the hours weighed by the demand that they bring.

    The profile of the day is learned from the stock-outs of ``past``. Taken for even, a day that
    runs out at noon would be thought to have missed half of its demand, not a quarter.
    """
    profile = learned_profile(past, OPEN_HOURS)
    return replace(whole, in_stock=served_share(whole.in_stock, profile.tolist()))


def with_activity_as_signal(panel: DemandPanel) -> DemandPanel:
    """Activity days run on four days in ten: a state known ahead rather than a peak."""
    shown = panel.covariates
    nothing = np.zeros((1, shown.n_periods), np.int16)
    covariates = replace(
        shown,
        event=nothing,
        phase=nothing,
        event_names=(),
        phase_names=(),
        signals={"activity": shown.event.astype(np.float32)},
        known_ahead=frozenset({"activity"}),
    )
    return replace(panel, covariates=covariates)


def _index_and_codes(first: pd.DataFrame) -> tuple[SeriesIndex, dict[str, NDArray[np.int32]]]:
    """Numbers as text of one width, so that text sorts as the numbers do."""
    skus, sku = np.unique(first["product_id"], return_inverse=True)
    stores, store = np.unique(first["store_id"], return_inverse=True)
    index = SeriesIndex(
        tuple(f"{value:04d}" for value in skus.tolist()),
        tuple(f"{value:04d}" for value in stores.tolist()),
        sku.astype(np.int32),
        store.astype(np.int32),
    )
    codes = {
        name: np.unique(first[column], return_inverse=True)[1].astype(np.int32)
        for name, column in CODES.items()
    }
    cities = first["city_id"].to_numpy()
    codes["region"] = np.unique(cities, return_inverse=True)[1].astype(np.int32)
    return index, codes
