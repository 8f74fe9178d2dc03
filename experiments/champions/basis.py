"""What evidence stands on: the shop, its assortment and the days that were looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.record import SAMPLE, Record
from experiments.shop import SHOP, SOURCE
from pipelines.config import Config
from pipelines.config.load import config_from
from pipelines.night.inputs import shop_digest
from pipelines.night.layout import RunsFolder
from pipelines.night.manifest import last_shop
from stockwright.errors import ConfigError


@dataclass(frozen=True)
class Basis:
    """What one experiment stands on.

    kind: of experiment. place: its folder. shop: digest of the shop's own configuration, "" where
    that is not known. first, last: days, ISO 8601, "" where they are not known. sample: as "20 of
    2,000 SKUs", "" for all. source: of the tables.
    """

    kind: str
    place: str
    shop: str = ""
    first: str = ""
    last: str = ""
    sample: str = ""
    source: str = ""

    @classmethod
    def of(cls, place: Path, record: Record) -> Basis:
        """The basis of a replay or backtest."""
        params, tags = record.params, record.tags
        if record.kind == "replay":
            first, last = str(params.get("first", "")), ""
            if first:
                days = int(params["nights"]) * int(params.get("period_days", 1))
                last = str(np.datetime64(first, "D") + np.timedelta64(days, "D"))
        else:
            first, last = str(params.get("first_origin", "")), str(params.get("last_origin", ""))
        told = (tags.get(SHOP, ""), first, last, tags.get(SAMPLE, ""), tags.get(SOURCE, ""))
        return cls(record.kind, str(place), *told)

    def __str__(self) -> str:
        days = f" of {self.first} to {self.last}" if self.first else ", dates not known"
        return f"{self.kind}{days}{f' on {self.source}' if self.source else ''}"

    def fits(self, shop: str) -> bool:
        """Whether it is of a shop's configuration, as far as that can be told."""
        return not (self.shop and shop) or self.shop == shop


@dataclass(frozen=True)
class Tonight:
    """What the shop is now: digest of its own configuration, and the date of its last night; ""
    where no night tells.
    """

    shop: str = ""
    date: str = ""

    @classmethod
    def of(cls, runs: Path) -> Tonight:
        """As the last night in a folder of runs had it."""
        known = last_shop(RunsFolder(runs))
        return cls() if known is None else cls(shop_digest(known[1]), known[0])


def known_shop(runs: Path) -> Config | None:
    """The shop's own configuration as its last night had it; None where that cannot be told."""
    known = last_shop(RunsFolder(runs))
    try:
        return None if known is None else config_from(known[1], "the last night")
    except ConfigError:
        return None


def best_last(bases: Sequence[Basis], tonight: Tonight) -> list[int]:
    """Places of ``bases``, those that stand on most last: on this shop, on all of it, on later
    days; of equals the later one in ``bases``.
    """

    def rank(place: int) -> tuple[bool, bool, str, int]:
        one = bases[place]
        return one.fits(tonight.shop), not one.sample, one.last, place

    return sorted(range(len(bases)), key=rank)


Line = tuple[str, str, str, bool]


def lines(bases: Sequence[Basis], tonight: Tonight, oldest: int) -> Iterator[Line]:
    """Name, what is measured, the limit, and whether it is kept, of what evidence stands on.

    oldest: days that it may end before the last night.
    """
    if not bases:
        return
    others = [str(one) for one in bases if not one.fits(tonight.shop)]
    told = bool(tonight.shop) and all(one.shop for one in bases)
    said = "the same as now" if told else "not known for all of it"
    said = f"another one: {'; '.join(others)}" if others else said
    yield "configuration of the shop", said, "as its last night had it", not others
    samples = [f"{one.kind}: {one.sample}" for one in bases if one.sample]
    said = f"a sample, {'; '.join(samples)}" if samples else "all of it"
    yield "assortment", said, "all of it", not samples
    ages = [
        int((np.datetime64(tonight.date, "D") - np.datetime64(one.last, "D")).astype(np.int64))
        for one in bases
        if one.last and tonight.date
    ]
    said = "; ".join(map(str, bases))
    if ages:
        said += f"; the oldest ends {max(ages)} days before the night of {tonight.date}"
    wanted = f"ends at most {oldest} days before the last night"
    yield "days", said, wanted, max(ages, default=0) <= oldest
