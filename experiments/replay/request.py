"""What a replay is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from experiments.shop import Shop
from pipelines.config.as_of import check_as_of
from pipelines.config.variant import Variant
from pipelines.store.files import digest
from stockwright.calendar import DAYS_PER_PERIOD, Dates
from stockwright.errors import ConfigError

BASE = "base"
_KIND = "replay"


@dataclass(frozen=True)
class ReplayRequest:
    """A replay: the shop's own configuration, and variants of it, through the same evenings.

    first: the close of the first evening. nights: evenings, one a period. warm_up: of them, the
    first that no figure counts; None: the first quarter, at most four weeks. refit: days from one
    fit to the next. skus: that many of the SKUs, always the same ones, with all their locations;
    None: all. workers: processes. force: again, though it was done. digests: of the settings that
    an arm goes by in the record, where those are not what it adds to the shop.
    """

    shop: Shop
    first: np.datetime64
    nights: int
    variants: tuple[Variant, ...] = ()
    warm_up: int | None = None
    refit: int = 7
    skus: int | None = None
    workers: int = 1
    runs: Path = Path("runs")
    force: bool = False
    digests: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "first", check_as_of(self.first, self.shop.config))
        names = [BASE, *(variant.name for variant in self.variants)]
        if len(set(names)) < len(names):
            raise ConfigError(f"each variant has a name of its own, none is {BASE!r}: {names}")
        if self.nights < 1 or self.refit < 1 or (self.skus is not None and self.skus < 1):
            raise ConfigError("nights, refit and skus are whole numbers >= 1")
        if not 0 <= self.settled < self.nights:
            raise ConfigError(f"a warm-up of {self.settled} leaves none of {self.nights} nights")
        periods = {variant.of(self.shop.config).period for variant in self.variants}
        if periods - {self.shop.config.period}:
            raise ConfigError("a variant of a replay keeps the period of the shop")

    @property
    def days(self) -> int:
        """Days of a period."""
        return DAYS_PER_PERIOD[self.shop.config.period]

    @property
    def settled(self) -> int:
        """Evenings of the warm-up."""
        least = min(self.nights // 4, 28 // self.days)
        return least if self.warm_up is None else self.warm_up

    @property
    def last(self) -> np.datetime64:
        """The close of the last period that is served."""
        date: np.datetime64 = self.evenings()[-1] + np.timedelta64(self.days, "D")
        return date

    def evenings(self) -> Dates:
        """The close of each evening, (nights,)."""
        dates: Dates = self.first + np.arange(self.nights) * np.timedelta64(self.days, "D")
        return dates

    def blocks(self) -> list[range]:
        """Numbers of the evenings from one fit to the next."""
        size = max(self.refit // self.days, 1)
        starts = range(0, self.nights, size)
        return [range(start, min(start + size, self.nights)) for start in starts]

    def arms(self) -> dict[str, Shop]:
        """The shop under its own configuration, then under each variant, by name."""
        return {BASE: self.shop} | {each.name: self.shop.under(each) for each in self.variants}

    def key(self) -> str:
        """Digest of all that decides the result; how it is worked out does not."""
        arms = [text for name, shop in self.arms().items() for text in (name, shop.key())]
        told = [text for pair in sorted(self.digests.items()) for text in pair]
        return digest(*arms, self.world(), str(self.settled), *told)

    def world(self) -> str:
        """Digest of what all arms share: the days, the assortment, how often is fitted."""
        parts = (self.first, self.nights, self.refit, self.skus)
        return digest(_KIND, self.shop.inputs, *map(str, parts))

    def until(self, nights: int) -> ReplayRequest:
        """The same replay, cut short."""
        return replace(self, nights=nights, warm_up=min(self.settled, nights - 1))
