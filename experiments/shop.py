"""The shop of an experiment: its tables, as each night of the past would have seen them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.assemble import Situation, assemble
from pipelines.config import Config, load_config
from pipelines.config.tracking import masked
from pipelines.config.variant import Variant
from pipelines.ingest import TABLES, read_tables
from pipelines.night.code_version import code_version
from pipelines.night.inputs import config_text, hash_database, hash_folder, shop_digest
from pipelines.store.files import digest
from stockwright.errors import ConfigError, DataError

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

        A database is read for its digest. Raises ConfigError where there is none such, DataError
        where a database cannot be read.
        """
        folder = None if "://" in source else Path(source)
        if not (folder is None or folder.is_dir()):
            raise ConfigError(f"the data folder {source} is not there; check --data")
        settings = load_config(config, folder)
        return cls(source, settings, _content(source, settings))

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

    def check_unchanged(self, kept: Path | None = None) -> None:
        """Raise DataError where the tables are no longer those that were opened; what was worked
        out in the folder ``kept`` is then of neither and is removed.
        """
        if _content(self.source, self.config) == self.inputs:
            return
        if kept is not None:
            shutil.rmtree(kept, ignore_errors=True)
        raise DataError(
            "the tables changed while the experiment read them, so what it found is of no use; "
            "let the export end, then give the same command again"
        )


def _content(source: str, config: Config) -> str:
    """Digest of what the tables hold."""
    if "://" in source:
        kind, files = "database", hash_database(source, config)
    else:
        kind, files = "folder", hash_folder(Path(source), frozenset(TABLES))
    return digest(kind, *(text for file in files for text in (file.name, file.sha256)))
