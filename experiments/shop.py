"""The shop of an experiment: its tables, as each night of the past would have seen them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.assemble import Situation, assemble
from pipelines.config import Config, load_config
from pipelines.config.tracking import masked
from pipelines.config.variant import Variant
from pipelines.ingest import TABLES, read_tables
from pipelines.night.code_version import code_version
from pipelines.night.inputs import config_text, hash_folder, shop_digest
from pipelines.store.files import digest
from stockwright.errors import ConfigError

#: Tags of a record: digest of the shop's own configuration, and where its tables are.
SHOP, SOURCE = "shop", "source"


@dataclass(frozen=True)
class Shop:
    """source: folder of tables, or URL of a database. inputs: digest of the tables' content. own:
    the configuration without variants, None where ``config`` is that.
    """

    source: str
    config: Config
    inputs: str
    own: Config | None = None

    @classmethod
    def open(cls, source: str, config: Path | None = None) -> Shop:
        """The shop in a folder or database; ``config`` as ``nightly`` takes it.

        A database is known by its URL alone: its content is not read for that. Raises ConfigError
        where the folder is not there.
        """
        if "://" in source:
            return cls(source, load_config(config, None), digest("database", source))
        folder = Path(source)
        if not folder.is_dir():
            raise ConfigError(f"the data folder {source} is not there; check --data")
        files = hash_folder(folder, frozenset(TABLES))
        names = [text for file in files for text in (file.name, file.sha256)]
        return cls(source, load_config(config, folder), digest("folder", *names))

    def under(self, variant: Variant) -> Shop:
        """The same shop with a variant's settings."""
        own = self.own or self.config
        return Shop(self.source, variant.of(self.config), self.inputs, own)

    def tags(self) -> dict[str, str]:
        """What the record of an experiment says of the shop."""
        own = shop_digest((self.own or self.config).model_dump(mode="json"))
        source = self.source if "://" in self.source else str(Path(self.source).resolve())
        return {"inputs": self.inputs, SHOP: own, SOURCE: masked(source)}

    def key(self, *parts: str) -> str:
        """Digest of what decides an experiment: tables, settings, code, and ``parts``."""
        code = code_version(self.config.model.use, "experiments")
        return digest(self.inputs, config_text(self.config), code, *parts)

    def situation(self, date: np.datetime64) -> Situation:
        """What the night of ``date`` saw: of a row dated later it knew nothing.

        Plans and snapshots of earlier nights are left aside. Raises DataError for tables that
        break the contract, ConfigError for a date that closes no period.
        """
        tables = read_tables(self.source, self.config, date)
        return assemble(tables, self.config, date)
