"""The shop with another future: a copy of its tables that no night of a date can tell from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.config import Config
from pipelines.ingest.unseen import RawPart, raw_parts

_SEED = 6
# Numbers of the rows that a night must not see are shuffled, made so many times as large, and
# every third of these rows is dropped.
_FACTOR, _DROPPED = 3, 3
_ALTERED = ("number", "integer", "flag", "choice")


def counterfeit(
    source: str, config: Config, date: np.datetime64, folder: Path, only: str | None = None
) -> Mapping[str, int]:
    """Write the tables of ``source`` into an empty folder with every row altered that the night of
    ``date`` must not see.

    only: alter this table alone. Returns the number of altered rows of each table that has any.
    Raises what reading the source raises, and OSError.
    """
    altered: dict[str, int] = {}
    for number, part in enumerate(raw_parts(source, config, date)):
        name = part.table.name
        rows = int(part.unseen.sum()) if only in (None, name) else 0
        content = _altered(part) if rows else pa.table(dict(part.columns))
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        pq.write_table(content, place / f"part-{number:04d}.parquet")
        if rows:
            altered[name] = altered.get(name, 0) + rows
    return altered


def _altered(part: RawPart) -> pa.Table:
    rng = np.random.default_rng(_SEED)
    late = np.flatnonzero(part.unseen)
    late = np.delete(late, np.s_[::_DROPPED])
    kept = np.sort(np.concatenate([np.flatnonzero(~part.unseen), late]))
    unseen = part.unseen[kept]
    shuffled = kept.copy()
    shuffled[unseen] = rng.permutation(kept[unseen])
    kinds = {part.matched[c.name]: c.kind for c in part.table.columns if c.name in part.matched}
    keys = {part.matched[name] for name in part.table.key if name in part.matched}
    columns = {}
    for name, values in part.columns.items():
        moves = kinds.get(name) in _ALTERED and name not in keys
        found = values.take(pa.array(shuffled if moves else kept))
        columns[name] = _raised(found, unseen) if moves else found
    return pa.table(columns)


def _raised(values: pa.ChunkedArray, unseen: np.ndarray) -> pa.ChunkedArray:
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        return values
    more = pc.multiply(values, pa.scalar(_FACTOR, values.type))
    return pc.if_else(pa.array(unseen), more, values)
