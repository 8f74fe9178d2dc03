"""Levels agree: aggregates forecast on their own correct the series that they are made of.

Total, category, region, category x region and location have their demand forecast by statsmodels,
season and events taken out. Where that differs from the sum of the series' forecasts, trace
minimization (``forecasting.levels.reconcile``) says how far to move, and the series of an aggregate
are moved in proportion: factors, so that nothing becomes negative and the relative spread stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from features.build import Prepared
from features.context import group_codes, season_names
from features.params import FeatureParams
from forecasting.levels.aggregate import theta_forecasts
from forecasting.levels.reconcile import multipliers, sums_covariance
from forecasting.statistical.smoothing import History, exponential_smoothing
from stockwright.calendar import PeriodName
from stockwright.panel import DemandPanel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
KINDS = ("total", "category", "region", "category_region", "location")
#: Ways of forecasting an aggregate: simple smoothing, and Theta with half of the trend.
THETAS = (1.0, 2.0)
# Aggregates forecast at one origin; the largest come first. Smaller ones than this many units per
# period, and those that are nearly the whole shop, say nothing of their own.
_MOST_GROUPS = 40
_LEAST_UNITS = 20.0
_WHOLE = 0.98
# Periods that an aggregate must have been seen in, and the share of it that must have been on sale.
_LEAST_PERIODS = 16
_LEAST_SHARE = 0.25
# What is believed of the strength before any evidence, and how firmly.
_USUAL_STRENGTH, _STRENGTH_ERROR = 0.5, 0.35
_LOWEST, _HIGHEST = 0.5, 2.0
_LEAST_ALPHA = 0.05
# Standard errors of an aggregate's own forecast that a gap must exceed to count.
_SURE = 1.5
# Steps of a period that are corrected alike.
_BLOCK_STEPS: dict[PeriodName, int] = {"day": 14, "week": 4}
_TINY = 1e-9


@dataclass(frozen=True)
class Levels:
    """How far to follow the aggregates, learned on held-out origins.

    strength: share of the correction that is made, in [0, 1]. way: position in ``THETAS``.
    bottom: variance over mean, and relative variance shared, of bottom-up sums; own: the same of
    the aggregates' own forecasts, where the second is of each aggregate alone.
    """

    strength: float
    way: int
    bottom: tuple[float, float]
    own: tuple[float, float]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Levels:
        """Read back what ``to_dict`` gave."""
        bottom, own = tuple(values["bottom"]), tuple(values["own"])
        return cls(values["strength"], values["way"], bottom, own)


NO_LEVELS = Levels(0.0, 0, (1.0, 0.0), (1.0, 0.0))


@dataclass(frozen=True)
class Outlook:
    """Where aggregates of some series were heading at an origin.

    members: (groups, series) sparse 0/1. kind: (groups,) position in ``KINDS``. key: (groups,) as
    in ``group_keys``. ratio: (ways, groups, steps) demand over what the levels of the series let
    expect. error: (groups,) standard error of the ratio. block: steps that are corrected alike.
    """

    members: Any
    kind: Ints
    key: Ints
    ratio: Floats
    error: Floats
    block: int


@dataclass(frozen=True)
class Trial:
    """Held-out forecasts of some series at one origin beside the aggregates' outlook.

    mean: what was forecast; units: what came; known: whether it is known, (series, steps) each.
    origin: period of the panel.
    """

    outlook: Outlook
    mean: Floats
    units: Floats
    known: NDArray[np.bool_]
    origin: int


@dataclass(frozen=True)
class LevelCorrection:
    """Factors of a night; steps beyond the last one are corrected like it.

    shared: (steps,) of all series. pull: by kind, sorted keys and what to add to the factor of
    each, (keys,) and (keys, steps).
    """

    shared: Floats
    pull: Mapping[str, tuple[Ints, Floats]]

    def factor(self, panel: DemandPanel, params: FeatureParams, steps: int) -> Floats:
        """Factor on the mean of each series and step of any block, (series, steps) in [0.5, 2]."""
        last = len(self.shared) - 1
        at = np.minimum(np.arange(steps), last)
        out = np.tile(self.shared[at], (panel.n_series, 1))
        for kind, key in group_keys(panel, params).items():
            if kind not in self.pull:
                continue
            keys, values = self.pull[kind]
            place = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
            out += np.where((keys[place] == key)[:, None], values[place][:, at], 0.0)
        return np.clip(out, _LOWEST, _HIGHEST)


def no_correction() -> LevelCorrection:
    """Factor 1 for every series."""
    return LevelCorrection(np.ones(1), {})


def step_reach(period: PeriodName, horizon: int) -> int:
    """Steps that the aggregates are looked at over: two blocks, within the horizon."""
    return min(2 * _BLOCK_STEPS[period], horizon)


def group_keys(panel: DemandPanel, params: FeatureParams) -> dict[str, Ints]:
    """Group of each series by kind, (series,), -1 for none; the same whatever the block.

    The category is the coarsest attribute of seasons that the panel has; without regions, the
    location takes their place.
    """
    category = group_codes(panel, season_names(panel, params)[0]).astype(np.int64)
    location = panel.index.location.astype(np.int64)
    region = np.asarray(panel.attributes.get("region", location), np.int64)
    both = np.where((category < 0) | (region < 0), -1, (category << 31) + region)
    values = (np.zeros(panel.n_series, np.int64), category, region, both, location)
    return dict(zip(KINDS, values, strict=True))


def outlook(prepared: Prepared, level: Floats, steps: int) -> Outlook:
    """Forecast the aggregates of the series of a block as if they were the shop.

    level: (series,) what the series' own methods take for their present level, units per usual
    period. Demand of each past period is compared with what these levels let expect of the series
    seen in it, so that an aggregate does not move because its assortment does. Periods in an event
    are left out: what an uplift fails to explain is not where the aggregate is heading.
    """
    members, kind, key = _groups(prepared, level)
    history = History.of(prepared, slice(None))
    length = min(history.shape[0], prepared.params.long, prepared.panel.n_periods)
    past = slice(prepared.panel.n_periods - length, prepared.panel.n_periods)
    quiet = prepared.panel.covariates.event[:, past].T == 0
    seen = (history.weight[len(history.weight) - length :] > 0) & quiet
    factor = prepared.factor[:, prepared.factor.shape[1] - length :].T
    usual = np.where(seen, factor * level, 0.0)
    units = np.where(seen, factor * history.rate[len(history.rate) - length :], 0.0)
    top, bottom = members @ units.T, members @ usual.T
    whole = np.asarray(members @ level)
    enough = bottom >= _LEAST_SHARE * whole[:, None]
    kept = np.flatnonzero(enough.sum(axis=1) >= _LEAST_PERIODS)
    ratio, alpha = np.zeros((len(THETAS), len(kept), steps)), np.zeros(len(kept))
    index = np.divide(top, bottom, out=np.zeros_like(top), where=enough)
    for place, group in enumerate(kept):
        found = theta_forecasts(index[group, enough[group]], steps, THETAS)
        ratio[:, place], alpha[place] = np.maximum(found[0], 0.0), found[1]
    error = _level_error(History(index[kept].T, enough[kept].T.astype(np.float64)), alpha)
    block = _BLOCK_STEPS[prepared.params.period]
    return Outlook(members[kept], kind[kept], key[kept], ratio, error, block)


def _level_error(index: History, alpha: Floats) -> Floats:
    """Standard error of the smoothed level of each index, (groups,), smoothed by ``alpha``.

    With one-step errors of variance s**2, the level has variance s**2 alpha / (2 - alpha).
    """
    alpha = np.clip(alpha, _LEAST_ALPHA, 1.0)
    found = exponential_smoothing(index, alpha[None, :])
    variance = found.errors[0] / np.maximum(found.count, 1.0)
    return np.asarray(np.sqrt(variance * alpha / (2.0 - alpha)))


def _groups(prepared: Prepared, volume: Floats) -> tuple[Any, Ints, Ints]:
    """Membership, kind and key of the largest aggregates, largest first."""
    total = float(volume.sum())
    rows, kinds, keys, sizes = [], [], [], []
    for place, key in enumerate(group_keys(prepared.panel, prepared.params).values()):
        names, code = np.unique(key, return_inverse=True)
        size = np.bincount(code, volume, minlength=len(names))
        whole = (size > _WHOLE * total) & (place > 0)
        for one in np.flatnonzero((size >= _LEAST_UNITS) & (names >= 0) & ~whole):
            rows.append(np.flatnonzero(code == one))
            kinds.append(place)
            keys.append(int(names[one]))
            sizes.append(float(size[one]))
    order = np.argsort(-np.array(sizes), kind="stable")[:_MOST_GROUPS]
    chosen = [rows[i] for i in order]
    starts = np.cumsum([0, *(len(row) for row in chosen)])
    columns = np.concatenate([*chosen, np.zeros(0, np.int64)]).astype(np.int64)
    shape = (len(chosen), len(volume))
    members = sparse.csr_array((np.ones(len(columns)), columns, starts), shape=shape)
    return members, np.array(kinds, np.int64)[order], np.array(keys, np.int64)[order]


def correction(found: Outlook, mean: Floats, levels: Levels) -> LevelCorrection:
    """Factors that bring the means of a night in line with where its aggregates are heading.

    mean: (series, steps) of the series that ``found`` was made of. An aggregate's own forecast has
    the course over the steps that its series give it (season, prices, events), and the level from
    its own history.
    """
    shared, pulls = _pulls(found, mean, levels)
    shared, pulls = 1.0 + levels.strength * shared, levels.strength * pulls
    pull = {}
    for place, name in enumerate(KINDS):
        here = np.flatnonzero(found.kind == place)
        here = here[np.argsort(found.key[here])]
        if len(here):
            pull[name] = (found.key[here], pulls[here])
    return LevelCorrection(shared, pull)


def _pulls(found: Outlook, mean: Floats, levels: Levels) -> tuple[Floats, Floats]:
    """What to add to the factors: of all series, (steps,), and of each group's, (groups, steps)."""
    steps = mean.shape[1]
    shared, pulls = np.zeros(steps), np.zeros((len(found.key), steps))
    for block in step_blocks(found.block, steps):
        parts, sums, own = _sums(found, mean, levels.way, block)
        use = np.flatnonzero(sums > 0)
        if not len(use):
            continue
        noise, common = levels.bottom
        covariance = sums_covariance(found.members[use], parts, noise * parts, common)
        variance = levels.own[0] * sums[use] + levels.own[1] * sums[use] ** 2
        gap = _sure_gaps(found, sums, own)[use]
        asked = multipliers(covariance, np.maximum(variance, _TINY), gap)
        pulls[use, block] = noise * asked[:, None]
        shared[block] = common * float(sums[use] @ asked)
    return shared, pulls


