"""Demand panels straight from the raw files of the real data, for measuring forecasts alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stockwright.calendar import Calendar
from stockwright.panel import Covariates, DemandPanel, SeriesIndex, Status


def data_folder() -> Path:
    return Path(os.environ["STOCKWRIGHT_DATA"])


def no_covariates(periods: int) -> Covariates:
    empty = np.zeros((1, periods))
    return Covariates(
        price=np.full((1, periods), np.nan, np.float32),
        discount=empty.astype(np.float32),
        event=empty.astype(np.int16),
        phase=empty.astype(np.int16),
    )


def _index(sku: np.ndarray[Any, Any], location: np.ndarray[Any, Any]) -> SeriesIndex:
    skus, sku_code = np.unique(sku.astype(str), return_inverse=True)
    locations, location_code = np.unique(location.astype(str), return_inverse=True)
    return SeriesIndex(
        tuple(skus.tolist()),
        tuple(locations.tolist()),
        sku_code.astype(np.int32),
        location_code.astype(np.int32),
    )


def vn2_panel(ahead: int = 12) -> DemandPanel:
    folder = data_folder() / "vn2"
    keys = ["Store", "Product"]
    sales = pd.read_csv(folder / "sales.csv")
    flags = pd.read_csv(folder / "in_stock.csv")
    order = sales.assign(p=sales.Product.astype(str), s=sales.Store.astype(str))
    order = order.sort_values(["p", "s"]).index
    sales, flags = sales.loc[order], flags.loc[order]
    dates = list(sales.columns[2:])
    demand = sales[dates].fillna(0).to_numpy(np.float32)
    stocked = flags[dates].to_numpy(bool)
    known = sales[dates].notna().to_numpy()
    first = np.argmax((demand > 0) | (stocked & known), axis=1)
    status = np.where(stocked, Status.OBSERVED, Status.CENSORED).astype(np.uint8)
    status[np.arange(len(dates))[None, :] < first[:, None]] = Status.NOT_LISTED
    demand[status == Status.NOT_LISTED] = 0
    master = pd.read_csv(folder / "master.csv").set_index(keys)
    master = master.loc[pd.MultiIndex.from_frame(sales[keys])]
    attributes = {
        name: pd.factorize(master[column], sort=True)[0]
        for name, column in {"category": "Department", "brand": "ProductGroup"}.items()
    }
    return DemandPanel(
        index=_index(sales.Product.to_numpy(), sales.Store.to_numpy()),
        calendar=Calendar("week", np.datetime64(dates[0], "D")),
        demand=demand,
        status=status,
        in_stock=stocked.astype(np.float32),
        covariates=no_covariates(len(dates) + ahead),
        launch=first.astype(np.int32),
        attributes=attributes,
    )


def online_retail_panel(ahead: int = 12) -> DemandPanel:
    folder = data_folder() / "online_retail"
    first = pd.read_parquet(folder / "lines_2009-12-01_2010-12-09.parquet")
    second = pd.read_parquet(folder / "lines_2010-12-09_2011-10-09.parquet")
    lines = pd.concat([first, second[second.InvoiceDate >= "2010-12-10"]])
    product = lines.StockCode.str.match(r"^\d{5}[A-Za-z]*$")
    lines = lines[product & (lines.Quantity > 0) & (lines.Price > 0)]
    lines = lines[~lines.Invoice.astype(str).str.startswith("C")]
    week = lines.InvoiceDate.to_numpy().astype("datetime64[D]")
    start = np.datetime64("2009-11-30")
    period = (week - start).astype(int) // 7
    sku, code = np.unique(lines.StockCode.str.upper().to_numpy().astype(str), return_inverse=True)
    periods = int(period.max()) + 1
    demand = np.zeros((len(sku), periods), np.float32)
    np.add.at(demand, (code, period), lines.Quantity.to_numpy(np.float32))
    launch = np.argmax(demand > 0, axis=1)
    status = np.full(demand.shape, Status.OBSERVED, np.uint8)
    status[np.arange(periods)[None, :] < launch[:, None]] = Status.NOT_LISTED
    status[:, demand.sum(axis=0) == 0] = Status.CLOSED
    return DemandPanel(
        index=_index(sku, np.full(len(sku), "UK")),
        calendar=Calendar("week", start),
        demand=demand,
        status=status,
        in_stock=(status == Status.OBSERVED).astype(np.float32),
        covariates=no_covariates(periods + ahead),
        launch=launch.astype(np.int32),
    )
