"""Which files are opened while a night fits and forecasts: it has all it may know by then."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from functools import cache, wraps
from pathlib import Path
from typing import Any

import numpy as np

from stockwright.errors import DataError, describe

_EVENTS = ("open", "sqlite3.connect")
# What opens files without Python: the functions whose first argument is a path.
_READERS = (
    ("pyarrow.parquet", "read_table"),
    ("pyarrow.parquet", "ParquetFile"),
    ("pyarrow.dataset", "dataset"),
)
_SYSTEM = ("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/run")
# A model of one's own may stand beside the tables.
_CODE = (".py", ".pyc", ".so", ".pyd")
_watching: list[set[str]] = []


@contextlib.contextmanager
def files_opened() -> Iterator[set[str]]:
    """The paths of files that are opened within the block, in any thread, as they come.

    Python's audit events (PEP 578) tell of what Python opens, and wrappers for the length of the
    block of what pyarrow opens by itself. Other libraries that open files on their own are not
    seen.
    """
    _install()
    found: set[str] = set()
    _watching.append(found)
    with contextlib.ExitStack() as stack:
        for module, name in _READERS:
            stack.enter_context(_heard(module, name))
        try:
            yield found
        finally:
            _watching.remove(found)


@cache
def _install() -> None:
    """A hook stays for the life of the process, so there is only one."""
    sys.addaudithook(_hear)


def _hear(event: str, args: tuple[object, ...]) -> None:
    if _watching and event in _EVENTS and args:
        _note(args[0])


def _note(path: object) -> None:
    if isinstance(path, str | bytes | os.PathLike):
        for found in list(_watching):
            found.add(os.fsdecode(path))


@contextlib.contextmanager
def _heard(module: str, name: str) -> Iterator[None]:
    place = importlib.import_module(module)
    reader: Callable[..., Any] = getattr(place, name)

    @wraps(reader, updated=())
    def noting(source: object, *args: Any, **options: Any) -> Any:
        for path in source if isinstance(source, list | tuple) else [source]:
            _note(path)
        return reader(source, *args, **options)

    setattr(place, name, noting)
    try:
        yield
    finally:
        setattr(place, name, reader)


def check_unread(opened: set[str], source: str, date: np.datetime64) -> None:
    """Raise DataError where a night of the past opened the shop's tables while it forecast."""
    if "://" in source:
        return
    folder = Path(source).resolve()
    paths = sorted({Path(name).resolve() for name in opened if Path(name).suffix not in _CODE})
    inside = [str(path) for path in paths if folder in path.parents]
    if inside:
        raise DataError(
            describe(
                f"the forecast of {date} opened the shop's own files, which know the future",
                inside,
                "a model or a feature may use nothing but the panel that it is given",
            )
        )


def foreign(opened: set[str]) -> list[str]:
    """Files that belong neither to Python and its packages nor to the system, sorted."""
    places = (sys.prefix, sys.base_prefix, *sys.path, *_SYSTEM)
    known = [Path(place).resolve() for place in places if place]
    paths = sorted({Path(name).resolve() for name in opened})
    return [str(p) for p in paths if not any(p == k or k in p.parents for k in known)]
