"""What the demo shop's tables do not tell: mean demand, elasticities, and demand to replay.

The truth lies beside the data folder, never inside it, in ``<folder>-truth``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from pipelines.demo.catalog import sku_keys
from pipelines.demo.demand import Streams, make_streams
from pipelines.demo.params import REGIONAL
from pipelines.demo.streams import Floats
from stockwright.errors import DataError

_CHUNK = 64
NOTICE = "Synthetic: this shop does not exist. All names, numbers and dates were generated."


def truth_folder(folder: Path) -> Path:
    """Where the truth of the shop in ``folder`` lies."""
    folder = folder.resolve()
    return folder.with_name(folder.name + "-truth")


@dataclass(frozen=True)
class Truth:
    """True demand of a demo shop.

    skus, locations: names, sorted; locations are those that sell. first_date: of day 0.
    elasticity, list_price, alpha, lump: (skus,). Demand at another price has the mean
    mean * (price / planned) ** -elasticity; a day has Var = m (1 + lump) + alpha m**2 around
    m = mean * weekly shock.
    means: (days, skus, locations) float32, units a day before any stock, at planned prices.
    prices: (days, skus) float32 planned prices.
    """

    seed: int
    shock: float
    first_date: np.datetime64
    skus: tuple[str, ...]
    locations: tuple[str, ...]
    elasticity: Floats
    list_price: Floats
    alpha: Floats
    lump: Floats
    means: NDArray[np.float32]
    prices: NDArray[np.float32]

    @classmethod
    def load(cls, folder: Path) -> Truth:
        """The truth of the shop in the data folder ``folder``.

        Raises DataError where there is none.
        """
        place = truth_folder(folder)
        if not (place / "truth.json").is_file():
            raise DataError(f"no truth of a demo shop in {place}; write one with stockwright demo")
        head: dict[str, Any] = json.loads((place / "truth.json").read_text("utf-8"))
        items = pd.read_parquet(place / "items.parquet")
        return cls(
            seed=head["seed"],
            shock=head["shock"],
            first_date=np.datetime64(head["first_date"], "D"),
            skus=tuple(items["sku"]),
            locations=tuple(head["locations"]),
            elasticity=items["elasticity"].to_numpy(np.float64),
            list_price=items["list_price"].to_numpy(np.float64),
            alpha=items["alpha"].to_numpy(np.float64),
            lump=items["lump"].to_numpy(np.float64),
            means=np.load(place / "mean.npy", mmap_mode="r"),
            prices=np.load(place / "price.npy", mmap_mode="r"),
        )

    def save(self, folder: Path) -> None:
        """Write the truth beside the data folder ``folder``."""
        place = truth_folder(folder)
        place.mkdir(parents=True, exist_ok=True)
        head = {
            "notice": NOTICE,
            "seed": self.seed,
            "shock": self.shock,
            "first_date": str(self.first_date),
            "last_date": str(self.last_date),
            "locations": list(self.locations),
        }
        (place / "truth.json").write_text(json.dumps(head, indent=1) + "\n", "utf-8")
        columns = {"sku": self.skus, "list_price": self.list_price}
        columns |= {"elasticity": self.elasticity, "alpha": self.alpha, "lump": self.lump}
        pd.DataFrame(columns).to_parquet(place / "items.parquet", index=False)
        np.save(place / "mean.npy", self.means)
        np.save(place / "price.npy", self.prices)

    @property
    def last_date(self) -> np.datetime64:
        """Last date that the truth knows, months after the tables end."""
        return self.first_date + np.timedelta64(len(self.means) - 1, "D")

    @cached_property
    def streams(self) -> Streams:
        """The random streams, keyed by SKU, location and date."""
        keys = sku_keys(self.seed, len(self.skus))
        return make_streams(keys, self.alpha, self.lump, self.seed, self.shock)

    def planned_price(self, dates: ArrayLike) -> Floats:
        """The shop's own price, (skus, dates), CNY."""
        return self.prices[self._days(dates)].T.astype(np.float64)

    def mean(self, dates: ArrayLike, price: ArrayLike | None = None) -> Floats:
        """Mean demand before any stock, unrounded: (skus, locations, dates), units a day.

        price: CNY, broadcast to (skus, dates); the shop's planned prices where not given.
        Raises DataError for dates that the truth does not know.
        """
        days = self._days(dates)
        mean = self.means[days].astype(np.float64)
        if price is not None:
            planned = self.prices[days].astype(np.float64)
            asked = np.asarray(price, np.float64)
            ratio = np.broadcast_to(asked if asked.ndim != 1 else asked[:, None], planned.T.shape)
            mean *= ((ratio.T / planned) ** -self.elasticity)[:, :, None]
        return np.ascontiguousarray(mean.transpose(1, 2, 0))

    def demand(
        self, first_date: np.datetime64, days: int, price_multiplier: ArrayLike | None = None
    ) -> NDArray[np.int32]:
        """Units demanded on ``days`` dates from ``first_date``: (skus, locations, days).

        The same (SKU, location, date) and mean give the same units, whatever else is asked for;
        a lower price never lowers them. price_multiplier: on the planned price; a scalar,
        (skus,) or (skus, days).
        """
        span = self._days(first_date.astype("datetime64[D]") + np.arange(days))
        shape = (len(self.skus), days)
        asked = np.asarray(1.0 if price_multiplier is None else price_multiplier, np.float64)
        factor = np.broadcast_to(asked[:, None] if asked.ndim == 1 else asked, shape).T
        out = np.empty((days, len(self.skus), len(self.locations)), np.int32)
        start = int(self.first_date.astype(np.int64))
        for first in range(0, days, _CHUNK):
            part = slice(first, first + _CHUNK)
            mean = self.means[span[part]].astype(np.float64)
            if price_multiplier is not None:
                mean *= (factor[part] ** -self.elasticity)[:, :, None]
            out[part] = self.streams.demand_on(span[part] + start, mean)
        return np.ascontiguousarray(out.transpose(1, 2, 0))

    def rows(self, skus: ArrayLike, locations: ArrayLike) -> NDArray[np.int64]:
        """Place of each (SKU, location) in an array flattened from (skus, locations); -1: none."""
        sku = pd.Index(self.skus).get_indexer(np.asarray(skus, object))
        site = pd.Index(self.locations).get_indexer(np.asarray(locations, object))
        return np.where((sku >= 0) & (site >= 0), sku * len(self.locations) + site, -1)

    def _days(self, dates: ArrayLike) -> NDArray[np.int64]:
        asked = np.atleast_1d(np.asarray(dates, "datetime64[D]"))
        days = (asked - self.first_date).astype(np.int64)
        wrong = asked[(days < 0) | (days >= len(self.means))]
        if wrong.size:
            raise DataError(
                f"dates unknown to the truth: {wrong.size} (first {wrong[0]}); "
                f"it runs from {self.first_date} to {self.last_date}"
            )
        return days


def site_names() -> tuple[str, ...]:
    """The locations that sell, sorted."""
    return tuple(site.location for site in REGIONAL)
