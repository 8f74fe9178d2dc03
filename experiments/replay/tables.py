"""What the nights of a replay read: the shop's tables, without the stock of those days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from experiments.shop import Shop
from pipelines.assemble import Situation, assemble
from pipelines.assemble.demand import days_of
from pipelines.assemble.keys import build_keys
from pipelines.config import Config
from pipelines.ingest import Ingested, OpenSource, read_tables, validate
from pipelines.ingest.table import used_categories
from stockwright.calendar import Dates
from stockwright.errors import ConfigError, DataError
from stockwright.panel import mix_hash, text_hash

# What these tell of the stock of a night is the shop's; a replay has its own.
_OWN = ("inbound", "plan_status")


@dataclass(frozen=True)
class ReplayTables:
    """The tables as each evening of the replay saw them, and the keys that all evenings have.

    chosen: the SKUs of the replay, None for all. sku, location: names of the keys, (series,); what
    the shop carries is listed before it is first sold.
    """

    source: str
    chosen: frozenset[str] | None
    sku: tuple[str, ...]
    location: tuple[str, ...]
    of_skus: int = 0

    @classmethod
    def open(cls, shop: Shop, last: np.datetime64, skus: int | None) -> ReplayTables:
        """The tables of a shop for evenings up to ``last``. skus: how many, in a stable order.

        Raises ConfigError where the tables end before ``last``, DataError where they break the
        contract.
        """
        whole = cls(shop.source, None, (), ())
        # Stock is told of one date only, mostly a later one: what is carried is read off all rows.
        found = validate(shop.source, shop.config).accepted()
        _check_reach(found.tables, last)
        index = build_keys(found.tables).index
        names = np.array(index.skus, object)
        if not len(names):
            raise DataError("the tables name no key to replay")
        chosen = None
        if skus is not None and skus < len(names):
            order = np.argsort(mix_hash(text_hash(index.skus)), kind="stable")
            chosen = frozenset(map(str, names[order[:skus]]))
        kept = np.array([chosen is None or name in chosen for name in names], np.bool_)[index.sku]
        sku, place = index.sku_names()[kept], index.location_names()[kept]
        return replace(
            whole, chosen=chosen, sku=tuple(sku), location=tuple(place), of_skus=len(names)
        )

    def read(self, config: Config, date: np.datetime64) -> Ingested:
        """The tables of the chosen SKUs as known at the close of ``date``. Raises DataError."""
        return self._chosen_of(read_tables(self.source, config, date))

    def evening(self, config: Config, date: np.datetime64) -> Situation:
        """What the night of ``date`` sees; nothing is in stock and nothing on its way.

        Raises DataError.
        """
        return self._situation(self.read(config, date), config)

    def evenings(self, config: Config, dates: Dates) -> Iterator[Situation]:
        """What each night of ``dates`` sees; the tables are read once. Raises DataError."""
        source = OpenSource.of(self.source, config)
        return (self._situation(self._chosen_of(source.known(date)), config) for date in dates)

    def _situation(self, found: Ingested, config: Config) -> Situation:
        tables = dict(found.tables)
        tables["inventory"] = self._empty_shelves(tables["inventory"])
        tables |= {name: tables[name].iloc[:0] for name in _OWN}
        return assemble(replace(found, tables=tables), config, found.as_of)

    def _chosen_of(self, found: Ingested) -> Ingested:
        if self.chosen is None:
            return found
        tables = {name: self._narrowed(frame) for name, frame in found.tables.items()}
        return replace(found, tables=tables, findings=self._narrowed(found.findings))

    def _narrowed(self, frame: pd.DataFrame) -> pd.DataFrame:
        kept = np.ones(len(frame), np.bool_)
        for name in ("sku", "kit", "component"):
            if name in frame.columns and self.chosen is not None:
                kept &= frame[name].isin([*self.chosen, ""]).to_numpy(np.bool_)
        return frame if kept.all() else used_categories(frame[kept].reset_index(drop=True))

    def _empty_shelves(self, inventory: pd.DataFrame) -> pd.DataFrame:
        """A row without stock for each key."""
        n = len(self.sku)
        rows = inventory.iloc[:0].reindex(range(n))
        given = {"sku": self.sku, "location": self.location, "quality": "good", "owner": "own"}
        for name in rows.columns:
            column = inventory[name]
            if isinstance(column.dtype, pd.CategoricalDtype) or column.dtype == "str":
                texts = pd.Series(given.get(name, ""), index=range(n), dtype="str")
                is_category = isinstance(column.dtype, pd.CategoricalDtype)
                rows[name] = texts.astype("category") if is_category else texts
        return rows.assign(on_hand=0.0, reserved=0.0)


def _check_reach(tables: Mapping[str, pd.DataFrame], last: np.datetime64) -> None:
    """Raise ConfigError unless some table tells of the day ``last``."""
    dates = [tables[name]["date"] for name in ("sales", "availability", "stock_history")]
    newest = np.append(days_of(pd.concat(dates)), np.datetime64("0001-01-01", "D")).max()
    if newest < last:
        raise ConfigError(
            f"the tables end on {newest}, the replay on {last}: begin earlier or replay less"
        )
