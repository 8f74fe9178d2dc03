"""The demo shop's SKUs: what they are, what they cost, how fast they sell and how long they live.

Every number of a SKU is drawn from its own number and the seed, so that a shop of 100 SKUs holds
the first 100 of a shop of 10,000.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pipelines.demo.params import CATEGORIES, DEMO_LAST_DATE, REGIONAL, DemoParams
from pipelines.demo.streams import Floats, Keys, mixed, normal, stream_key, uniform, whole_keys
from stockwright.panel import text_hash

Ints = NDArray[np.int64]

_STYLE_SKUS = 3
_FAR = 10**6
_LAST_DAY = int(DEMO_LAST_DATE.astype(np.int64))
_SEASON_PEAKS = np.array([100, 196, 288, 8])
SEASONS = ("spring", "summer", "autumn", "winter")


@dataclass(frozen=True)
class Items:
    """The SKUs of the shop, all (skus,) unless said otherwise.

    key: hash of seed and SKU. category: position in ``CATEGORIES``; kind: of its second level.
    rate: units per day over all locations before seasons and events. split: (skus, regional)
    shares of the locations. alpha, lump: Var = mean (1 + lump) + alpha mean**2. price, cost: CNY.
    elasticity: minus the exponent of price. returns: share of units sent back.
    launch, end: first and last day on sale, days since 1970. peak_day, season: see Category.
    response: to events. supplier: its number. lead_time: days to central. pack, moq: units.
    """

    sku: tuple[str, ...]
    key: Keys
    style: Ints
    category: Ints
    kind: Ints
    rate: Floats
    split: Floats
    alpha: Floats
    lump: Floats
    price: Floats
    cost: Floats
    elasticity: Floats
    returns: Floats
    launch: Ints
    end: Ints
    peak_day: Floats
    season: Floats
    response: Floats
    supplier: Ints
    lead_time: Ints
    pack: Ints
    moq: Ints


def sku_names(skus: int) -> tuple[str, ...]:
    """The SKU codes, sorted."""
    return tuple(f"P{number:06d}" for number in range(1, skus + 1))


def sku_keys(seed: int, skus: int) -> Keys:
    """The key of each SKU's streams."""
    return mixed(text_hash(sku_names(skus)), stream_key(seed, "sku"))


def column(name: str, field: str = "") -> Any:
    """One number of each category."""
    return np.array([getattr(category, name) for category in CATEGORIES])


def make_items(skus: int, seed: int, params: DemoParams) -> Items:
    """Draw the SKUs."""
    style = np.arange(skus, dtype=np.int64) // _STYLE_SKUS
    style_key = mixed(whole_keys(style), stream_key(seed, "style"))
    key = sku_keys(seed, skus)

    def draw(stream: str, keys: Keys = key) -> Floats:
        return uniform(mixed(keys, stream_key(seed, stream)))

    category = np.searchsorted(np.cumsum(column("share")), draw("category", style_key))
    category = np.minimum(category, len(CATEGORIES) - 1).astype(np.int64)
    kinds = np.array([len(c.kinds) for c in CATEGORIES])[category]
    rate = _rates(draw("rank"), params)
    price = column("price")[category] * np.exp(0.45 * special.ndtri(draw("price", style_key)))
    price = np.maximum(np.round(price) - 0.1, 4.9)
    margin = column("margin")[category] + 0.12 * (draw("margin", style_key) - 0.5)
    fields: dict[str, Any] = {
        **_lives(category, draw, draw("season", style_key), params),
        **_supply(rate, draw, draw("supplier", style_key), params),
    }
    return Items(
        sku=sku_names(skus),
        key=key,
        style=style,
        category=category,
        kind=(draw("kind", style_key) * kinds).astype(np.int64),
        rate=rate,
        split=_split(key, seed),
        alpha=params.noise_low * (params.noise_high / params.noise_low) ** draw("alpha"),
        lump=params.lump_low * (params.lump_high / params.lump_low) ** draw("lump"),
        price=price,
        cost=np.round(price * (1 - margin), 2),
        elasticity=column("elasticity")[category] * np.exp(0.12 * special.ndtri(draw("elastic"))),
        returns=column("returns")[category] * (0.6 + 0.8 * draw("returns")),
        response=column("event")[category] * (0.7 + 0.6 * draw("response")),
        **fields,
    )


