"""forecasts.parquet: every key and date with mean, quantiles, base, uplift and committed units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.publish.night import Night
from stockwright.panel import Covariates, DemandPanel, Status

FILE = "forecasts.parquet"
LEVELS = {"q50": 0.5, "q80": 0.8, "q90": 0.9, "q95": 0.95, "q99": 0.99}
#: Series in one row group.
BLOCK = 2000
#: Days of history that stand in where every day ahead is an event or a price cut.
BASE_DAYS = 56

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
    base = base_demand(night.situation.panel, forecast.mean, series)
    quantiles = forecast.quantile(tuple(LEVELS.values())).astype(np.float32)
    columns = [
        _repeated(night.index.skus, forecast.index.sku, steps),
        _repeated(night.index.locations, forecast.index.location, steps),
        pa.array(np.tile(calendar.dates(forecast.origin + 1, steps), n), pa.date32()),
        pa.array(forecast.expected.ravel()),
        *(pa.array(quantiles[:, :, place].ravel()) for place in range(len(LEVELS))),
        pa.array(base.ravel()),
        pa.array((forecast.mean - base).ravel()),
        pa.array(forecast.committed.ravel()),
        pa.array(night.situation.returns.take(series).units(forecast).ravel()),
        _repeated(forecast.model_names, forecast.model.astype(np.int32), steps),
    ]
    return pa.table(columns, schema=SCHEMA)


def _repeated(names: tuple[str, ...], codes: NDArray[np.int32], steps: int) -> pa.Array:
    """The name of each code, ``steps`` times, as a dictionary of the names of this block only."""
    used, place = np.unique(codes, return_inverse=True)
    texts = pa.array([names[code] for code in used], pa.string())
    return pa.DictionaryArray.from_arrays(np.repeat(place, steps).astype(np.int32), texts)


def base_demand(panel: DemandPanel, mean: Floats, series: slice) -> Floats:
    """Mean demand without events and price cuts, (series, step) like ``mean``.

    A plain step, without event and discount, is its own base. Any other step has the mean of the
    series' plain steps of the same weekday, else of all its plain steps, else of its plain
    in-stock periods of the last 56 days, else, all else failing, the forecast itself.
    """
    past, steps = panel.n_periods, mean.shape[1]
    plain = _plain(panel.covariates.take(series), mean.shape[0], slice(past, past + steps))
    width = 7 // panel.calendar.days
    weekday = (np.arange(steps) + past) % width
    fallback = _plain_means(panel, mean, series, plain)
    base = mean.astype(np.float64)
    for day in range(width):
        here = weekday == day
        known = plain[:, here]
        count = known.sum(axis=1)
        total = np.where(known, mean[:, here], 0.0).sum(axis=1, dtype=np.float64)
        usual = np.where(count > 0, total / np.maximum(count, 1), fallback)
        filled = np.where(np.isnan(usual)[:, None], mean[:, here], usual[:, None])
        base[:, here] = np.where(known, mean[:, here], filled)
    return base.astype(np.float32)


def _plain_means(
    panel: DemandPanel, mean: Floats, series: slice, plain: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Mean of the plain steps, else of the plain recent in-stock history, else NaN; (series,)."""
    recent = slice(max(panel.n_periods - BASE_DAYS // panel.calendar.days, 0), panel.n_periods)
    seen = (panel.status[series, recent] == Status.OBSERVED) & _plain(
        panel.covariates.take(series), mean.shape[0], recent
    )
    ahead, before = plain.sum(axis=1), seen.sum(axis=1)
    total = np.where(plain, mean, 0.0).sum(axis=1, dtype=np.float64)
    sold = np.where(seen, panel.demand[series, recent], 0.0).sum(axis=1, dtype=np.float64)
    past = np.where(before > 0, sold / np.maximum(before, 1), np.nan)
    return np.where(ahead > 0, total / np.maximum(ahead, 1), past)


def _plain(covariates: Covariates, n: int, periods: slice) -> NDArray[np.bool_]:
    """Whether a period has neither event nor discount, (series, periods)."""
    none = (covariates.event[:, periods] == 0) & (covariates.discount[:, periods] == 0)
    return np.broadcast_to(none, (n, none.shape[1]))
