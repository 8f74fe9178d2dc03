"""forecasts.parquet: every key and date with mean, quantiles, and the parts of the mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.publish.night import Night
from stockwright.decomposition import PARTS, Decomposition
from stockwright.forecast import Forecast

FILE = "forecasts.parquet"
LEVELS = {"q50": 0.5, "q80": 0.8, "q90": 0.9, "q95": 0.95, "q99": 0.99}
#: Series in one row group.
BLOCK = 2000
#: Columns of the parts of what is not committed, in the order in which one leads to the next.
SHOWN = (*PARTS, "override")
# Of single precision: less than this share of the parts is no part of its own.
_ROUNDING = 1e-5

Floats = NDArray[np.float32]
Keys = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("sku", Keys),
        ("location", Keys),
        ("date", pa.date32()),
        ("mean", pa.float32()),
        *((name, pa.float32()) for name in LEVELS),
        ("base", pa.float32()),
        ("uplift", pa.float32()),
        ("committed", pa.float32()),
        ("returns_expected", pa.float32()),
        ("model", Keys),
        *((name, pa.float32()) for name in SHOWN),
    ]
)


def write_forecasts(path: Path, night: Night, block: int = BLOCK) -> Path:
    """Write the forecast, sorted by SKU, location and date; memory grows with ``block`` only."""
    with pq.ParquetWriter(path, SCHEMA, compression="zstd", store_schema=False) as writer:
        for first in range(0, night.index.n_series, block):
            writer.write_table(_rows(night, slice(first, first + block)))
    return path


def _rows(night: Night, series: slice) -> pa.Table:
    """The rows of one block of series, one row group."""
    forecast = night.forecast.take(series)
    n, steps = forecast.mean.shape
    calendar = night.situation.panel.calendar
    parts = parts_shown(forecast)
    base, uplift = base_and_uplift(
        forecast.mean, parts["event"] + parts["price"], parts["override"]
    )
    quantiles = forecast.quantile(tuple(LEVELS.values())).astype(np.float32)
    columns = [
        _repeated(night.index.skus, forecast.index.sku, steps),
        _repeated(night.index.locations, forecast.index.location, steps),
        pa.array(np.tile(calendar.dates(forecast.origin + 1, steps), n), pa.date32()),
        pa.array(forecast.expected.ravel()),
        *(pa.array(quantiles[:, :, place].ravel()) for place in range(len(LEVELS))),
        pa.array(base.ravel().astype(np.float32)),
        pa.array(uplift.ravel().astype(np.float32)),
        pa.array(forecast.committed.ravel()),
        pa.array(night.situation.returns.take(series).units(forecast).ravel()),
        _repeated(forecast.model_names, forecast.model.astype(np.int32), steps),
        *(pa.array(parts[name].ravel()) for name in SHOWN),
    ]
    return pa.table(columns, schema=SCHEMA)


def _repeated(names: tuple[str, ...], codes: NDArray[np.int32], steps: int) -> pa.Array:
    """The name of each code, ``steps`` times, as a dictionary of the names of this block only."""
    used, place = np.unique(codes, return_inverse=True)
    texts = pa.array([names[code] for code in used], pa.string())
    return pa.DictionaryArray.from_arrays(np.repeat(place, steps).astype(np.int32), texts)


def parts_shown(forecast: Forecast) -> dict[str, Floats]:
    """Parts of what is expected but not committed, (series, step) each, by column.

    The last one, ``override``, is what was set from outside on top of the model's own mean.
    """
    own = forecast.parts or Decomposition.untold(forecast.mean)
    found = {name: own.part(name) for name in PARTS}
    size = np.abs(own.units).sum(axis=0)
    rest = forecast.mean - own.mean
    set_outside = np.abs(rest) > _ROUNDING * np.maximum(size, forecast.mean)
    return found | {"override": np.where(set_outside, rest, np.float32(0))}


def base_and_uplift(
    mean: Floats, uplift: Floats, override: Floats
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """``mean`` as a base >= 0 and what events and discounts add to it, all of one shape.

    mean: as set from outside, >= 0. uplift: of the model. override: of the mean, what was set on
    top of the model. What is taken off a peak is taken from its uplift, as long as there is any:
    the base is that of an ordinary day. All other overrides are of the base.
    """
    # In single precision a small mean is lost beside a large uplift.
    whole, more, said = (np.asarray(x, np.float64) for x in (mean, uplift, override))
    left = np.maximum(more + np.minimum(said, 0.0), 0.0)
    shown = np.minimum(np.where(more > 0, left, more), whole)
    return whole - shown, shown
