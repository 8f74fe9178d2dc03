"""The ranges of the demo shop. docs/demo-shop.md sets them beside three real data sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stockwright.errors import ConfigError

#: The last date of the tables, and so the date D of the first night: a Sunday inside the
#: Double 11 pre-sale, two weeks before the burst.
DEMO_LAST_DATE = np.datetime64("2025-10-26", "D")
#: Days after the last date for which the truth knows demand.
TRUTH_AHEAD = 150
#: First date for which the calendar of the shop is known.
CALENDAR_START = np.datetime64("2019-01-01", "D")


@dataclass(frozen=True)
class Category:
    """One top-level category: its products, its money and how its demand moves.

    share: of the styles. price: median list price, CNY. margin: share of the list price.
    elasticity: minus the exponent of price in demand. returns: share of units sent back.
    peak_day: day of the year of the seasonal peak; season: strength of the season (the kappa of
    a von Mises curve). event: how strongly the category answers to events, 1 for the average.
    off: deepest event discount. weekend: demand on Saturday and Sunday against weekdays.
    fashion: SKUs live for one or two seasons only.
    """

    name: str
    kinds: tuple[str, ...]
    share: float
    price: float
    margin: float
    elasticity: float
    returns: float
    peak_day: int
    season: float
    event: float
    off: float
    weekend: float
    fashion: bool = False


CATEGORIES = (
    Category(
        "服饰", ("女装", "男装", "鞋靴"), share=0.26, price=139.0, margin=0.53, elasticity=2.2,
        returns=0.18, peak_day=300, season=0.4, event=1.2, off=0.30, weekend=1.15, fashion=True,
    ),
    Category(
        "美妆", ("护肤", "彩妆"), share=0.14, price=119.0, margin=0.54, elasticity=2.6,
        returns=0.04, peak_day=310, season=0.15, event=1.4, off=0.30, weekend=1.05,
    ),
    Category(
        "家居", ("床品", "厨具", "收纳"), share=0.20, price=79.0, margin=0.45, elasticity=1.8,
        returns=0.05, peak_day=290, season=0.2, event=1.0, off=0.20, weekend=1.20,
    ),
    Category(
        "食品", ("零食", "粮油", "茶饮"), share=0.18, price=39.0, margin=0.32, elasticity=1.5,
        returns=0.01, peak_day=15, season=0.3, event=0.8, off=0.15, weekend=1.00,
    ),
    Category(
        "数码", ("配件", "小家电"), share=0.12, price=159.0, margin=0.28, elasticity=2.9,
        returns=0.06, peak_day=180, season=0.15, event=1.3, off=0.20, weekend=1.10,
    ),
    Category(
        "母婴", ("洗护", "玩具"), share=0.10, price=89.0, margin=0.40, elasticity=1.7,
        returns=0.04, peak_day=150, season=0.15, event=1.1, off=0.25, weekend=1.10,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Site:
    """One warehouse. share: of national demand. transfer_days: from the central one. tier: "core"
    where its region is promised delivery within a day, "remote" within two.
    """

    location: str
    kind: str
    region: str
    share: float
    transfer_days: int
    freight: float
    tier: str = ""


CENTRAL = Site("central", "central", "Central China", 0.0, 0, 0.0)
REGIONAL = (
    Site("east", "regional", "East China", 0.50, 2, 0.8, "core"),
    Site("south", "regional", "South China", 0.30, 3, 1.0, "core"),
    Site("west", "regional", "West China", 0.20, 4, 1.6, "remote"),
)


@dataclass(frozen=True)
class DemoParams:
    """How the demo shop behaves; all ranges are over SKUs unless said otherwise.

    head_rate: units per day of the best seller over all locations. rank_shift, rank_power and
    tail: daily units are head_rate * (1 + u / rank_shift) ** -rank_power * exp(-tail * u ** 4)
    for a SKU at share u of the ranking, a Zipf-Mandelbrot law with a cut-off.
    lump_low, lump_high, noise_low, noise_high: the lump and the alpha of a day's
    Var = mean * (1 + lump) + alpha * mean ** 2, drawn evenly in the log: people buy several
    pieces, and days differ. shock: standard deviation of the log of the weekly shock, which
    hangs together over three weeks. drift: amplitude of
    the slow waves of log demand. launched, ended: share of the SKUs that start, and that end,
    within the two years before the last date (fashion apart).
    cut_share: share of the four-week slots with a price cut.
    plan_error: standard deviation of the log error of the shop's own monthly sales plan.
    peak_blindness: share of an event's extra demand that the shop does not plan for.
    safety, central_safety: the shop's safety factors, in standard deviations. trouble: share of
    the supplier orders that arrive late.
    """

    head_rate: float = 210.0
    rank_shift: float = 0.0005
    rank_power: float = 0.80
    tail: float = 3.2
    lump_low: float = 0.5
    lump_high: float = 4.0
    noise_low: float = 0.08
    noise_high: float = 0.60
    shock: float = 0.32
    drift: float = 0.22
    launched: float = 0.22
    ended: float = 0.10
    cut_share: float = 0.16
    plan_error: float = 0.30
    peak_blindness: float = 0.35
    safety: float = 1.3
    trouble: float = 0.06
    suppliers: int = 48
    central_safety: float = 1.4

    def __post_init__(self) -> None:
        positive = ("head_rate", "rank_shift", "rank_power", "noise_low", "suppliers")
        wrong = [name for name in positive if not getattr(self, name) > 0]
        shares = ("launched", "ended", "cut_share", "peak_blindness", "trouble")
        wrong += [name for name in shares if not 0 <= getattr(self, name) < 1]
        if self.noise_high < self.noise_low:
            wrong.append("noise_high")
        if not 0 < self.lump_low <= self.lump_high:
            wrong.append("lump_low, lump_high")
        if wrong:
            raise ConfigError(f"parameters of the demo shop out of range: {', '.join(wrong)}")
