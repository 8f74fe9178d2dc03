"""Stock at the close of each night, kept so that later nights know when a key was sold out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.store.files import digest, sha256_of, written_whole
from stockwright.panel import SeriesIndex
from stockwright.stock import StockPosition

COLUMNS = ("date", "sku", "location", "on_hand")


def write_snapshot(
    folder: Path, date: np.datetime64, index: SeriesIndex, stock: StockPosition
) -> Path:
    """Write ``<date>.parquet``: sku, location and on_hand (units) of each key of known stock."""
    known = np.flatnonzero(stock.known)
    frame = pd.DataFrame(
        {
            "sku": pd.array(index.sku_names()[known], dtype="str"),
            "location": pd.array(index.location_names()[known], dtype="str"),
            "on_hand": stock.on_hand[known],
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{date}.parquet"
    with written_whole(path) as file:
        frame.to_parquet(file, index=False, compression="zstd")
    return path


def snapshots_before(folder: Path, date: np.datetime64) -> list[Path]:
    """The snapshots of dates strictly before ``date``, ascending."""
    return [path for path in sorted(folder.glob("????-??-??.parquet")) if path.stem < str(date)]


def snapshots_digest(paths: Iterable[Path]) -> str:
    """One digest over some snapshots, for the key of the step that reads them."""
    return digest(*(text for path in paths for text in (path.stem, sha256_of(path))))


def read_snapshots(paths: Sequence[Path]) -> pd.DataFrame:
    """The snapshots as a ``stock_history`` table: keys as ordered categories, dates as dates."""
    parts = [pd.read_parquet(path) for path in paths]
    for part, path in zip(parts, paths, strict=True):
        part.insert(0, "date", pd.Timestamp(path.stem))
    frame = pd.concat(parts, ignore_index=True)[list(COLUMNS)]
    frame["date"] = frame["date"].astype("datetime64[s]")
    for name in ("sku", "location"):
        frame[name] = frame[name].astype("category")
    return frame