def _sure_gaps(found: Outlook, sums: Floats, own: Floats) -> Floats:
    """Own forecasts less bottom-up sums as far as chance does not explain them, (groups,).

    The gap of the total is shrunk to 0, those of the others to the share that it has in them:
    an aggregate too small to show a drift of the whole shop is no evidence against it. Shrunk by
    the positive part of 1 - k**2 / z**2 (James & Stein 1961) with z the gap over its error.
    """
    chance = (_SURE * found.error * own) ** 2
    total = np.flatnonzero((found.kind == 0) & (sums > 0))
    usual = np.zeros_like(sums)
    if len(total):
        gap = (own - sums)[total[0]]
        usual = gap * _beyond(gap, chance[total[0]]) / sums[total[0]] * sums
    apart = own - sums - usual
    return np.asarray(usual + apart * _beyond(apart, chance))


def _beyond(gap: Floats, chance: Floats) -> Floats:
    return np.maximum(1.0 - chance / np.maximum(gap**2, _TINY), 0.0)


def step_blocks(length: int, steps: int) -> list[slice]:
    """Stretches of steps that are corrected alike."""
    return [slice(i, min(i + length, steps)) for i in range(0, steps, length)]


def _sums(found: Outlook, mean: Floats, way: int, block: slice) -> tuple[Floats, Floats, Floats]:
    """Parts (series,), bottom-up sums and own forecasts (groups,) of a block of steps."""
    parts = mean[:, block].sum(axis=1)
    by_step = found.members @ mean[:, block]
    own = (found.ratio[way][:, block] * by_step).sum(axis=1)
    return parts, np.asarray(found.members @ parts), np.asarray(own)


