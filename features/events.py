"""Known-ahead events: which, how near, and what the same event did before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.context import FeatureContext, category_codes, season_codes
from features.params import FeatureParams
from features.price import price_factor
from features.signal import Floats32, Signal, ratio
from stockwright.panel import DemandPanel

Columns = dict[str, Floats32]
Ints = NDArray[np.int64]


def event_distance(event: NDArray[np.int16], places: Ints, reach: int) -> tuple[Floats32, Floats32]:
    """Periods from each place to the next and since the last event cell, NaN beyond ``reach``.

    event: (rows, periods) codes; places: (steps,) columns. 0 inside an event.
    """
    width = event.shape[1]
    low, high = max(int(places.min()) - reach, 0), min(int(places.max()) + reach + 1, width)
    column = np.arange(low, high)
    hit = event[:, low:high] > 0
    last = np.maximum.accumulate(np.where(hit, column, -width - reach), axis=1)
    ahead = np.where(hit, column, 2 * width + reach)[:, ::-1]
    coming = np.minimum.accumulate(ahead, axis=1)[:, ::-1]
    to = coming[:, places - low] - places
    since = places - last[:, places - low]
    limit = np.float32(np.nan)
    return (
        np.where(to <= reach, to, limit).astype(np.float32),
        np.where(since <= reach, since, limit).astype(np.float32),
    )


def own_uplift(panel: DemandPanel, places: Ints, signal: Signal) -> Floats32:
    """Units of the series in the target's event and phase before, over its rate without events.

    (series, steps) float32; NaN where the target has no event or the window never saw it.
    """
    out = np.full((panel.n_series, len(places)), np.nan, np.float32)
    phases = int(panel.covariates.phase.max(initial=0)) + 1
    column = panel.covariates.event.astype(np.int64) * phases + panel.covariates.phase
    pairs = np.unique(column[:, places][panel.covariates.event[:, places] > 0])
    if not len(pairs):
        return out
    column = np.broadcast_to(column, (panel.n_series, column.shape[1]))
    kept = min(signal.window, panel.n_periods)
    past = column[:, panel.n_periods - kept : panel.n_periods]
    units, exposure = signal.units[:, -kept:], signal.exposure[:, -kept:]
    happened = past >= phases
    quiet_units = np.where(happened, np.float32(0), units).sum(axis=1)
    quiet_exposure = np.where(happened, np.float32(0), exposure).sum(axis=1)
    rows, periods = np.nonzero(happened & np.isin(past, pairs))
    key = rows * len(pairs) + np.searchsorted(pairs, past[rows, periods])
    shape = (panel.n_series, len(pairs))
    sold, seen = (
        np.asarray(
            np.bincount(key, values[rows, periods], minlength=shape[0] * shape[1]), np.float64
        ).reshape(shape)
        for values in (units, exposure)
    )
    rate = ratio(ratio(sold, seen), ratio(quiet_units, quiet_exposure)[:, None])
    wanted = column[:, places]
    found = np.take_along_axis(rate, np.searchsorted(pairs, wanted) % len(pairs), axis=1)
    return np.where(wanted >= phases, found, out)


def pulled_forward(
    panel: DemandPanel, context: FeatureContext | None, steps: Ints, params: FeatureParams
) -> Floats32:
    """What events and discounts added to the periods before each target, (series, steps) float32.

    Mean over the last ``event_reach`` periods of the known-ahead uplift of the group above 1: what
    was bought then may not be bought now. NaN where the shop knows neither events nor discounts.
    """
    shape = (panel.n_series, len(steps))
    if context is None or not ((context.seen > 0).any() or (context.elasticity > 0).any()):
        return np.full(shape, np.nan, np.float32)
    first = max(panel.origin + 1 - params.event_reach, 0)
    window = slice(first, panel.origin + int(steps.max()))
    codes, covariates = season_codes(panel, params), panel.covariates
    column = context.event_column(covariates.event[:, window], covariates.phase[:, window])
    lift = context.uplift.astype(np.float32)[codes[:, None], column]
    lift = lift * price_factor(covariates.discount[:, window], context.elasticity[codes])
    running = np.cumsum(np.maximum(lift - 1, 0), axis=1, dtype=np.float64)
    running = np.concatenate([np.zeros((panel.n_series, 1)), running], axis=1)
    stop = panel.origin + steps - first
    added = running[:, stop] - running[:, np.maximum(stop - params.event_reach, 0)]
    return np.asarray(added / params.event_reach, np.float32)


def rival_features(
    panel: DemandPanel, context: FeatureContext | None, steps: Ints, params: FeatureParams
) -> Columns:
    """Mean discount of the category's other articles at the same location, and its change.

    (series, steps) float32 each; the change is against the short window before the first step.
    """
    if context is None or context.rivals is None:
        empty = np.full((panel.n_series, len(steps)), np.nan, np.float32)
        return {"rival_discount": empty, "rival_discount_change": empty}
    codes, rivals = category_codes(panel, params), context.rivals
    target = rivals.discount(panel, codes, panel.origin + steps)
    recent = np.arange(max(panel.n_periods - params.short, 0), panel.n_periods)
    before = rivals.discount(panel, codes, recent).mean(axis=1, dtype=np.float32)
    return {"rival_discount": target, "rival_discount_change": target - before[:, None]}


def event_features(
    panel: DemandPanel,
    context: FeatureContext | None,
    steps: Ints,
    signal: Signal,
    params: FeatureParams,
) -> Columns:
    """Event and phase codes, periods to and since, and past uplifts, (series, steps) float32."""
    places = panel.origin + steps
    shape = (panel.n_series, len(steps))
    event, phase = panel.covariates.event[:, places], panel.covariates.phase[:, places]
    to, since = event_distance(panel.covariates.event, places, params.event_reach)
    group = np.full(shape, np.nan, np.float32)
    shop = group
    if context is not None:
        codes = season_codes(panel, params)
        column = np.broadcast_to(context.event_column(event, phase), shape)
        group = context.seen[codes[:, None], column].astype(np.float32)
        shop = context.seen[-1][column].astype(np.float32)
    return {
        "event": np.broadcast_to(event, shape).astype(np.float32),
        "phase": np.broadcast_to(phase, shape).astype(np.float32),
        "to_event": np.broadcast_to(to, shape),
        "since_event": np.broadcast_to(since, shape),
        "event_uplift": own_uplift(panel, places, signal),
        "event_uplift_group": group,
        "event_uplift_shop": shop,
        "pulled_forward": pulled_forward(panel, context, steps, params),
    } | rival_features(panel, context, steps, params)
