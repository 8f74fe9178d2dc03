"""Training rows: (series, origin, step) triples of the past, sampled by a hash of their key."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.build import build_features
from features.context import FeatureContext, build_context
from features.matrix import FeatureMatrix
from features.past_contexts import past_contexts
from forecasting.params import ModelParams
from forecasting.recovered import recovered_demand
from forecasting.threads import in_order
from stockwright.panel import DemandPanel, mix_hash

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Steps of one origin for one part of the series: spread over the horizon, and of those in an
# event, which are rare and decide most; and parts of the series per origin.
_STEPS, _EVENT_STEPS, _PARTS = 4, 2, 3
# Origins that even a short history is to give.
_LEAST_ORIGINS = 20
# A period in which so many series have an event is one of the shop's.
_BUSY = 0.2


@dataclass(frozen=True)
class Rows:
    """Rows to learn from.

    X: (rows, features) float32. units: demand, recovered where a stock-out cut it short. base:
    level times season, units per period. target: period forecast.
    """

    X: NDArray[np.float32]
    names: tuple[str, ...]
    units: Floats
    base: Floats
    target: Ints

    def take(self, rows: NDArray[np.bool_]) -> Rows:
        """Some of the rows."""
        kept = {n: getattr(self, n)[rows] for n in ("X", "units", "base", "target")}
        return replace(self, **kept)


def past_origins(panel: DemandPanel, params: ModelParams) -> Ints:
    """Origins to train on, rising: the newest has one observed target, the oldest some history.

    A short history is walked in smaller strides, so that it does not teach the few weekdays and
    steps of a few origins.
    """
    newest = panel.origin - 1
    least = min(2 * params.features().short, max(panel.n_periods // 3, 1))
    stride = min(params.stride, max((newest - least) // _LEAST_ORIGINS, 1))
    return panel.calendar.anchored(newest, stride, least)[-params.origins :]


def training_rows(panel: DemandPanel, params: ModelParams) -> Rows:
    """Rows of all past origins whose targets lie in the history and are known or recovered."""
    origins = past_origins(panel, params)
    listed = _listed_share(panel, origins)
    steps = len(origins) * (_STEPS + _EVENT_STEPS)
    share = params.max_rows / max(panel.n_series * listed * steps, 1.0)
    keys = panel.index.key_hash()
    features = params.features()
    tonight = build_context(panel, features)
    contexts = past_contexts(panel, origins.tolist(), tonight, features)

    def rows(context: FeatureContext) -> list[Rows]:
        return _origin_rows(panel, context, share, keys, params)

    parts = in_order(rows, contexts, params.threads)
    found = [part for chunk in parts for part in chunk if len(part.units)]
    if not found:
        return _no_rows()
    joined = {
        name: np.concatenate([getattr(part, name) for part in found])
        for name in ("X", "units", "base", "target")
    }
    return Rows(names=found[0].names, **joined)


def _listed_share(panel: DemandPanel, origins: Ints) -> float:
    """Share of the cells at the origins in which demand is known."""
    _, known, _ = recovered_demand(panel, (slice(None), origins))
    return float(known.mean()) if known.size else 0.0


def _no_rows() -> Rows:
    nothing = np.empty(0)
    return Rows(np.empty((0, 0), np.float32), (), nothing, nothing, nothing.astype(int))


def _origin_rows(
    panel: DemandPanel,
    context: FeatureContext,
    share: float,
    keys: NDArray[np.uint64],
    params: ModelParams,
) -> list[Rows]:
    """Rows of one origin: parts of the series, each with its own few steps."""
    features, origin = params.features(), context.origin
    date = panel.calendar.ordinal(origin)
    salt = mix_hash(np.array([date, date + 2**32], np.uint64))
    draw = mix_hash(keys ^ salt[0])
    uniform = (draw >> np.uint64(11)).astype(np.float64) / 2.0**53
    part_of = (draw % np.uint64(_PARTS)).astype(np.int64)
    longest = min(params.horizon, panel.origin - origin)
    event = panel.covariates.event[:, origin + 1 : origin + 1 + longest]
    busy = np.flatnonzero((event > 0).mean(axis=0) > _BUSY) + 1
    rows = []
    for part in range(_PARTS):
        series = np.flatnonzero((uniform < share) & (part_of == part))
        if len(series):
            turn = int(salt[1] >> np.uint64(33)) + part
            some = busy[_spread(len(busy), _EVENT_STEPS, turn)]
            steps = np.union1d(_spread(longest, _STEPS, turn) + 1, some)
            block = panel.take(series)
            matrix = build_features(block.until(origin), steps, features, context)
            rows.append(_known_rows(block, matrix, origin))
    return rows


def _spread(length: int, count: int, turn: int) -> Ints:
    """Some ``count`` places spread over 0 ... length - 1, others for every turn."""
    count = min(count, length)
    start = turn * 0.6180339887 % 1.0
    places = (np.arange(count) + start) / max(count, 1) * length
    return np.unique(places.astype(np.int64))


def _known_rows(block: DemandPanel, matrix: FeatureMatrix, origin: int) -> Rows:
    """The rows whose demand is known or recovered."""
    series, target = matrix.series, origin + matrix.step.astype(np.int64)
    units, known, _ = recovered_demand(block, (series, target))
    base = matrix.level * matrix.season
    return Rows(matrix.X, matrix.names, units, base, target).take(known)
