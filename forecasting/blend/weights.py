"""The blend: weights of the rungs by segment, learned on what held-out origins would have ordered.

Weights are convex and minimize the squared misses of totals over the protection intervals, each
relative to the variance usual at its size. Two pulls hold them (a ridge, Hoerl & Kennard 1970): the
shop's weights to usual ones, a segment's to the shop's. Averages of forecasts are hard to beat
(Bates & Granger 1969; Stock & Watson 2004), and a few origins that overlap say less than their
number of totals. What an origin's shop as a whole did (a warm week, a peak that came late) is
divided out of every rung first: it would reward whoever happened to lean that way.

The rungs are averaged in logarithms, for they miss by factors: one that is far too high for a
series moves the blend less. One factor gives the shop back what this takes from its sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from forecasting.blend.rungs import GLOBAL, LEVEL, RUNGS
from forecasting.blend.segments import SEGMENT_NAMES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Weights where nothing could be learned: they were near the best on windows of VN2 and Online
#: Retail alike, whereas weights learned freely on one stretch of time lost on the next.
USUAL_WEIGHTS = np.array([0.0, 0.2, 0.2, 0.2, 0.4])
# Pull to the usual weights, as a multiple of the data's information; and totals of a segment at
# which its own weights are pulled to the shop's by as much again.
_PULL, _SEGMENT_TOTALS = 3.0, 400.0
# Standard errors by which a blend must be better without a rung for the rung to be dropped.
_SURE = 2.0
# Bounds of what an origin's shop as a whole may have done to a rung.
_LEAST_SHIFT, _MOST_SHIFT = 0.25, 4.0
# Relative variance of a total's level, for the weight of its miss.
_LEVEL_VARIANCE = 0.25
# Share of the plain average below which no rung pulls a series: a rung of 0 is not the end of it.
_FLOOR = 0.1
_TINY = 1e-9


@dataclass(frozen=True)
class Blend:
    """Weights of the rungs, (segments + 1, rungs): >= 0, rows sum to 1; the last row: the shop.

    scale: factor on every mean, by which the blend of the shop sums up to what plain averages do.
    """

    weights: Floats
    scale: float = 1.0

    def mean(self, rungs: Floats, segment: Ints) -> Floats:
        """Geometric mean of ``rungs`` (rungs, series, steps) for series of these segments.

        A rung counts as at least a tenth of the arithmetic mean. Where one rung has all the weight
        it is the mean.
        """
        return self.scale * averaged(self.weights[segment][:, None, :], rungs)

    def used(self) -> frozenset[int]:
        """Rungs with a weight anywhere."""
        return frozenset(np.flatnonzero(self.weights.any(axis=0)).tolist())

    @classmethod
    def only(cls, rung: int) -> Blend:
        """All weight on one rung."""
        return cls.everywhere(np.eye(len(RUNGS))[rung])

    @classmethod
    def everywhere(cls, weights: Floats) -> Blend:
        """The same weights for every segment."""
        return cls(np.tile(np.asarray(weights, np.float64), (len(SEGMENT_NAMES) + 1, 1)))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {"weights": self.weights.tolist(), "scale": self.scale}

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Blend:
        """The blend of ``to_dict``."""
        return cls(np.array(found["weights"]), found["scale"])


def averaged(weights: Floats, rungs: Floats) -> Floats:
    """Weighted geometric mean over the rungs, each at least a tenth of the arithmetic one.

    weights: (..., rungs), broadcast against the rest of ``rungs`` (rungs, ...). 0 where all rungs
    with a weight are.
    """
    used = np.flatnonzero(weights.any(axis=tuple(range(weights.ndim - 1))))
    plain = np.zeros(rungs.shape[1:])
    for place in used:
        plain += weights[..., place] * rungs[place]
    least = _FLOOR * plain + _TINY
    logs = np.zeros_like(plain)
    for place in used:
        logs += weights[..., place] * np.log(np.maximum(rungs[place], least))
    alone = (weights > 0).sum(axis=-1) == 1
    return np.where(alone, plain, np.where(plain > 0, np.exp(logs), 0.0))


@dataclass(frozen=True)
class Sums:
    """Held-out totals as every rung forecast them.

    rungs: (totals, rungs). units: (totals,) what came. dispersion: (totals,) variance over mean of
    the own history, units. series, origin, segment, span, row: (totals,); row: of the held-out
    forecast.
    """

    rungs: Floats
    units: Floats
    dispersion: Floats
    series: Ints
    origin: Ints
    segment: Ints
    span: Ints
    row: Ints

    def take(self, rows: NDArray[Any]) -> Sums:
        """Some of the totals."""
        kept = {name: getattr(self, name)[rows] for name in self.__dataclass_fields__}
        return Sums(**kept)

    def information(self) -> Floats:
        """One over the variance that is usual for a total of this size, (totals,)."""
        size = self.rungs.mean(axis=1)
        return np.asarray(1 / (self.dispersion * size + _LEVEL_VARIANCE * size**2 + _TINY))

    def level(self) -> Sums:
        """The same with the shop's shift of each origin and span taken out of every rung."""
        key = np.unique(np.stack([self.origin, self.span]), axis=1, return_inverse=True)[1].ravel()
        came = np.bincount(key, self.units)
        shifted = np.empty_like(self.rungs)
        for place in range(self.rungs.shape[1]):
            said = np.bincount(key, self.rungs[:, place])
            shift = came / np.maximum(said, _TINY)
            shift = np.where(came > 0, np.clip(shift, _LEAST_SHIFT, _MOST_SHIFT), 1.0)
            shifted[:, place] = self.rungs[:, place] * shift[key]
        return replace(self, rungs=shifted)


