"""What the demo shop has and awaits at the close of its last date."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.demo.catalog import Items, SupplierTerms
from pipelines.demo.masters import dates, frame
from pipelines.demo.params import CENTRAL, REGIONAL
from pipelines.demo.stock import StockRecord
from pipelines.demo.streams import mixed, stream_key, uniform, whole_keys

Ints = NDArray[np.int64]

_SITES = (*(site.location for site in REGIONAL), CENTRAL.location)
_TRANSFER_DAYS = np.array([site.transfer_days for site in REGIONAL])
# Defective goods go back to the supplier after this many days.
_DEFECTIVE_DAYS = 30


def received(record: StockRecord) -> Ints:
    """Units received by (day, sku, location), central last; returns included."""
    days, skus = record.bought.shape
    out = np.zeros((days, skus, len(_SITES)), np.int64)
    out[:, :, : len(REGIONAL)] = record.restocked
    for site, lead in enumerate(_TRANSFER_DAYS.tolist()):
        out[lead + 1 :, :, site] += record.shipped[: days - lead - 1, :, site]
    out[:, :, -1] = record.bought
    return out


def closing(record: StockRecord) -> Ints:
    """Units on hand at the close of the last date, (skus, locations), central last."""
    return np.column_stack([record.closing, record.central_closing])


def batches(record: StockRecord) -> tuple[Ints, Ints, Ints, Ints]:
    """SKU, location, day and units of the batches on hand, first in first out.

    The stock on hand is what was received last; what is older than the record counts as
    received on its first day.
    """
    left = closing(record)
    flow = received(record)
    taken = np.zeros_like(flow)
    for back in range(len(flow) - 1, -1, -1):
        taken[back] = left if back == 0 else np.minimum(flow[back], left)
        left = left - taken[back]
    day, sku, site = np.nonzero(taken)
    units = taken[day, sku, site]
    order = np.lexsort((day, site, sku))
    return sku[order], site[order], day[order] + record.first_day, units[order]


def inventory(items: Items, record: StockRecord, seed: int) -> pd.DataFrame:
    """Stock by batch, units sold and not yet shipped, and defective returns."""
    sku, site, day, units = batches(record)
    today = dates([record.first_day + len(record.sold) - 1])[0]
    keys = mixed(items.key[:, None], whole_keys(range(len(REGIONAL))))
    chance = uniform(mixed(keys, stream_key(seed, "reserved")))
    held = np.floor(record.sold[-1] * 0.4 + chance).astype(np.int64)
    held = np.minimum(held, record.sold[-1])
    bad_flow = (record.returned - record.restocked)[-_DEFECTIVE_DAYS:]
    bad = bad_flow.sum(axis=0, dtype=np.int64)
    parts = [
        _stock_rows(items, (sku, site), dates(day), units, "good"),
        _stock_rows(items, np.nonzero(held), today, held[np.nonzero(held)], "good"),
        _stock_rows(items, np.nonzero(bad), today, bad[np.nonzero(bad)], "defective"),
    ]
    parts[1]["reserved"] = parts[1]["on_hand"]
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "date", today)
    return table.sort_values(["sku", "location", "quality", "received_date"], kind="stable")


def _stock_rows(
    items: Items, place: tuple[Ints, ...], received_on: Any, units: Ints, quality: str
) -> pd.DataFrame:
    """Rows of stock at ``place`` (SKU, location)."""
    text = np.broadcast_to(received_on, units.shape)
    return frame(
        {
            "sku": np.array(items.sku)[place[0]],
            "location": np.array(_SITES)[place[1]],
            "on_hand": units,
            "reserved": 0,
            "quality": quality,
            "batch": [f"B{day.replace('-', '')}" for day in text],
            "received_date": text,
        }
    )


def inbound(items: Items, terms: SupplierTerms, record: StockRecord) -> pd.DataFrame:
    """Supplier orders and transfers that are under way."""
    log = record.open_orders
    supplier = np.array(terms.name)[items.supplier[log.sku]]
    days = zip(dates(log.ordered), supplier, strict=True)
    bought = frame(
        {
            "order_id": [f"PO{day.replace('-', '')}{name}" for day, name in days],
            "sku": np.array(items.sku)[log.sku],
            "destination": CENTRAL.location,
            "source": supplier,
            "units": log.units,
            "available_date": dates(log.promised),
            "kind": "purchase",
            "status": "confirmed",
        }
    )
    parts = [bought, *(_moving(items, record, site) for site in range(len(REGIONAL)))]
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values(["available_date", "order_id", "sku"], kind="stable")


def _moving(items: Items, record: StockRecord, site: int) -> pd.DataFrame:
    lead = int(_TRANSFER_DAYS[site])
    days = len(record.shipped)
    back, sku = np.nonzero(record.shipped[days - lead - 1 :, :, site])
    day = back + days - lead - 1
    going = day + 1 + lead >= days
    day, sku = day[going] + record.first_day, sku[going]
    name = REGIONAL[site].location
    return frame(
        {
            "order_id": [f"TR{text.replace('-', '')}{name}" for text in dates(day)],
            "sku": np.array(items.sku)[sku],
            "destination": name,
            "source": CENTRAL.location,
            "units": record.shipped[day - record.first_day, sku, site],
            "available_date": dates(day + 1 + lead),
            "kind": "transfer",
            "status": "shipped",
        }
    )
