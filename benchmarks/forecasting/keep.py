"""Rounds are kept between runs, for tables take longer to assemble than a model to fit."""

from __future__ import annotations

import copyreg
import os
import pickle
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

from cases import Asked
from rounds import ROOT, Round, sources_hash

_SOURCES = ("stockwright", "pipelines/assemble", "pipelines/ingest", "pipelines/demo", "examples")


def _proxy(items: dict[str, Any]) -> MappingProxyType[str, Any]:
    return MappingProxyType(items)


def _reduced(mapping: MappingProxyType[str, Any]) -> tuple[Any, ...]:
    return _proxy, (dict(mapping),)


copyreg.pickle(MappingProxyType, _reduced)  # type: ignore[arg-type]


def kept(case: str, asked: Asked, build: Callable[[Asked], Iterator[Round]]) -> Iterator[Round]:
    """The rounds of a case, from the cache where the code that makes them is the same."""
    if case == "freshretail":
        yield from build(asked)
        return
    paths = [path for place in _SOURCES for path in (ROOT / place).rglob("*.py")]
    paths += [*(ROOT / "benchmarks" / "forecasting").glob("[cr]*s.py")]
    mark = sources_hash([path for path in paths if path.is_file()])
    seeds = "-".join(map(str, asked.seeds)) if case == "demo" else ""
    when = "earlier" if asked.earlier else "report"
    path = asked.cache / f"rounds-{case}-{when}{seeds}-{mark}.pickle"
    if path.is_file():
        with path.open("rb") as file:
            rounds: list[Round] = pickle.load(file)
            yield from rounds
            return
    rounds = list(build(asked))
    part = path.with_suffix(f".{os.getpid()}")
    with part.open("wb") as file:
        pickle.dump(rounds, file)
    part.replace(path)
    yield from rounds
