"""The demo shop's small tables: products, locations, suppliers, lanes, events, prices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.demo.catalog import SEASONS, Items, SupplierTerms, column
from pipelines.demo.demand import Cuts
from pipelines.demo.events import EVENTS, KNOWN_DAYS_AHEAD, DayTable, discounts
from pipelines.demo.params import CATEGORIES, CENTRAL, REGIONAL
from pipelines.demo.stock import TRANSFER_REVIEW
from pipelines.demo.streams import Floats, mixed, stream_key, uniform

Ints = NDArray[np.int64]

_COLORS = ("雾蓝", "米白", "墨黑", "豆绿", "浅粉", "焦糖")
_SIZES = ("小号", "中号", "大号")
_BRANDS = ("Banyan", "Cloudmill", "Northpine", "Plumhouse", "青禾", "Saltbay", "山雀", "Tidewell")
_PLANNERS = ("chen", "li", "wang", "zhao")
#: Events that are made by the trade; the others are public holidays.
SALES = tuple(shape.name for shape in EVENTS if shape.main_day)
#: Days before its first day on which a price cut is decided.
CUT_KNOWN_DAYS = 45


def dates(days: Any) -> NDArray[np.object_]:
    """Days since 1970 as text, empty where out of the calendar of the shop."""
    days = np.asarray(days, np.int64)
    known = (days > 10_000) & (days < 40_000)
    text = np.where(known, days, 0).astype("datetime64[D]").astype(str).astype(object)
    return np.where(known, text, "")


def frame(columns: Mapping[str, Any]) -> pd.DataFrame:
    """A table of these columns; single values are repeated."""
    return pd.DataFrame(dict(columns))


def products(items: Items, seed: int) -> pd.DataFrame:
    """One row a SKU."""

    def draw(stream: str, many: int) -> Ints:
        keys = mixed(items.key, stream_key(seed, stream))
        return (uniform(keys) * many).astype(np.int64)

    color, brand = np.array(_COLORS)[items.style % len(_COLORS)], items.style * 7 % len(_BRANDS)
    kinds = [[f"{c.name}/{kind}" for kind in c.kinds] for c in CATEGORIES]
    path = np.array([kinds[c][k] for c, k in zip(items.category, items.kind, strict=True)])
    size = np.array(_SIZES)[np.arange(len(items.sku)) % len(_SIZES)]
    leaf = np.char.partition(path, "/")[:, 2]
    style = np.char.add("ST", np.char.zfill((items.style + 1).astype(str), 5))
    name = [f"{a} {b} {c} {d}" for a, b, c, d in zip(leaf, style, color, size, strict=True)]
    season = np.where(items.season > 4, ((items.peak_day - 45) // 91).astype(np.int64) % 4, -1)
    return frame(
        {
            "sku": items.sku,
            "name": name,
            "style": style,
            "category": path,
            "brand": np.array(_BRANDS)[brand],
            "unit_cost": items.cost,
            "price": items.price,
            "volume": np.round(0.0004 * (1 + draw("volume", 30)), 4),
            "weight": np.round(0.05 * (1 + draw("weight", 40)), 2),
            "order_unit": 1,
            "units_per_case": items.pack,
            "launch_date": dates(items.launch),
            "end_date": dates(items.end),
            "stock_mode": "stock",
            "planner": np.array(_PLANNERS)[items.category % len(_PLANNERS)],
            "attr_color": color,
            "attr_season": np.array([*SEASONS, ""])[season],
        }
    )


def locations() -> pd.DataFrame:
    """The central and the regional warehouses."""
    sites = (CENTRAL, *REGIONAL)
    return frame(
        {
            "location": [site.location for site in sites],
            "kind": [site.kind for site in sites],
            "parent": ["", *[CENTRAL.location] * len(REGIONAL)],
            "counts_stock": "yes",
            "region": [site.region for site in sites],
            "tier": [site.tier for site in sites],
            "sells": ["no", *["yes"] * len(REGIONAL)],
        }
    )


def coverage() -> pd.DataFrame:
    """Every region is served by its own warehouse, and by the others later and for more."""
    rows = [(region, site) for region in REGIONAL for site in REGIONAL]
    rows.sort(key=lambda row: (row[0] is not row[1], REGIONAL.index(row[0])))
    own = [region is site for region, site in rows]
    far = np.array([abs(region.transfer_days - site.transfer_days) for region, site in rows])
    return frame(
        {
            "region": [region.region for region, _ in rows],
            "location": [site.location for _, site in rows],
            "hours": np.where(own, 24, 36 + 12 * far),
            "unit_freight": np.where(own, 3.0, 4.5 + 1.5 * far),
            "priority": np.where(own, 1, 1 + far),
        }
    )


def suppliers(terms: SupplierTerms) -> pd.DataFrame:
    """One row a supplier."""
    return frame(
        {
            "supplier": terms.name,
            "min_order_value": terms.min_order_value,
            "order_weekdays": [",".join(map(str, days)) for days in terms.weekdays],
            "fixed_cost": terms.fixed_cost,
        }
    )


def lanes(items: Items, terms: SupplierTerms, seed: int) -> pd.DataFrame:
    """Suppliers to central by SKU, some expedited; central to regional; lateral."""
    names = np.array(terms.name)
    review = terms.review[items.supplier]
    breaks = uniform(mixed(items.key, stream_key(seed, "breaks"))) < 0.1
    first = np.maximum(items.moq, items.pack) * 4
    text = [f"{u}:{c:.2f}" for u, c in zip(first, items.cost * 0.96, strict=True)]
    pairs = zip(names[items.supplier], items.sku, strict=True)
    codes = [f"{supplier}-{sku[1:]}" for supplier, sku in pairs]
    regular = frame(
        {
            "source": names[items.supplier],
            "destination": CENTRAL.location,
            "sku": items.sku,
            "kind": "regular",
            "lead_time_days": items.lead_time,
            "lead_time_sd_days": np.round(0.5 + 0.05 * items.lead_time, 1),
            "review_days": review,
            "moq": items.moq,
            "order_multiple": items.pack,
            "unit_cost": items.cost,
            "unit_freight": 0.0,
            "price_breaks": np.where(breaks, text, ""),
            "priority": 1,
            "supplier_sku": codes,
        }
    )
    fast = uniform(mixed(items.key, stream_key(seed, "expedited"))) < 0.1
    expedited = regular[fast].assign(kind="expedited", moq=0, price_breaks="", priority=5)
    expedited["lead_time_days"] = np.maximum(items.lead_time[fast] // 3, 1)
    expedited["unit_cost"] = np.round(items.cost[fast] * 1.15, 2)
    return pd.concat([regular, expedited, transfer_lanes()], ignore_index=True)


def transfer_lanes() -> pd.DataFrame:
    """Central to each regional location, and between the regional ones."""
    down = [(CENTRAL, site, site.transfer_days, site.freight, 1) for site in REGIONAL]
    lateral = [(a, b, 4, 2.5, 9) for a in REGIONAL for b in REGIONAL if a != b]
    return frame(
        {
            "source": [row[0].location for row in down + lateral],
            "destination": [row[1].location for row in down + lateral],
            "sku": "",
            "kind": "transfer",
            "lead_time_days": [row[2] for row in down + lateral],
            "lead_time_sd_days": 0.5,
            "review_days": TRANSFER_REVIEW,
            "moq": 0,
            "order_multiple": 1,
            "unit_freight": [row[3] for row in down + lateral],
            "priority": [row[4] for row in down + lateral],
        }
    )


def events(table: DayTable, first_day: int, last_day: int) -> pd.DataFrame:
    """The phases that end on or after ``first_day`` and are known by ``last_day``."""
    rows = [
        row
        for row in table.rows
        if row.last >= first_day and row.first - KNOWN_DAYS_AHEAD <= last_day
    ]
    off = discounts(np.array([row.phase.off for row in rows]))
    listed = [
        (row, category.name if row.phase.off else "", off[i, c])
        for i, row in enumerate(rows)
        for c, category in enumerate(CATEGORIES if row.phase.off else CATEGORIES[:1])
    ]
    return frame(
        {
            "event": [row.event for row, _, _ in listed],
            "phase": [row.phase.name for row, _, _ in listed],
            "start": dates([row.first for row, _, _ in listed]),
            "end": dates([row.last for row, _, _ in listed]),
            "discount_off": [off for _, _, off in listed],
            "category": [name for _, name, _ in listed],
            "kind": ["sale" if row.event in SALES else "holiday" for row, _, _ in listed],
            "known_since": dates([row.first - KNOWN_DAYS_AHEAD for row, _, _ in listed]),
        }
    )  # fmt: skip


def prices(items: Items, cuts: Cuts, first_day: int, last_day: int) -> pd.DataFrame:
    """The price cuts that end on or after ``first_day`` and are known by ``last_day``."""
    on_sale = (cuts.last >= items.launch[:, None]) & (cuts.first <= items.end[:, None])
    known = cuts.first - CUT_KNOWN_DAYS <= last_day
    sku, slot = np.nonzero((cuts.off > 0) & on_sale & known & (cuts.last >= first_day))
    price: Floats = np.round(items.price[sku] * (1 - cuts.off[sku, slot]), 2)
    return frame(
        {
            "sku": np.array(items.sku)[sku],
            "start": dates(cuts.first[sku, slot]),
            "end": dates(cuts.last[sku, slot]),
            "price": price,
            "known_since": dates(cuts.first[sku, slot] - CUT_KNOWN_DAYS),
        }
    )


def presale_share() -> Floats:
    """Share of a burst's demand that is ordered with a deposit, by category."""
    return np.asarray(0.12 * column("event"), np.float64)
