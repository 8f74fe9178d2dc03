"""Why a forecast is what it is: from the level of a series to its mean, one cause after the other.

First an ordinary time ahead, without an event and with nothing reduced: level, season, what the
booster makes of them, what the blend makes of that, the correction by aggregates, and launch or end
of life. Then what the events ahead add, at list price, and what the discounts ahead add to that. A
step of this kind depends on what was there before it, so the order is part of what is said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.context import FeatureContext
from features.level import discount_factor, event_factor
from features.matrix import FeatureMatrix
from features.params import FeatureParams
from features.what_if import at_list_price, replanned, rows_of, without_events
from forecasting.blend.rungs import GLOBAL, LEVEL, SMOOTHED, STEADY
from forecasting.blend.weights import Blend
from forecasting.stage import Stage
from stockwright.decomposition import PARTS
from stockwright.panel import DemandPanel

Floats = NDArray[np.float64]
#: The booster's mean of each row.
Predict = Callable[[FeatureMatrix], Floats]


@dataclass(frozen=True)
class Causes:
    """Parts of the mean of a block before launches and ends of life.

    units: (5, series, steps) level, season, booster, blend and correction in an ordinary time.
    mean: (2, series, steps) float32, the whole of them without events and discounts, and with the
    events. ratio: (2, series, steps) what these plans make of the planned factor on the level.
    """

    units: Floats
    mean: NDArray[np.float32]
    ratio: Floats


def causes(
    stage: Stage,
    panel: DemandPanel,
    features: FeatureParams,
    groups: FeatureContext,
    predict: Predict,
    blend: Blend,
    factor: Floats,
) -> Causes:
    """The parts of a block.

    predict: not asked where the stage has no matrix. factor: (series, steps) of the correction by
    aggregates.
    """
    listed = at_list_price(panel)
    periods = panel.origin + np.arange(1, factor.shape[1] + 1)
    price = 1.0 / discount_factor(panel, groups, periods, features).astype(np.float64)
    event = 1.0 / event_factor(panel, groups, periods, features).astype(np.float64)
    plans = (panel, listed, without_events(listed))
    at_list = _on_plan(stage, plans[:2], price, features, groups, predict)
    quiet = _on_plan(at_list, plans[1:], event, features, groups, predict)
    level = np.broadcast_to(stage.level[:, None], factor.shape)
    blended = blend.mean(quiet.rungs, stage.segment)
    means = [blended * factor, blend.mean(at_list.rungs, stage.segment) * factor]
    anchor = quiet.rungs[LEVEL if stage.matrix is None else GLOBAL]
    course = (level, level * quiet.season, anchor, blended, means[0])
    return Causes(
        units=np.diff(np.stack([np.zeros(factor.shape), *course]), axis=0),
        mean=np.stack(means).astype(np.float32),
        ratio=np.stack([price * event, price]),
    )


def _on_plan(
    stage: Stage,
    plans: tuple[DemandPanel, ...],
    ratio: Floats,
    features: FeatureParams,
    groups: FeatureContext,
    predict: Predict,
) -> Stage:
    """The stage of the first plan as the second one makes it; ratio: on the season."""
    before, after = plans
    if after is before:
        return stage
    rungs, matrix = stage.rungs.copy(), stage.matrix
    rungs[[LEVEL, SMOOTHED, STEADY]] *= ratio
    if matrix is not None:
        matrix, rows = replanned(matrix, before, after, groups, features, ratio)
        if len(rows):
            rungs[GLOBAL].reshape(-1)[rows] = predict(rows_of(matrix, rows))
    return Stage(rungs, stage.segment, stage.level, stage.season * ratio, matrix)


def parts_of(
    found: Causes,
    ordinary: NDArray[np.float32],
    led: NDArray[np.float32],
    final: NDArray[np.float32],
    weight: Floats,
) -> NDArray[np.float32]:
    """All parts, (parts, series, steps), 0 where nothing is on sale.

    ordinary, led, final: mean before launches, with launches, with ends of life, (series, steps).
    weight: (series,) of the launch forecast. A launch forecast has the same factor on its level as
    an ordinary one, and an end the same chance.
    """
    kept = np.divide(final, led, out=np.zeros(led.shape), where=led > 0)
    usual = 1.0 - weight[:, None]
    launch = led - usual * ordinary
    moved = launch * (found.ratio - 1) + usual * (found.mean.astype(np.float64) - ordinary)
    quiet, eventful = final + kept * moved
    units = np.concatenate(
        [found.units, np.stack([quiet - found.mean[0], eventful - quiet, final - eventful])]
    )
    shown = np.where(ordinary > 0, units, 0.0)
    return np.asarray(shown, np.float32).reshape(len(PARTS), *final.shape)
