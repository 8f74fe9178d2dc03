"""What the rungs expect of some series, before they are blended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.matrix import FeatureMatrix
from features.params import FeatureParams
from features.signal import signal_window
from stockwright.panel import DemandPanel, SeriesIndex

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Stage:
    """What every rung in use expects of a block.

    rungs: (rungs, series, steps). segment: (series,). level: (series,) base level; season:
    (series, steps) factor on it. matrix: features of the booster, None where there is none.
    """

    rungs: Floats
    segment: NDArray[np.int64]
    level: Floats
    season: Floats
    matrix: FeatureMatrix | None = None

    def followed_by(self, other: Stage) -> Stage:
        """The series of both, without the features."""
        return Stage(
            np.concatenate([self.rungs, other.rungs], axis=1),
            np.concatenate([self.segment, other.segment]),
            np.concatenate([self.level, other.level]),
            np.concatenate([self.season, other.season]),
        )

    def take(self, series: NDArray[np.int64]) -> Stage:
        """Some of the series, without the features."""
        parts = (self.segment[series], self.level[series], self.season[series])
        return Stage(self.rungs[:, series], *parts)


def steps_made(panel: DemandPanel, steps: int, horizon: int, features: FeatureParams) -> int:
    """Steps over which the rungs of a sample are made that needs ``steps`` of them: those of a
    forecast over ``horizon``, unless the features then look back further than for the sample.
    """
    whole = max(steps, min(horizon, panel.horizon))
    same = signal_window(panel, whole, features) == signal_window(panel, steps, features)
    return whole if same else steps


@dataclass(frozen=True)
class Sampled:
    """The stage of a sample of a night's series, which no block of that night need make again."""

    index: SeriesIndex
    stage: Stage

    def stage_of(
        self, block: DemandPanel, horizon: int, made: Callable[[DemandPanel], Stage]
    ) -> Stage:
        """The stage of a block of the same night; ``made``: of series that are not in the sample,
        and of all where the sample's has other steps."""
        if self.stage.rungs.shape[2] != horizon:
            return made(block)
        wanted = block.index
        place = self.index.find(wanted.sku.astype(np.int64), wanted.location.astype(np.int64))
        rest = np.flatnonzero(place < 0)
        place[rest] = self.index.n_series + np.arange(len(rest))
        known = self.stage.followed_by(made(block.take(rest))) if len(rest) else self.stage
        return known.take(place)