def _tried(trial: Trial, levels: Levels) -> tuple[Floats, Floats, Floats, Floats]:
    """Bottom-up sums above 0, their misses, those of the own forecasts, and what a full correction
    would have added; for all groups and blocks, one after the other."""
    mean, units = (np.where(trial.known, each, 0.0) for each in (trial.mean, trial.units))
    found = trial.outlook
    shared, pulls = _pulls(found, mean, levels)
    moved = (shared[None, :] + found.members.T @ pulls) * mean
    columns = []
    for block in step_blocks(found.block, mean.shape[1]):
        _, sums, own = _sums(found, mean, levels.way, block)
        came = found.members @ units[:, block].sum(axis=1)
        added = found.members @ moved[:, block].sum(axis=1)
        columns.append(np.stack([sums, came - sums, came - own, added])[:, sums > 0])
    sums, miss, own_miss, added = np.concatenate(columns, axis=1)
    return sums, miss, own_miss, added


def learn_levels(trials: Sequence[Trial]) -> Levels:
    """Variances of both kinds of sums from their misses, and the strength that would have paid.

    The strength is the regression of the misses of bottom-up sums on the full correction, its error
    from the differences between origins, combined with a usual strength of 0.5 +- 0.35 by their
    precisions and kept in [0, 1]. Of smoothing and Theta, the one whose correction takes out more
    of the squared misses is used. Without origins nothing is corrected.
    """
    usable = [trial for trial in trials if len(trial.outlook.key)]
    if not usable:
        return NO_LEVELS
    ways = [_learn_way(usable, way) for way in range(len(THETAS))]
    best = int(np.argmax([gain for _, gain in ways]))
    return ways[best][0]


