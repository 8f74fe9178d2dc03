"""Find the tables of a source: files of a data folder, or tables of a database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from pipelines.ingest.binary_files import read_parquet, read_xlsx
from pipelines.ingest.raw import Part, UnreadableError, Wanted
from pipelines.ingest.schema import TABLES
from pipelines.ingest.text_files import read_csv
from stockwright.errors import ConfigError

Opener = Callable[[Wanted], Part]
_READERS: dict[str, Callable[[Path, str, Wanted], Part]] = {
    ".csv": read_csv,
    ".parquet": read_parquet,
    ".xlsx": read_xlsx,
}


@dataclass
class Found:
    """The tables of a source, each with what opens its parts.

    location: the source as it may be shown. problems: tables that cannot be told apart.
    """

    location: str
    tables: dict[str, list[Opener]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    close: Callable[[], None] = lambda: None


def opener_of(path: Path) -> Opener:
    """What opens one file that a call names. Raises ConfigError where there is no such file."""
    if not path.is_file():
        raise ConfigError(f"the file {path} does not exist")
    if path.suffix.lower() not in _READERS:
        raise ConfigError(f"{path} is none of {', '.join(_READERS)}; export it as one of them")
    return _of_file(path, path.name)


def discover(source: str) -> Found:
    """The tables of ``source``, a folder or a database URL.

    Raises ConfigError when there is no such folder or database, UnreadableError when it cannot be
    opened.
    """
    if "://" in source:
        return _database(source)
    folder = Path(source)
    if not folder.is_dir():
        raise ConfigError(f"the data folder {source} does not exist")
    return _folder(folder)


def _database(url: str) -> Found:
    from pipelines.ingest.database import Database

    database = Database(url)
    found = Found(database.name, close=database.close)
    for name in database.tables:
        if name in TABLES:
            found.tables[name] = [_of_database(database.read, name)]
        else:
            found.notes.append(_unknown(f"table {name}", name))
    return found


def _of_database(read: Callable[[str, Wanted], Part], name: str) -> Opener:
    return lambda wanted: read(name, wanted)


def _folder(folder: Path) -> Found:
    found = Found(str(folder))
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise UnreadableError(
            f"the data folder {folder} cannot be read: {error.strerror}"
        ) from error
    names: dict[str, list[str]] = {}
    for entry in entries:
        openers = _openers(entry)
        table = entry.stem.lower() if entry.is_file() else entry.name.lower()
        if not openers:
            continue
        if table not in TABLES:
            found.notes.append(_unknown(entry.name, table))
            continue
        names.setdefault(table, []).append(entry.name)
        found.tables[table] = openers
    for table, files in names.items():
        if len(files) > 1:
            found.problems.append(f"{table} is there twice: {', '.join(files)}; keep one of them")
    return found


def _openers(entry: Path) -> list[Opener]:
    if entry.name.startswith((".", "~")):
        return []
    if entry.is_dir():
        return [_of_file(p, p.relative_to(entry.parent).as_posix()) for p in _parts(entry)]
    return [_of_file(entry, entry.name)] if entry.suffix.lower() in _READERS else []


def _parts(folder: Path) -> Sequence[Path]:
    return sorted(part for part in folder.rglob("*.parquet") if part.is_file())


def _of_file(path: Path, file: str) -> Opener:
    reader = _READERS[path.suffix.lower()]
    return lambda wanted: reader(path, file, wanted)


def _unknown(shown: str, name: str) -> str:
    close = get_close_matches(name.lower(), TABLES, n=1, cutoff=0.75)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"{shown} is not read by this version{hint}"