def _rates(rank: Floats, params: DemoParams) -> Floats:
    head = (1 + rank / params.rank_shift) ** -params.rank_power
    return params.head_rate * head * np.exp(-params.tail * rank**4)


def _split(key: Keys, seed: int) -> Floats:
    sites = text_hash([site.location for site in REGIONAL])
    noise = normal(mixed(mixed(key[:, None], sites), stream_key(seed, "split")))
    weights = np.array([site.share for site in REGIONAL]) * np.exp(0.25 * noise)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float64)


def _lives(category: Ints, draw: Any, season: Floats, params: DemoParams) -> dict[str, Any]:
    """First and last day on sale, and the season."""
    fashion = column("fashion")[category] & (season < 0.75)
    quarter = (season / 0.75 * 4).astype(np.int64) % 4
    peak = np.where(fashion, _SEASON_PEAKS[quarter], column("peak_day")[category])
    chance, when = draw("life"), draw("launch")
    launch = np.where(chance < params.launched, _LAST_DAY - 700 + (when * 760).astype(np.int64), 0)
    ends = (chance >= params.launched) & (chance < params.launched + params.ended)
    end = np.where(ends, _LAST_DAY - 690 + (when * 800).astype(np.int64), _FAR)
    # A fashion style sells for one to three of its seasons, from 70 days before the peak on.
    years = 1 + (draw("years") * 3).astype(np.int64)
    first_year = 2023 + (when * 3.4).astype(np.int64)
    january = (np.datetime64("1970") + (first_year - 1970)).astype("datetime64[D]").astype(np.int64)
    opens = january + peak - 70
    closes = opens + 150 + 365 * (years - 1)
    return {
        "launch": np.where(fashion, opens, launch),
        "end": np.where(fashion, closes, end),
        "peak_day": peak + 12 * (draw("peak") - 0.5),
        "season": np.where(fashion, 5.0, column("season")[category] * (0.5 + draw("strength"))),
    }


def _supply(rate: Floats, draw: Any, supplier: Floats, params: DemoParams) -> dict[str, Any]:
    """Supplier, lead time, pack and MOQ; packs and MOQs grow with the rate."""
    packs = np.array([1, 2, 6, 12, 24])
    place = np.searchsorted([0.05, 0.3, 1.5, 8.0], rate * (0.5 + draw("pack")))
    pack = packs[place]
    wanted = rate * 14 * draw("moq_days") * (draw("moq") < 0.5)
    return {
        "supplier": (supplier * params.suppliers).astype(np.int64),
        "lead_time": 5 + (24 * draw("lead") ** 1.5).astype(np.int64),
        "pack": pack,
        "moq": (np.ceil(wanted / pack) * pack).astype(np.int64),
    }


@dataclass(frozen=True)
class SupplierTerms:
    """The suppliers: names, ISO weekdays on which they take orders, and minima, (suppliers,)."""

    name: tuple[str, ...]
    weekdays: tuple[tuple[int, ...], ...]
    review: Ints
    min_order_value: Floats
    fixed_cost: Floats


def make_suppliers(seed: int, params: DemoParams) -> SupplierTerms:
    """Draw the suppliers."""
    keys = mixed(whole_keys(range(params.suppliers)), stream_key(seed, "supplier terms"))
    choices = ((1,), (2,), (4,), (1, 4), (2, 5), (1, 3, 5))
    pick = (uniform(keys) * len(choices)).astype(np.int64)
    minimum = uniform(mixed(keys, stream_key(seed, "minimum")))
    values = np.where(minimum < 0.5, 0.0, np.round(minimum * 40) * 50)
    return SupplierTerms(
        name=tuple(f"V{number:03d}" for number in range(1, params.suppliers + 1)),
        weekdays=tuple(choices[i] for i in pick.tolist()),
        review=np.array([7, 7, 7, 4, 4, 3])[pick],
        min_order_value=values,
        fixed_cost=np.where(minimum > 0.8, 60.0, 0.0),
    )
