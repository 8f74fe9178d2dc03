"""State features: what the recent history of a series says, once per series and origin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.params import FeatureParams
from features.signal import Floats32, Signal, ratio
from stockwright.panel import Status

Columns = dict[str, Floats32]


def window_sums(values: Floats32, windows: tuple[int, ...]) -> dict[int, Floats32]:
    """Sums over the last w periods for each window w (ascending), (series,) float32 each.

    A window longer than the values takes all of them.
    """
    total = values.shape[1]
    sums: dict[int, Floats32] = {}
    so_far, done = np.zeros(len(values), np.float32), 0
    for window in windows:
        part = slice(max(total - window, 0), max(total - done, 0))
        so_far = so_far + values[:, part].sum(axis=1)
        sums[window], done = so_far, window
    return sums


def rolling_features(signal: Signal, level: Floats32, params: FeatureParams) -> Columns:
    """Rolling means over in-stock exposure, relative to the level, and ratios short to long."""
    units = window_sums(signal.units, params.windows)
    exposure = window_sums(signal.exposure, params.windows)
    means = {w: ratio(units[w], exposure[w]) for w in params.windows}
    columns = {f"mean_{w}": ratio(means[w], level) for w in params.windows}
    pairs = [
        (params.windows[0], params.short),
        (params.short, params.middle),
        (params.middle, params.long),
    ]
    for short, long in pairs:
        columns[f"trend_{short}_{long}"] = ratio(means[short], means[long])
    return columns


def exponential_features(signal: Signal, level: Floats32, params: FeatureParams) -> Columns:
    """Exponential means over in-stock exposure, relative to the level."""
    columns = {}
    units, exposure = signal.units[:, -params.long :], signal.exposure[:, -params.long :]
    age = np.arange(units.shape[1] - 1, -1, -1)
    for half_life in params.half_lives:
        weights = (0.5 ** (age / half_life)).astype(np.float32)
        mean = ratio(weighted(units, weights), weighted(exposure, weights))
        columns[f"exponential_{half_life:g}"] = ratio(mean, level)
    return columns


def weighted(values: Floats32, weights: Floats32) -> Floats32:
    """Weighted row sums; each row's result does not depend on the other rows."""
    return np.asarray(np.einsum("ij,j->i", values, weights), np.float32)


def lag_features(signal: Signal, level: Floats32, params: FeatureParams) -> Columns:
    """In-stock rate ``lag`` periods before the first step, relative to the level."""
    return {f"lag_{lag}": ratio(signal.rate[:, -lag], level) for lag in params.lags}


def quantile_features(signal: Signal, level: Floats32, params: FeatureParams) -> Columns:
    """Quantiles and maximum of the in-stock rates of the last window, relative to the level."""
    rates = np.sort(signal.rate[:, -params.quantile_window :], axis=1)
    count = np.isfinite(rates).sum(axis=1)
    columns = {}
    for probability in (*params.quantiles, 1.0):
        place = probability * np.maximum(count - 1, 0)
        low = np.floor(place).astype(np.int64)
        high = np.minimum(low + 1, np.maximum(count - 1, 0))
        rows = np.arange(len(rates))
        below, above = rates[rows, low], rates[rows, high]
        value = below + (above - below) * (place - low).astype(np.float32)
        name = "max" if probability == 1.0 else f"quantile_{100 * probability:g}"
        columns[name] = ratio(value, level)
    return columns


def spread_features(signal: Signal, level: Floats32, params: FeatureParams) -> Columns:
    """Zero share and standard deviation (relative to the level) of the in-stock rates."""
    windows = (params.short, params.middle, params.long)
    rate = signal.rate[:, -params.long :]
    known = np.isfinite(rate)
    value = np.where(known, rate, np.float32(0))
    counts = window_sums(known.astype(np.float32), windows)
    positive = window_sums((value > 0).astype(np.float32), windows)
    columns = {f"zero_share_{w}": ratio(counts[w] - positive[w], counts[w]) for w in windows}
    scaled = np.asarray(value / level[:, None], np.float32)
    sums = window_sums(scaled, windows[:2])
    squares = window_sums(scaled * scaled, windows[:2])
    for window in windows[:2]:
        mean = ratio(sums[window], counts[window])
        variance = ratio(squares[window], counts[window]) - mean * mean
        columns[f"deviation_{window}"] = np.sqrt(np.maximum(variance, 0))
    return columns


def sale_features(signal: Signal, params: FeatureParams) -> Columns:
    """Average interval between sales, periods since the last one, and sale size over the mean.

    ``interval`` is the in-stock exposure per selling period (ADI of Syntetos, Boylan & Croston
    2005), ``size_variation`` the squared coefficient of variation of the sizes. Periods since the
    last sale are counted on the calendar; NaN where the long window saw no sale.
    """
    units, exposure = signal.units[:, -params.long :], signal.exposure[:, -params.long :]
    sold = units > 0
    count = sold.sum(axis=1).astype(np.float32)
    last = np.argmax(sold[:, ::-1], axis=1).astype(np.float32)
    size = ratio(units.sum(axis=1), count)
    relative = units * ratio(np.ones_like(size), size)[:, None]
    spread = ratio(np.nansum(relative * relative, axis=1), count) - np.float32(1)
    return {
        "interval": ratio(exposure.sum(axis=1), count),
        "since_sale": np.where(count > 0, last, np.float32(np.nan)),
        "size_variation": np.maximum(spread, 0),
    }


def stock_features(
    status: NDArray[np.uint8], in_stock: Floats32, signal: Signal, params: FeatureParams
) -> Columns:
    """Stock-out share of the recent selling time, and recent share of periods with data."""
    columns = {}
    for window in (params.windows[0], params.short):
        cells = status[:, -window:]
        selling = (cells == Status.OBSERVED) | (cells == Status.CENSORED)
        out = np.where(cells == Status.CENSORED, np.float32(1) - in_stock[:, -window:], 0)
        lost = out.astype(np.float32).sum(axis=1)
        columns[f"stockout_share_{window}"] = ratio(lost, selling.sum(axis=1, dtype=np.float32))
    observed = signal.exposure[:, -params.long :].sum(axis=1) / np.float32(params.long)
    return columns | {"exposure_share": observed}
