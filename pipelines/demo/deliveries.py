"""How the demo shop's suppliers have delivered, and when their factories are shut."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.demo.catalog import Items, SupplierTerms
from pipelines.demo.events import SPRING_FESTIVAL, day_number
from pipelines.demo.masters import dates, frame
from pipelines.demo.params import CENTRAL
from pipelines.demo.stock import StockRecord
from pipelines.demo.streams import Floats, mixed, stream_key, uniform, whole_keys

#: Days before its first day on which a supplier says when its factory is shut.
CLOSURE_KNOWN_DAYS = 120
# Of a supplier's order lines at most this share is short, by at most this share of the units, of
# which at most this share came and was sent back.
_SHORT_LINES, _SHORT_UNITS, _SENT_BACK = 0.15, 0.2, 0.6


def _of_supplier(terms: SupplierTerms, seed: int, stream: str) -> Floats:
    """A uniform number of each supplier, (suppliers,)."""
    return uniform(mixed(whole_keys(range(len(terms.name))), stream_key(seed, stream)))


def receipts(items: Items, terms: SupplierTerms, record: StockRecord, seed: int) -> pd.DataFrame:
    """The supplier orders that came, with those of their units that did not or were sent back.

    What the stock received are the good units; the order was for as many whole packs more as
    were short or rejected.
    """
    log = record.received_orders
    supplier, pack = items.supplier[log.sku], items.pack[log.sku]
    key = mixed(items.key[log.sku], whole_keys(log.ordered))

    def draw(stream: str) -> Floats:
        return uniform(mixed(key, stream_key(seed, stream)))

    short = draw("short") < _SHORT_LINES * _of_supplier(terms, seed, "short of supplier")[supplier]
    depth = _SHORT_UNITS * draw("depth of short")
    lost = np.where(short, np.ceil(log.units * depth / pack) * pack, 0).astype(np.int64)
    part = _SENT_BACK * _of_supplier(terms, seed, "rejects of supplier")[supplier]
    rejected = np.floor(lost * part).astype(np.int64)
    names = np.array(terms.name)[supplier]
    table = frame(
        {
            "order_id": [
                f"PO{day.replace('-', '')}{name}"
                for day, name in zip(dates(log.ordered), names, strict=True)
            ],
            "sku": np.array(items.sku)[log.sku],
            "destination": CENTRAL.location,
            "supplier": names,
            "ordered_on": dates(log.ordered + 1),
            "promised_on": dates(log.promised),
            "received_on": dates(log.actual),
            "units_ordered": log.units + lost,
            "units_received": log.units + rejected,
            "units_rejected": rejected,
        }
    )
    return table.sort_values(["received_on", "order_id", "sku"], kind="stable")


def closures(terms: SupplierTerms, seed: int, last_day: int) -> pd.DataFrame:
    """The next Spring Festival at every supplier that has said so by ``last_day``.

    Factories shut 3 to 10 days before the new year and open 7 to 20 days after it.
    """
    new_year = min(
        day for day in (day_number(np.datetime64(text, "D")) for text in SPRING_FESTIVAL.values())
        if day > last_day
    )  # fmt: skip
    before = 3 + np.floor(8 * _of_supplier(terms, seed, "shut")).astype(np.int64)
    after = 7 + np.floor(14 * _of_supplier(terms, seed, "open again")).astype(np.int64)
    known = new_year - before - CLOSURE_KNOWN_DAYS
    table = frame(
        {
            "party": terms.name,
            "start": dates(new_year - before),
            "end": dates(new_year + after - 1),
            "kind": "",
            "known_since": dates(known),
        }
    )
    return table[known <= last_day]
