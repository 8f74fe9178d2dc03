"""Signals that run beside demand: clicks, carts, competitor prices, a forecast of the weather.

Values are read on the scale of the inverse hyperbolic sine (Burbidge, Magee & Robb 1988), on which
a difference is a log ratio for large numbers of either sign and a plain difference near 0. A value
is always held against what is usual for it on the same weekday, so that a signal with a weekly
rhythm does not tell the season of demand a second time.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from features.params import FeatureParams
from features.signal import Floats32, exposure_of
from stockwright.panel import DemandPanel

Columns = dict[str, Floats32]
Ints = NDArray[np.int64]
#: Same-weekday periods that say what is usual.
USUAL = 4
#: Leads are looked for among the series with the smallest key hashes.
_SERIES = 2000
#: Longest lead that is looked for, in cycles: 14 days, or 4 weeks.
_LEAD_DAYS, _LEAD_WEEKS = 14, 4


def signal_state_features(panel: DemandPanel, params: FeatureParams) -> Columns:
    """Of each signal that is not known ahead, (series,): ``age`` of the last value in periods,
    ``last`` value against the usual, and ``trend``, the recent mean against that of the middle
    window. NaN where no value is known.
    """
    columns: Columns = {}
    for name in _names(panel, ahead=False):
        values = _curved(panel, name)
        known = np.isfinite(values[:, -params.long :])
        age = np.where(known.any(axis=1), np.argmax(known[:, ::-1], axis=1), np.nan)
        last = _changes(values, (panel.origin - np.nan_to_num(age))[:, None], panel.origin, params)
        recent = _known_mean(values[:, -params.windows[0] :])
        trend = recent - _known_mean(values[:, -params.middle :])
        found = {"age": age, "last": last[:, 0], "trend": trend}
        columns |= {f"signal_{name}_{part}": _each(v, panel) for part, v in found.items()}
    return columns


def signal_target_features(
    panel: DemandPanel, leads: Mapping[str, int], steps: Ints, params: FeatureParams
) -> Columns:
    """Of each signal and step, (series, step).

    Known ahead: the ``value`` at the target, and its ``change`` against the usual. Not known
    ahead: the change ``led`` that ran before the target by the signal's lead, NaN where that lies
    after the origin or the signal has no lead in ``leads``.
    """
    periods, columns = panel.origin + steps, Columns()
    for name in _names(panel, ahead=True):
        values = panel.covariates.signals[name]
        change = _changes(_curved(panel, name), periods[None, :], panel.origin, params)
        columns[f"signal_{name}_value"] = _each(values[:, periods], panel)
        columns[f"signal_{name}_change"] = _each(change, panel)
    for name in _names(panel, ahead=False):
        led = np.full((1, len(steps)), np.nan, np.float32)
        if name in leads:
            led = _changes(
                _curved(panel, name), periods[None, :] - leads[name], panel.origin, params
            )
        columns[f"signal_{name}_led"] = _each(led, panel)
    return columns


def learn_leads(panel: DemandPanel, params: FeatureParams) -> dict[str, int]:
    """By how many periods each signal that is not known ahead runs before demand.

    The lag, up to 14 days or 4 weeks, with the largest correlation of either sign, over all series,
    between what demand and the signal changed against the same weekday of the week before. A
    signal without two known values a week apart has none.
    """
    names = _names(panel, ahead=False)
    if not names:
        return {}
    longest = _LEAD_DAYS if params.cycle > 1 else _LEAD_WEEKS
    hashes = panel.index.key_hash()
    sample = np.sort(np.argsort(hashes, kind="stable")[:_SERIES])
    some, width = panel.take(sample), params.middle + params.cycle + longest
    demand = _week_on_week(_rates(some, params)[:, -width:], params.cycle)
    leads: dict[str, int] = {}
    for name in names:
        signal = _week_on_week(_curved(some, name)[:, -width:], params.cycle)
        strength = [_correlation(demand, signal, lag) for lag in range(1, longest + 1)]
        if max(strength) > 0:
            leads[name] = int(np.argmax(strength)) + 1
    return leads


def _names(panel: DemandPanel, ahead: bool) -> list[str]:
    known = panel.covariates.known_ahead
    return [name for name in panel.covariates.signals if (name in known) == ahead]


def _curved(panel: DemandPanel, name: str) -> Floats32:
    """Values of the history on the scale of the inverse hyperbolic sine; of a signal that is known
    ahead, of the future too."""
    values = panel.covariates.signals[name]
    last = None if name in panel.covariates.known_ahead else panel.n_periods
    return np.asarray(np.arcsinh(values[:, :last]), np.float32)


def _each(values: NDArray[np.floating], panel: DemandPanel) -> Floats32:
    """One row per series, where all of them may share one."""
    shape = (panel.n_series, *values.shape[1:])
    return np.asarray(np.broadcast_to(values, shape), np.float32)


def _changes(
    values: Floats32, periods: NDArray[np.floating | np.integer], origin: int, params: FeatureParams
) -> Floats32:
    """Values at ``periods``, (series or 1, any), less the mean of the last few of the same weekday
    that lie before them and not after the origin; NaN where either is unknown."""
    at = np.broadcast_to(np.asarray(periods, np.int64), (len(values), np.shape(periods)[1]))
    back = np.maximum(-(-(at - origin) // params.cycle), 1)
    before = [at - (back + k) * params.cycle for k in range(USUAL)]
    usual = _known_mean(np.stack([_at(values, place) for place in before], axis=-1))
    return _at(values, at) - usual


def _at(values: Floats32, periods: Ints) -> Floats32:
    """values[i, periods[i, j]], NaN outside of them."""
    inside = (periods >= 0) & (periods < values.shape[1])
    found = np.take_along_axis(values, np.where(inside, periods, 0), axis=1)
    return np.where(inside, found, np.float32(np.nan))


def _known_mean(values: Floats32) -> Floats32:
    """Mean over the last axis of what is known; NaN where nothing is."""
    known = np.isfinite(values)
    count = known.sum(axis=-1, dtype=np.float32)
    total = np.where(known, values, np.float32(0)).sum(axis=-1, dtype=np.float32)
    out = np.full(count.shape, np.nan, np.float32)
    np.divide(total, count, out=out, where=count > 0)
    return out


def _rates(panel: DemandPanel, params: FeatureParams) -> Floats32:
    """In-stock rates on the scale of the inverse hyperbolic sine, NaN where they are unknown."""
    exposure = exposure_of(panel.status, panel.in_stock, params.least_rate_exposure)
    rate = np.full(exposure.shape, np.nan, np.float32)
    np.divide(panel.demand, exposure, out=rate, where=exposure > 0)
    return np.asarray(np.arcsinh(rate), np.float32)


def _week_on_week(values: Floats32, cycle: int) -> Floats32:
    return np.asarray(values[:, cycle:] - values[:, :-cycle], np.float32)


def _correlation(demand: Floats32, signal: Floats32, lag: int) -> float:
    """Absolute correlation of demand with the signal ``lag`` periods before, over all cells."""
    y, x = np.broadcast_arrays(demand[:, lag:], signal[:, :-lag])
    both = np.isfinite(x) & np.isfinite(y)
    if int(both.sum()) < 2:
        return 0.0
    x, y = x[both].astype(np.float64), y[both].astype(np.float64)
    x, y = x - x.mean(), y - y.mean()
    size = float(np.sqrt((x @ x) * (y @ y)))
    return abs(float(x @ y)) / size if size > 0 else 0.0
