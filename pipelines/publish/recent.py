"""recent.parquet: what a sample of keys has sold lately, beside which forecasts can be seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.publish.accuracy import JUDGED_DAYS
from pipelines.publish.night import Night
from stockwright.panel import Status

FILE = "recent.parquet"
#: Most keys of the sample.
KEYS = 300
_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("sku", _TEXT),
        ("location", _TEXT),
        ("date", pa.date32()),
        ("units", pa.float32()),
        ("in_stock", pa.float32()),
        ("on_sale", pa.bool_()),
    ]
)


def sampled(night: Night) -> NDArray[np.int64]:
    """Series of the sample, ascending: those of the lowest hash among all that sold lately.

    A hash of a key's names does not change, so that the sample is much the same every night.
    """
    sold = np.flatnonzero(_lately(night, night.situation.sold).sum(axis=1) > 0)
    order = np.argsort(night.index.key_hash()[sold], kind="stable")
    return np.asarray(np.sort(sold[order[:KEYS]]), np.int64)


def write_recent(path: Path, night: Night) -> Path:
    """Write eight weeks of each sampled key, sorted by SKU, location and date."""
    panel, series = night.situation.panel, sampled(night)
    units = _lately(night, night.situation.sold)[series]
    steps = units.shape[1]
    dates = panel.calendar.dates(panel.n_periods - steps, steps)
    status = _lately(night, panel.status)[series]
    columns = [
        _names(night.skus(series), steps),
        _names(night.locations(series), steps),
        pa.array(np.tile(dates, len(series)), pa.date32()),
        pa.array(units.ravel().astype(np.float32)),
        pa.array(_lately(night, panel.in_stock)[series].ravel().astype(np.float32)),
        pa.array((status <= Status.CENSORED).ravel()),
    ]
    table = pa.table(columns, schema=SCHEMA)
    pq.write_table(table, path, compression="zstd", store_schema=False)
    return path


def _lately(night: Night, values: NDArray[Any]) -> NDArray[Any]:
    """The last eight weeks of a (series, period) array."""
    return values[:, -max(JUDGED_DAYS // night.days, 1) :]


def _names(names: NDArray[np.object_], steps: int) -> pa.Array:
    return pa.array(np.repeat(names, steps), pa.string()).dictionary_encode()
