"""What tables mean before anyone uses them: net prices, and stock that cannot be negative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from pipelines.config.model import Config
from pipelines.ingest.ingested import FINDING_COLUMNS

_PRICES = (
    *(("sales", "price"), ("products", "price"), ("products", "floor_price"), ("prices", "price")),
)
_KEYED = ("sales", "inventory", "inbound", "commitments")
Frames = Mapping[str, pd.DataFrame]


def net_prices(frames: Frames, config: Config) -> None:
    """Divide selling prices by 1 + VAT where the tables state them with it."""
    if not config.money.price_includes_vat:
        return
    for table, column in _PRICES:
        frame = frames[table]
        frame[column] = frame[column].to_numpy() / (1.0 + config.money.vat)


def findings_of(frames: Frames, given: frozenset[str]) -> pd.DataFrame:
    """Take negative stock as 0, and list it with the SKUs that products does not know.

    Columns FINDING_COLUMNS. value: the stock stated (NEGATIVE_STOCK), or the number of tables
    that name the SKU (UNKNOWN_SKU).
    """
    found = [_negative_stock(frames["inventory"])]
    history = frames["stock_history"]
    history["on_hand"] = np.maximum(history["on_hand"].to_numpy(), 0.0)
    if "products" in given:
        found.append(_unknown_skus(frames))
    return pd.concat(found, ignore_index=True)


def _negative_stock(inventory: pd.DataFrame) -> pd.DataFrame:
    on_hand = inventory["on_hand"].to_numpy()
    bad = inventory[on_hand < 0]
    latest = _latest(inventory)[on_hand < 0]
    bad = bad[latest]
    findings = _findings("NEGATIVE_STOCK", "high", bad["sku"], bad["location"], bad["on_hand"])
    inventory["on_hand"] = np.maximum(on_hand, 0.0)
    return findings


def unreadable_stock(keys: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """A finding for each key of a bad row of inventory: its stock is unknown, and not 0."""
    frame = pd.concat(keys, ignore_index=True).drop_duplicates().sort_values(["sku", "location"])
    frame = frame[(frame["sku"] != "") & (frame["location"] != "")]
    none = pd.Series(np.nan, index=frame.index)
    return _findings("STOCK_UNREADABLE", "high", frame["sku"], frame["location"], none)


def _latest(inventory: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Rows of the last date that their key reports, or without a date."""
    dates = inventory["date"]
    keys = [inventory["sku"], inventory["location"]]
    last = dates.groupby(keys, observed=True).transform("max")
    return np.asarray(dates.isna() | (dates == last), np.bool_)


def _unknown_skus(frames: Frames) -> pd.DataFrame:
    known = pd.Index(frames["products"]["sku"])
    names = [pd.Index(frames[table]["sku"].unique()) for table in _KEYED]
    named = pd.Series([sku for index in names for sku in index.astype("str")], dtype="str")
    tables = named[~named.isin(known)].value_counts(sort=False).sort_index()
    skus = pd.Series(tables.index, dtype="str")
    empty = pd.Series("", index=skus.index, dtype="str")
    return _findings("UNKNOWN_SKU", "low", skus, empty, tables)


def _findings(
    code: str, severity: str, sku: pd.Series, location: pd.Series, value: pd.Series
) -> pd.DataFrame:
    texts = [pd.array([text] * len(sku), dtype="str") for text in (code, severity)]
    keys = [column.astype("str").array for column in (sku, location)]
    nowhere = pd.array([""] * len(sku), dtype="str")
    content = [*texts, *keys, value.to_numpy(dtype=np.float64), nowhere, np.nan]
    return pd.DataFrame(dict(zip(FINDING_COLUMNS, content, strict=True)))
