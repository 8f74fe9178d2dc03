"""Names for people, grades by value and steadiness, life stages, and static codes for models."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.demand import Sold, Window
from pipelines.assemble.keys import Keys
from pipelines.assemble.listing import Listing
from pipelines.assemble.situation import Catalog, Texts
from pipelines.assemble.words import word_codes
from pipelines.config.grades import GradesConfig
from stockwright.network import Locations
from stockwright.panel import Status

Floats = NDArray[np.float64]
_NEW_DAYS, _DORMANT_DAYS, _YEAR = 56, 182, 364
_PRICE_TIERS = 8
# The attribute that names the season of an article, and the levels of the category beside it.
SEASON, SEASON_DEPTH = "attr_season", 2


def catalog_of(
    products: pd.DataFrame,
    sales: Sold,
    status: NDArray[np.uint8],
    value: Floats,
    listing: Listing,
    sells: NDArray[np.bool_],
    keys: Keys,
    window: Window,
    grades: GradesConfig,
) -> Catalog:
    """What a person reads beside a key; ``value`` (series,) is the money sold in the last year."""
    spread = weekly_variation(sales.units, status, window.calendar.days)
    return Catalog(
        sku_name=sku_texts(products, "name", keys),
        category=sku_texts(products, "category", keys),
        brand=sku_texts(products, "brand", keys),
        planner=sku_texts(products, "planner", keys),
        abc_xyz=grades_of(value, spread, keys, grades),
        life_stage=life_stages(sales, listing, sells, keys, window),
        first_sale=sales.first,
        last_sale=sales.last,
    )


def sku_texts(products: pd.DataFrame, column: str, keys: Keys) -> Texts:
    """(skus,) a text column of the products by SKU code, "" where unknown."""
    texts = np.full(len(keys.index.skus) + 1, "", dtype=object)
    texts[keys.skus(products["sku"])] = products[column].to_numpy(object)
    kept: Texts = texts[:-1]
    return kept


def grades_of(value: Floats, spread: Floats, keys: Keys, grades: GradesConfig) -> Texts:
    """(series,) "AX" ... "CZ" from the value sold and the coefficient of variation of demand.

    A series with nothing sold of its own carries the grade of its SKU over all locations.
    """
    skus = len(keys.index.skus)
    sku_value: Floats = np.bincount(keys.index.sku, value, minlength=skus).astype(np.float64)
    sku_spread = np.bincount(keys.index.sku, value * np.nan_to_num(spread), minlength=skus)
    mean_spread = np.divide(sku_spread, sku_value, out=np.full(skus, np.inf), where=sku_value > 0)
    own = _letters(value, spread, grades)
    of_sku = _letters(sku_value, mean_spread, grades)[keys.index.sku]
    return np.asarray(np.where(value > 0, own, of_sku), object)


def _letters(value: Floats, spread: Floats, grades: GradesConfig) -> Texts:
    order = np.argsort(-value, kind="stable")
    before = np.empty(len(value))
    before[order] = np.cumsum(value[order]) - value[order]
    share = before / max(float(value.sum()), np.finfo(float).tiny)
    abc = np.where(share < grades.a_share, "A", np.where(share < grades.b_share, "B", "C"))
    abc = np.where(value > 0, abc, "C")
    steady = np.nan_to_num(spread, nan=np.inf)
    x, y = steady < grades.x_limit, steady < grades.y_limit
    xyz = np.where(x, "X", np.where(y, "Y", "Z"))
    return np.char.add(abc, xyz).astype(object)


def weekly_variation(
    units: NDArray[np.float32], status: NDArray[np.uint8], days_per_period: int
) -> Floats:
    """(series,) standard deviation over mean of demand in the last 52 weeks; NaN without demand.

    Only weeks in which the series was listed in every period count.
    """
    per_week = 7 // days_per_period
    weeks = min(units.shape[1] // per_week, 52)
    if not weeks:
        return np.full(len(units), np.nan)
    shape = (len(units), weeks, per_week)
    week = units[:, -weeks * per_week :].reshape(shape).sum(axis=2, dtype=np.float64)
    listed = status[:, -weeks * per_week :].reshape(shape).max(axis=2) <= Status.CENSORED
    count = listed.sum(axis=1)
    total = np.where(listed, week, 0.0).sum(axis=1)
    mean = np.divide(total, count, out=np.zeros(len(units)), where=count > 0)
    square = np.where(listed, (week - mean[:, None]) ** 2, 0.0).sum(axis=1)
    deviation = np.sqrt(square / np.maximum(count, 1))
    spread: Floats = np.divide(deviation, mean, out=np.full(len(units), np.nan), where=mean > 0)
    return spread


_STAGES = ("regular", "new", "dormant", "stocked", "upcoming", "ended")


def life_stages(
    sales: Sold, listing: Listing, sells: NDArray[np.bool_], keys: Keys, window: Window
) -> Texts:
    """(series,) life stage, see Catalog. ``sells``: (locations,) whether anything was sold there.

    A key at a location that never sold carries the liveliest stage of its SKU elsewhere.
    """
    last = window.periods - 1
    age = (last - listing.launch.astype(np.int64) + 1) * window.calendar.days
    never = np.isnat(sales.last)
    quiet = (window.as_of - np.where(never, window.calendar.start, sales.last)).astype(np.int64)
    cases = [
        listing.ends <= last,
        listing.launch > last,
        age <= _NEW_DAYS,
        never,
        quiet >= _DORMANT_DAYS,
    ]
    stage = np.select(cases, [5, 4, 1, 3, 2], 0)
    selling = sells[keys.index.location]
    liveliest = np.full(len(keys.index.skus), len(_STAGES))
    np.minimum.at(liveliest, keys.index.sku[selling], stage[selling])
    borrowed = liveliest[keys.index.sku]
    stage = np.where(selling | (borrowed == len(_STAGES)), stage, borrowed)
    names: Texts = np.array(_STAGES, object)[stage]
    return names


def attributes_of(
    products: pd.DataFrame, price: Floats, locations: Locations, keys: Keys
) -> dict[str, NDArray[np.int32]]:
    """Static int32 codes of each series, -1 for unknown; codes follow the sorted names.

    sku, location, region, brand, style, category_1 ... (the path down to that level),
    season_group (that path with ``attr_season``, where the products have it), price_tier (eighths
    of all keys by price), attr_*, word_1 ... (the words of the name).
    """
    index = keys.index
    codes = {"sku": index.sku, "location": index.location}
    codes["region"] = _coded(np.array([*locations.region], object))[index.location]
    names = ["brand", "style", *sorted(c for c in products.columns if c.startswith("attr_"))]
    for name in names:
        texts = sku_texts(products, name, keys)
        codes[name] = _coded(texts)[index.sku]
    paths = pd.Series(sku_texts(products, "category", keys), dtype=object).str.split("/")
    depth = int(paths.str.len().max()) if len(paths) else 0
    for level in range(1, depth + 1):
        texts = paths.str[:level].str.join("/").to_numpy(object)
        codes[f"category_{level}"] = _coded(texts)[index.sku]
    if SEASON in products.columns:
        told = sku_texts(products, SEASON, keys)
        whole = paths.str[:SEASON_DEPTH].str.join("/").to_numpy(object)
        codes["season_group"] = _coded(whole + "|" + told)[index.sku]
    codes["price_tier"] = _tiers(price)
    words = word_codes(sku_texts(products, "name", keys))
    codes |= {name: values[index.sku] for name, values in words.items()}
    return codes


def _coded(texts: Texts) -> NDArray[np.int32]:
    known = pd.Series(texts, dtype=object).where(texts != "", None)
    codes, _ = pd.factorize(known, sort=True)
    return np.asarray(codes, np.int32)


def _tiers(price: Floats) -> NDArray[np.int32]:
    known = ~np.isnan(price)
    if not known.any():
        return np.full(len(price), -1, np.int32)
    edges = np.quantile(price[known], np.arange(1, _PRICE_TIERS) / _PRICE_TIERS)
    tier = np.searchsorted(edges, np.nan_to_num(price), side="right")
    return np.where(known, tier, -1).astype(np.int32)
