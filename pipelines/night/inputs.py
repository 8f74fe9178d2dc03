"""The identity of a night: the digest of all that decides its plan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.store.files import digest, sha256_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.config import Config
    from pipelines.ingest.discover import Opener

_SUFFIXES = (".csv", ".parquet", ".xlsx")


@dataclass(frozen=True)
class InputFile:
    """A file that a table is read from: its path below the data folder, and its content."""

    name: str
    sha256: str


def hash_folder(folder: Path, tables: frozenset[str]) -> tuple[InputFile, ...]:
    """Hash each file that holds one of the ``tables``, by name.

    Raises OSError where a file cannot be read.
    """
    files: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            parts = path.rglob("*.parquet") if path.name.casefold() in tables else ()
            files += sorted(part for part in parts if part.is_file())
        elif path.suffix.casefold() in _SUFFIXES and path.stem.casefold() in tables:
            files.append(path)
    return tuple(InputFile(str(path.relative_to(folder)), sha256_of(path)) for path in files)


def hash_database(url: str, config: Config) -> tuple[InputFile, ...]:
    """Hash what a night may read of each table of a database, by name: the columns of the contract.

    Raises ConfigError where there is no such database, DataError where it cannot be read.
    """
    from pipelines.ingest.discover import discover
    from pipelines.ingest.header import match_columns
    from pipelines.ingest.schema import TABLES

    def content(name: str, opener: Opener) -> InputFile:
        def wanted(names: Sequence[str]) -> list[str]:
            matched, _ = match_columns(TABLES[name], name, names, config)
            return list(dict.fromkeys(matched.values()))

        return InputFile(name, opener(wanted).sha256)

    found = discover(url)
    try:
        return tuple(content(name, one) for name, some in found.tables.items() for one in some)
    finally:
        found.close()


def inputs_digest(
    date: np.datetime64, config: str, files: tuple[InputFile, ...], champions: str = ""
) -> str:
    """Digest of the date, the effective configuration and the content of the tables.

    champions: the versions in force, "" where that is the shop's own configuration alone.
    """
    texts = [text for file in files for text in (file.name, file.sha256)]
    return digest("inputs", str(date), config, *texts, *filter(None, [champions]))


def shop_digest(settings: Mapping[str, Any]) -> str:
    """Digest of a configuration, as it is written down, without what decides no figure."""
    aside = {"block_size", "tracking", "output", "pulse"}
    kept = {name: value for name, value in settings.items() if name not in aside}
    return digest("shop", json.dumps(kept, sort_keys=True))[:16]


def config_text(config: Config) -> str:
    """The effective configuration as text, without what decides nothing of a plan."""
    aside = {"block_size", "tracking"}
    return json.dumps(config.model_dump(mode="json", exclude=aside), sort_keys=True)
