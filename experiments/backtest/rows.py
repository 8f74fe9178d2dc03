"""The outcomes of a backtest, one row for each origin and series, and the ratios they make.

Every metric is a ratio of two sums over rows: a statistic of each row, and how rows are pooled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.backtest.fans import Fan
from experiments.backtest.scores import Scores, Table
from experiments.metrics.calibration import pit_share
from experiments.metrics.losses import LEVELS
from experiments.metrics.scaled import rmsse
from forecasting.blend.staircase import Stair

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Pair = tuple[Floats, Floats]
Pairs = dict[str, Pair]
#: The curve of the periods in stock of protection intervals.
SEEN = "seen"
#: Curves of lower bounds: of whole protection intervals, and of their first periods.
CURVES = {"whole": "kaplan_meier", "first": "kaplan_meier_first"}
_CURVE = ("judged", "below", "above", "at_least")
#: The naive forecasts by their names in metrics and in scores.
NAIVES = {"naive": "last", "seasonal_naive": "season"}


@dataclass(frozen=True)
class Rows:
    """One variant's outcomes.

    origins: dates, rising. origin: (rows,) place in them. place: (rows,) series in the outcome.
    labels: (rows,) segment by kind. pairs: top and bottom of each metric, (rows,) each. blocks:
    the same of the metrics of steps, by block of the horizon. calibration: what its
    curves are made of, see ``Scores.sums``. horizon: the longest, in periods. fans: of each origin.
    stairs, notes: of all origins.
    """

    origins: tuple[np.datetime64, ...]
    origin: Ints
    place: Ints
    labels: Mapping[str, NDArray[np.object_]]
    pairs: Pairs
    blocks: tuple[Pairs, ...]
    calibration: Table
    horizon: int
    fans: tuple[tuple[Fan, ...], ...]
    stairs: tuple[Stair, ...]
    notes: tuple[str, ...]

    def take(self, rows: NDArray[Any]) -> Rows:
        """Some of the rows."""
        return replace(
            self,
            origin=self.origin[rows],
            place=self.place[rows],
            labels={kind: labels[rows] for kind, labels in self.labels.items()},
            pairs=_taken(self.pairs, rows),
            blocks=tuple(_taken(pairs, rows) for pairs in self.blocks),
            calibration={name: values[rows] for name, values in self.calibration.items()},
        )

    def nearest(self, blocks: int) -> Rows:
        """The same with the first blocks of the horizon only."""
        return replace(self, blocks=self.blocks[:blocks])


def _taken(pairs: Pairs, rows: NDArray[Any]) -> Pairs:
    return {name: (top[rows], bottom[rows]) for name, (top, bottom) in pairs.items()}


def rows_of(scores: Sequence[Scores], n_series: int) -> Rows:
    """The rows of one variant from the scores of its origins, rising. n_series: of the outcome."""
    steps, sums = _joined([s.steps for s in scores]), _joined([s.sums for s in scores])
    scale = np.concatenate([s.scale for s in scores])
    weight = np.concatenate([s.value / max(s.value.sum(), 1e-300) for s in scores])
    whole = {name: values.sum(axis=1) for name, values in steps.items()}
    width = steps["units"].shape[1]
    blocks = tuple(
        _of_steps({name: values[:, k] for name, values in steps.items()}, scale, weight)
        for k in range(width)
    )
    before = (None, *scores[:-1])
    stable = _joined([_stability(a, b, n_series) for a, b in zip(before, scores, strict=True)])
    pairs = _of_steps(whole, scale, weight) | _of_sums(sums)
    for name, column in (("stability", "mean"), ("stability_90", "high")):
        pairs[name] = (stable[f"{column}_change"], stable[f"{column}_level"])
    curves = [f"{of}_{what}" for of in (SEEN, *CURVES) for what in _CURVE]
    return Rows(
        origins=tuple(s.origin for s in scores),
        origin=np.repeat(np.arange(len(scores)), [len(s.place) for s in scores]),
        place=np.concatenate([s.place for s in scores]),
        labels={
            kind: np.concatenate([s.segments[kind] for s in scores]) for kind in scores[0].segments
        },
        pairs=pairs,
        blocks=blocks,
        calibration={name: sums[name] for name in curves},
        horizon=max(s.horizon for s in scores),
        fans=tuple(s.fans for s in scores),
        stairs=tuple(stair for s in scores for stair in s.stairs),
        notes=tuple(dict.fromkeys(note for s in scores for note in s.notes)),
    )


def _joined(tables: Sequence[Mapping[str, NDArray[Any]]]) -> Table:
    """Tables one below the other; blocks that some do not have are 0 there."""
    out: Table = {}
    for name in tables[0]:
        parts = [table[name] for table in tables]
        if parts[0].ndim == 2:
            width = max(part.shape[1] for part in parts)
            parts = [np.pad(part, ((0, 0), (0, width - part.shape[1]))) for part in parts]
        out[name] = np.concatenate(parts)
    return out


def _of_steps(steps: Mapping[str, Floats], scale: Floats, weight: Floats) -> Pairs:
    """Ratios of single periods; those of a naive forecast beside what is gained over it."""
    units = steps["units"]
    error = rmsse(steps["squared"], steps["count"], scale)
    told = np.isfinite(error)
    error, heavy = np.where(told, error, 0.0), np.where(told, weight, 0.0)
    pairs = {
        "wape": (steps["absolute"], units),
        "bias": (steps["mean"] - units, units),
        "bias_recovered": (steps["recovered_mean"] - steps["recovered"], steps["recovered"]),
        "rmsse": (error, told.astype(np.float64)),
        "wrmsse": (heavy * error, heavy),
        "pinball": (steps["pinball"], units),
    }
    for name, column in NAIVES.items():
        for metric, loss in (("wape", "absolute"), ("pinball", "pinball")):
            theirs = steps[f"{column}_{loss}"]
            pairs[f"{metric}_{name}"] = (theirs, units)
            pairs[f"{metric}_gain_over_{name}"] = (theirs - steps[loss], theirs)
    return pairs


def _of_sums(sums: Mapping[str, NDArray[Any]]) -> Pairs:
    """Ratios of the demand of protection intervals."""
    units = sums["units"]
    pairs = {
        "sum_wape": (sums["absolute"], units),
        "sum_bias": (sums["mean"] - units, units),
        "sum_pinball": (sums["pinball"], units),
        "sum_crps": (sums["crps"], units),
    }
    for name, column in NAIVES.items():
        theirs = sums[f"{column}_absolute"]
        pairs[f"sum_wape_{name}"] = (theirs, units)
        pairs[f"sum_wape_gain_over_{name}"] = (theirs - sums["absolute"], theirs)
    judged = sums["seen_judged"].astype(np.float64)
    for level in LEVELS:
        share = pit_share(sums["seen_below"], sums["seen_above"], level)
        pairs[f"coverage_{100 * level:.0f}"] = (share * judged, judged)
    return pairs


def _stability(before: Scores | None, now: Scores, n_series: int) -> Table:
    """How far the forecast of the same periods moved since the origin before, by series.

    Change and level (half the sum of both) of means and of .9 quantiles, over the blocks of
    steps that both nights forecast whole.
    """
    blank = np.zeros(len(now.place))
    names = [f"{column}_{what}" for column in now.ahead for what in ("change", "level")]
    if before is None:
        return dict.fromkeys(names, blank)
    earlier = np.full(n_series, -1)
    earlier[before.place] = np.arange(len(before.place))
    place = earlier[now.place]
    width = min(before.ahead["mean"].shape[1] - 1, now.ahead["mean"].shape[1])
    out: Table = {}
    for column, values in now.ahead.items():
        old = before.ahead[column][np.maximum(place, 0), 1 : width + 1]
        new = values[:, :width]
        both = (place >= 0)[:, None]
        out[f"{column}_change"] = np.where(both, np.abs(new - old), 0.0).sum(axis=1)
        out[f"{column}_level"] = np.where(both, (new + old) / 2, 0.0).sum(axis=1)
    return out