def usual_weights(available: Sequence[int]) -> Floats:
    """``USUAL_WEIGHTS`` among the rungs that there are; the base level where none has any."""
    weights = np.zeros(len(RUNGS))
    weights[list(available)] = USUAL_WEIGHTS[list(available)]
    if not weights.sum() > 0:
        weights[LEVEL if LEVEL in available else available[0]] = 1.0
    return np.asarray(weights / weights.sum())


def learn_blend(sums: Sums, available: Sequence[int]) -> Blend:
    """Weights of the ``available`` rungs, nested: usual ones, the shop's, each segment's."""
    rungs = list(available)
    weights = np.zeros((len(SEGMENT_NAMES) + 1, len(RUNGS)))
    usual = usual_weights(rungs)
    if not len(sums.units):
        return Blend.everywhere(usual)
    fair = sums.level()
    root = np.sqrt(fair.information())
    design, aim = fair.rungs[:, rungs] * root[:, None], fair.units * root
    shop = _convex(design, aim, usual[rungs], _PULL)
    weights[:, rungs] = shop
    for segment in np.unique(fair.segment):
        rows = fair.segment == segment
        pull = _PULL * (1 + _SEGMENT_TOTALS / float(rows.sum()))
        weights[segment, rungs] = _convex(design[rows], aim[rows], shop, pull)
    return Blend(weights, _kept_sum(weights[sums.segment], sums.rungs))


def _kept_sum(weights: Floats, rungs: Floats) -> float:
    """Sum of arithmetic over that of geometric means; weights and rungs (totals, rungs)."""
    geometric = float(averaged(weights, rungs.T).sum())
    return float((weights * rungs).sum(axis=1).sum()) / geometric if geometric > 0 else 1.0


def _convex(design: Floats, aim: Floats, toward: Floats, pull: float) -> Floats:
    """Least squares over the simplex, pulled to ``toward`` by ``pull`` times the information."""
    gram, cross = design.T @ design, design.T @ aim
    ridge = pull * float(np.trace(gram)) / len(toward) + _TINY
    gram, cross = gram + ridge * np.eye(len(toward)), cross + ridge * toward
    root = np.linalg.cholesky(gram)
    heavy = 1e3 * float(np.sqrt(np.trace(gram)))
    left = np.vstack([root.T, np.full((1, len(toward)), heavy)])
    right = np.append(np.linalg.solve(root, cross), heavy)
    found = np.asarray(optimize.nnls(left, right)[0])
    return np.asarray(found / found.sum())


def halves(sums: Sums) -> list[NDArray[np.bool_]]:
    """Rows of the earlier and of the later origins; one part where there is one origin."""
    origins = np.unique(sums.origin)
    if len(origins) < 2:
        return [np.ones(len(sums.units), np.bool_)]
    later = np.asarray(sums.origin >= origins[len(origins) // 2])
    return [~later, later]


def tried(sums: Sums, available: Sequence[int]) -> Floats:
    """Totals of a blend that was learned on the other half of the origins, (totals,)."""
    out = np.empty(len(sums.units))
    parts = halves(sums)
    for here in parts:
        blend = learn_blend(sums.take(~here if len(parts) > 1 else here), available)
        mixed = averaged(blend.weights[sums.segment[here]], sums.rungs[here].T)
        out[here] = blend.scale * mixed
    return out


def worthwhile(sums: Sums, available: Sequence[int]) -> tuple[int, ...]:
    """The rungs that a blend is not better without, on the half that it did not learn from.

    One by one, the rung without which misses are smallest is dropped, as long as that is sure in
    the earlier and in the later origins alike: what a single season favored is no reason. Misses
    are paired by series.
    """
    kept = list(available)
    weight, parts = sums.information(), halves(sums)
    series = np.unique(sums.series, return_inverse=True)[1]

    def losses(rungs: Sequence[int]) -> list[Floats]:
        missed = weight * (sums.units - tried(sums, rungs)) ** 2
        return [np.asarray(np.bincount(series[part], missed[part]), np.float64) for part in parts]

    now = losses(kept)
    while len(kept) > 1:
        without = [losses([r for r in kept if r != rung]) for rung in kept]
        gains = np.array([min(map(gain_in_errors, now, other)) for other in without])
        place = int(np.argmax(gains))
        if gains[place] <= _SURE:
            break
        now = without[place]
        del kept[place]
    return tuple(kept)


def gain_in_errors(before: Floats, after: Floats) -> float:
    """By how many standard errors losses fell, paired by series, (series,) each."""
    gain = before - after
    error = float(np.sqrt(len(gain)) * gain.std())
    return float(gain.sum()) / error if error > 0 else 0.0


def model_of(blend: Blend) -> list[str]:
    """Name of what each segment's mean comes from, (segments + 1)."""
    names = {LEVEL: "plain", GLOBAL: "global"}
    found = []
    for row in blend.weights:
        some = np.flatnonzero(row > 0)
        single = names.get(int(some[0]), "statistical")
        mixed = "blend" if GLOBAL in some else "statistical"
        found.append(single if len(some) == 1 else mixed)
    return found
