"""The last year of each series in weeks: what was sold, and what could have been."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from features.context import FeatureContext, season_codes
from features.params import FeatureParams
from features.sums import group_sums
from forecasting.launch.cells import calm_cells, weekly
from stockwright.panel import DemandPanel, Status

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
YEAR_WEEKS = 52
# A smaller share off the list price is no price cut.
_CUT = 0.05
_CHUNK = 4096


@dataclass(frozen=True)
class LifeSignal:
    """Whole weeks up to the origin, the newest last; (rows, YEAR_WEEKS) float32 each.

    units, exposure: demand, and season times uplift in the periods where it is known, over the
    periods of a week. calm_units, calm_exposure: the same without periods with an event or a
    price cut, and without the week that follows a stock-out.
    """

    units: NDArray[np.float32]
    exposure: NDArray[np.float32]
    calm_units: NDArray[np.float32]
    calm_exposure: NDArray[np.float32]


def life_signal(panel: DemandPanel, groups: FeatureContext, params: FeatureParams) -> LifeSignal:
    """The signal of every series of a panel or a block of it."""
    parts = [
        _chunk(panel, groups, params, np.arange(start, min(start + _CHUNK, panel.n_series)))
        for start in range(0, max(panel.n_series, 1), _CHUNK)
    ]
    return LifeSignal(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def _chunk(
    panel: DemandPanel, groups: FeatureContext, params: FeatureParams, series: Ints
) -> tuple[NDArray[np.float32], ...]:
    width = weekly(panel)
    period = np.arange(panel.n_periods - YEAR_WEEKS * width, panel.n_periods)
    cells = np.broadcast_to(period, (len(series), len(period)))
    units, exposure = calm_cells(panel, groups, params, series, cells)
    calm = _is_calm(panel, series, np.clip(period, 0, None), width)

    def weeks(values: Floats) -> NDArray[np.float32]:
        shape = (len(values), YEAR_WEEKS, width)
        return np.asarray(values.reshape(shape).sum(axis=2), np.float32)

    seen = exposure / width
    return weeks(units), weeks(seen), weeks(units * calm), weeks(seen * calm)


def _is_calm(panel: DemandPanel, series: Ints, period: Ints, width: int) -> NDArray[np.bool_]:
    """No event, no price cut, and no stock-out in the week before; (series, periods)."""
    block = panel.covariates.take(series)
    busy = (block.event[:, period] > 0) | (block.discount[:, period] >= _CUT)
    short = (panel.status[series] == Status.CENSORED)[:, period]
    back = np.zeros_like(short)
    for late in range(1, width + 1):
        back[:, late:] |= short[:, :-late]
    return np.asarray(~busy & ~back)


def by_sku(signal: LifeSignal, sku: Ints, skus: int) -> LifeSignal:
    """The signal of SKUs: units of all locations; exposure weighed by what each location sells."""
    sold = signal.units.sum(axis=1, dtype=np.float64)
    seen = signal.exposure.sum(axis=1, dtype=np.float64)
    # A location that never sold still counts a little, so that a silent SKU was seen.
    rate = np.divide(sold, seen, out=np.zeros(len(sold)), where=seen > 0) + 1e-6 * (seen > 0)
    total = np.bincount(sku, rate, skus)
    share = np.divide(rate, total[sku], out=np.zeros(len(rate)), where=total[sku] > 0)
    out = {}
    for each in fields(LifeSignal):
        values = getattr(signal, each.name)
        weight = share if each.name.endswith("exposure") else None
        out[each.name] = group_sums(sku, skus, values, weight).astype(np.float32)
    return LifeSignal(**out)


def season_ahead(
    panel: DemandPanel, groups: FeatureContext, params: FeatureParams, periods: int
) -> Floats:
    """Mean season of the next periods over the mean season of a year, (series,)."""
    steps = np.arange(panel.n_periods, panel.n_periods + params.year)
    season = groups.season.factor(panel.calendar, steps, params)
    ratio = season[:, :periods].mean(axis=1) / season.mean(axis=1)
    return np.asarray(ratio[season_codes(panel, params)], np.float64)
