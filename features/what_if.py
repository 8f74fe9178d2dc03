"""Features as they would be with another plan ahead: no event, nothing reduced.

Only the columns that depend on the plan are worked out anew, and only the rows in which any of them
differs are given back, so that a second prediction costs what differs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.context import FeatureContext
from features.events import event_distance, pulled_forward
from features.matrix import FeatureMatrix
from features.params import FeatureParams
from features.signal import Floats32
from stockwright.panel import DemandPanel

Ints = NDArray[np.int64]
Columns = dict[str, Floats32]
_UPLIFTS = ("event_uplift", "event_uplift_group", "event_uplift_shop")


def at_list_price(panel: DemandPanel) -> DemandPanel:
    """The panel with nothing reduced after its origin; the same one where nothing is."""
    plan, first = panel.covariates, panel.n_periods
    discount = _cleared(plan.discount, first)
    if discount is plan.discount:
        return panel
    shape = np.broadcast_shapes(plan.price.shape, plan.discount.shape)
    price = np.broadcast_to(plan.price, shape).copy()
    price[:, first:] *= _whole(plan.discount[:, first:])
    return replace(panel, covariates=replace(plan, price=price, discount=discount))


def _whole(cut: Floats32) -> Floats32:
    """List price over the price after a discount; 1 where nothing is left to pay."""
    left = np.maximum(np.float32(1) - cut, np.float32(1e-6))
    return np.asarray(np.where(cut < 1, 1 / left, np.float32(1)), np.float32)


def without_events(panel: DemandPanel) -> DemandPanel:
    """The panel with no event after its origin; the same one where there is none."""
    plan = panel.covariates
    event, phase = (_cleared(values, panel.n_periods) for values in (plan.event, plan.phase))
    if event is plan.event:
        return panel
    return replace(panel, covariates=replace(plan, event=event, phase=phase))


def _cleared(values: NDArray[Any], first: int) -> NDArray[Any]:
    if not values[:, first:].any():
        return values
    out = values.copy()
    out[:, first:] = 0
    return out


def replanned(
    matrix: FeatureMatrix,
    before: DemandPanel,
    after: DemandPanel,
    context: FeatureContext,
    params: FeatureParams,
    factor: NDArray[np.floating[Any]],
) -> tuple[FeatureMatrix, Ints]:
    """The matrix of ``before`` with the plan of ``after``, and the rows that differ.

    matrix: all steps from 1 on of every series. after: ``before`` ``at_list_price`` or
    ``without_events``. factor: (series, steps) by which the season changes with the plan. What
    other articles cost stays as it is planned, and so does, while a series has an event ahead, what
    it pulls forward: that goes with the event.
    """
    if after is before:
        return matrix, np.zeros(0, np.int64)
    steps = np.arange(1, factor.shape[1] + 1)
    pulled, busy = pulled_forward(after, context, steps, params), _event_ahead(after)
    if busy.any():
        planned = matrix.column("pulled_forward").reshape(pulled.shape)
        pulled = np.where(busy[:, None], planned, pulled)
    columns = {"pulled_forward": pulled}
    if _differ(before.covariates.discount, after.covariates.discount):
        columns |= _price_columns(matrix, before, steps)
    if _differ(before.covariates.event, after.covariates.event):
        columns |= _event_columns(matrix, after, factor.astype(np.float32), params)
    return _changed(matrix, columns, factor)


def _event_ahead(panel: DemandPanel) -> NDArray[np.bool_]:
    """Whether a series has an event after the origin, (series or 1,)."""
    return np.asarray((panel.covariates.event[:, panel.n_periods :] > 0).any(axis=1))


def _differ(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return not np.array_equal(one, other)


def rows_of(matrix: FeatureMatrix, rows: Ints) -> FeatureMatrix:
    """Some of the rows."""
    names = ("X", "series", "step", "level", "season")
    return replace(matrix, **{name: getattr(matrix, name)[rows] for name in names})


def _price_columns(matrix: FeatureMatrix, panel: DemandPanel, steps: Ints) -> Columns:
    cut = panel.covariates.discount[:, panel.origin + steps]
    whole = _whole(cut)
    shape = (panel.n_series, len(steps))
    ratio, change, deeper = (
        matrix.column(name).reshape(shape)
        for name in ("price_ratio", "price_change", "discount_change")
    )
    return {
        "price_ratio": np.asarray(ratio * whole, np.float32),
        "price_change": np.asarray(change * whole, np.float32),
        "discount": np.zeros(shape, np.float32),
        "discount_change": deeper - cut,
    }


def _event_columns(
    matrix: FeatureMatrix, plain: DemandPanel, factor: Floats32, params: FeatureParams
) -> Columns:
    shape, ahead = factor.shape, plain.n_periods + np.arange(factor.shape[1])
    to, since = event_distance(plain.covariates.event, ahead, params.event_reach)
    return {
        "to_event": np.broadcast_to(to, shape),
        "since_event": np.broadcast_to(since, shape),
        "season": matrix.column("season").reshape(shape) * factor,
        "season_change": matrix.column("season_change").reshape(shape) * factor,
        **{name: np.full(shape, np.nan, np.float32) for name in _UPLIFTS},
    }


def _changed(
    matrix: FeatureMatrix, columns: Columns, factor: NDArray[np.floating[Any]]
) -> tuple[FeatureMatrix, Ints]:
    """The matrix with new columns and season, and the rows in which a column differs."""
    differs = np.zeros(matrix.n_rows, np.bool_)
    X = matrix.X.copy()
    for name, values in columns.items():
        place, new = matrix.names.index(name), values.ravel()
        old = X[:, place]
        differs |= (old != new) & ~(np.isnan(old) & np.isnan(new))
        X[:, place] = new
    season = matrix.season * factor.ravel()
    differs |= season != matrix.season
    return replace(matrix, X=X, season=season), np.flatnonzero(differs).astype(np.int64)