def _learn_way(trials: Sequence[Trial], way: int) -> tuple[Levels, float]:
    """Variances and strength with one way of forecasting, and the share of misses it takes out."""
    plain = Levels(1.0, way, (1.0, 0.0), (1.0, 0.0))
    outcomes = np.concatenate([np.stack(_tried(trial, plain)) for trial in trials], axis=1)
    bottom, own = (_variances(outcomes[0], miss) for miss in outcomes[1:3])
    levels = Levels(1.0, way, bottom, own)
    products = []
    for trial in trials:
        size, miss, _, added = _tried(trial, levels)
        weight = 1.0 / np.maximum(bottom[0] * size + bottom[1] * size**2, _TINY)
        products.append((float(weight @ (miss * added)), float(weight @ added**2)))
    tops, downs = np.array(products).T
    apart = np.median(np.diff(sorted(trial.origin for trial in trials))) if len(trials) > 1 else 1
    overlap = max(trials[0].mean.shape[1] / max(float(apart), 1.0), 1.0)
    strength = _strength(tops, downs, overlap)
    gain = 2.0 * strength * tops.sum() - strength**2 * downs.sum()
    return Levels(strength, way, bottom, own), float(gain)


def _variances(sums: Floats, misses: Floats) -> tuple[float, float]:
    """Variance over mean and relative variance: squared misses as a m + b m**2, both >= 0."""
    if not len(sums):
        return (1.0, 0.0)
    columns = np.stack([np.ones_like(sums), sums], axis=1)
    found, _ = optimize.nnls(columns, misses**2 / sums)
    return (max(float(found[0]), _TINY), float(found[1]))


def _strength(tops: Floats, downs: Floats, overlap: float) -> float:
    """Posterior mean of the strength from sums of products by origin.

    overlap: origins whose windows share a period count for one.
    """
    total, count = float(downs.sum()), len(downs)
    if total <= _TINY or count < 2:
        return _USUAL_STRENGTH
    found = float(tops.sum()) / total
    scatter = tops - found * downs
    error = float((scatter**2).sum()) / total**2 * count / (count - 1) * overlap
    weight = _STRENGTH_ERROR**2 / (_STRENGTH_ERROR**2 + error)
    return float(np.clip(weight * found + (1.0 - weight) * _USUAL_STRENGTH, 0.0, 1.0))
