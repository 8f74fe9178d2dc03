"""Fit a demand model to a panel, and forecast with it, tonight or on a later night."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.build import build_features, prepare
from features.context import FeatureContext, build_context
from features.matrix import FeatureMatrix
from forecasting.blend.rungs import (
    GLOBAL,
    LEVEL,
    RUNGS,
    SMOOTHED,
    STEADY,
    present_level,
    recent,
    statistical_rungs,
)
from forecasting.blend.staircase import Stair, staircase
from forecasting.blend.weights import Blend, learn_blend, model_of, usual_weights, worthwhile
from forecasting.booster.booster import MeanModel, Training
from forecasting.booster.rows import training_rows
from forecasting.drift import usual_misses
from forecasting.held_out import HeldOut, held_out, held_out_origins
from forecasting.launch.early_life import launch_weight, with_ends, with_launches
from forecasting.launch.launch import LaunchCurves, learn_launches, learn_spreads
from forecasting.launch.spread import LaunchSpreads
from forecasting.levels.aggregate import shop_growth
from forecasting.levels.levels import (
    NO_LEVELS,
    LevelCorrection,
    Levels,
    correction,
    learn_levels,
    no_correction,
    outlook,
    step_reach,
)
from forecasting.life.life import LifeParams, ended_series, faded
from forecasting.params import ModelParams
from forecasting.seen import seen_before, sells_at, some_on_sale
from forecasting.spread.moments import history_moments
from forecasting.spread.spread import DEFAULT_SPREAD, Spread, fit_spread, location_correlation
from forecasting.stage import Sampled, Stage, steps_made
from forecasting.threads import in_order
from forecasting.waterfall import causes, parts_of
from stockwright.decomposition import PARTS, Decomposition
from stockwright.errors import DataError
from stockwright.forecast import Forecast
from stockwright.overrides import OverrideHistory
from stockwright.panel import DemandPanel

Floats = NDArray[np.float64]
#: Which model gave a series' mean: the booster; level, season and the shop's growth; any of them
#: with nothing but groups to go by; none, for the series is not on sale; a blend of methods with
#: the booster; one or more statistical methods without it; like products and its own first sales;
#: the end of its life, by date or by a silence beyond chance.
MODEL_NAMES = ("global", "plain", "group", "none", "blend", "statistical", "launch", "ended")
_GROUP, _NONE, _LAUNCH, _ENDED = 2, 3, 6, 7
# Series per block of prediction, which bounds its memory; no result depends on it.
_BLOCK = 1000
_FORMAT = 8
# Most totals that the spread is estimated from: each is weighed some fifty times.
_SPREAD_TOTALS = 12_000
_USUAL_CORRELATION = 0.5


@dataclass(frozen=True)
class NightContext:
    """What the whole panel of a night says beyond each series.

    groups: rates, seasons and uplifts of groups. growth: (horizon,) factor of each step on the
    shop's present level, used by the plain mean only. launches: what like products say of a launch;
    None where the shop has had too few. levels: what its aggregates ask of all series.
    """

    groups: FeatureContext
    growth: Floats
    launches: LaunchCurves | None = None
    levels: LevelCorrection = field(default_factory=no_correction)


@dataclass(frozen=True)
class FittedModel:
    """A demand model.

    params: what it was fitted with. booster: text of the mean model, "" where the history was
    too short for one. spread: how demand scatters. location_correlation: see Forecast.
    bias: held-out units over forecast units, for the record. blend: weights of the rungs by
    segment. usual: ``usual_errors`` of the smoothing parameters. staircase: what each rung added on
    held-out origins; empty where none could be held out. levels: how far aggregates are followed.
    misses: how far sums over the shop usually miss, see ``forecasting.drift``. launches: how far
    launches lie from what like products say; None where each night learns that itself.
    """

    params: ModelParams
    booster: str
    spread: Spread
    location_correlation: float
    bias: float
    blend: Blend
    usual: dict[str, Floats] = field(default_factory=dict)
    staircase: tuple[Stair, ...] = ()
    levels: Levels = NO_LEVELS
    misses: tuple[float, ...] = ()
    launches: LaunchSpreads | None = None

    @cached_property
    def _mean_model(self) -> MeanModel | None:
        return MeanModel(self.booster, self.params.period) if self.booster else None

    def context(self, panel: DemandPanel) -> NightContext:
        """What the whole panel says of groups of series: to be shared by all blocks of a night."""
        return self.night(panel, 0)[0]

    def night(self, panel: DemandPanel, horizon: int) -> tuple[NightContext, Sampled | None]:
        """The context, and what was made for it that ``predict`` over ``horizon`` makes as well."""
        features = self.params.features()
        groups = build_context(panel, features)
        growth = np.ones(panel.horizon)
        if not self.booster:
            growth = shop_growth(panel, groups, features, panel.horizon)
        launches = learn_launches(panel, groups, features, self.launches)
        known = NightContext(groups, growth, launches)
        if self.levels.strength <= 0:
            return known, None
        sample = panel.take(some_on_sale(panel, groups))
        steps = step_reach(self.params.period, panel.horizon)
        if not sample.n_series or steps < 1:
            return known, None
        stage = self._rungs(sample, steps_made(panel, steps, horizon, features), known)
        levels = self._correction(sample, steps, stage, known)
        return replace(known, levels=levels), Sampled(sample.index, replace(stage, matrix=None))

    def _correction(
        self, sample: DemandPanel, steps: int, stage: Stage, context: NightContext
    ) -> LevelCorrection:
        """What the aggregates of the sample ask of all series."""
        features = self.params.features()
        prepared = recent(prepare(sample, steps, features, context.groups), features.long)
        plain = stage.rungs[:, :, :1]
        if SMOOTHED not in self.blend.used():
            parts = (features, context.groups, self.params.methods, self.usual)
            plain = statistical_rungs(sample, 1, *parts, frozenset((LEVEL, SMOOTHED))).means
        found = outlook(prepared, present_level(prepared, plain), steps)
        mean = self.blend.mean(stage.rungs[:, :, :steps], stage.segment)
        return correction(found, mean, self.levels)

    def decompose(
        self, panel: DemandPanel, horizon: int, context: NightContext | None = None
    ) -> Decomposition:
        """What the mean of ``predict`` is made of, see ``forecasting.waterfall``."""
        parts = self.predict(panel, horizon, context, parts=True).parts
        return parts or Decomposition.untold(np.zeros((0, horizon), np.float32))

    def predict(
        self,
        panel: DemandPanel,
        horizon: int,
        context: NightContext | None = None,
        parts: bool = False,
        sampled: Sampled | None = None,
    ) -> Forecast:
        """Forecast steps 1 ... horizon after the panel's origin.

        panel: all series or a block of them. context: ``self.context`` of the whole panel, by
        default of ``panel``; with it the forecast of a series does not depend on its block. parts:
        tell what the mean is made of. sampled: of the same panel, by ``night``.
        Raises DataError when the covariates do not reach over the horizon.
        """
        if panel.calendar.period != self.params.period:
            raise DataError(f"a model for a {self.params.period}, a panel in other periods")
        known = context
        if known is None:
            known, sampled = self.night(panel, 0 if parts else horizon)
        alone = replace(self.params, threads=1)
        one = self if self.params == alone else replace(self, params=alone)

        def block(start: int) -> dict[str, NDArray[Any]]:
            some = panel.take(slice(start, start + _BLOCK))
            # What the mean is made of needs the features, which the sample does not keep.
            return one._block(some, horizon, known, parts, None if parts else sampled)

        starts = range(0, max(panel.n_series, 1), _BLOCK)
        blocks = in_order(block, starts, self.params.threads)
        joined = {
            name: np.concatenate([block[name] for block in blocks])
            for name in ("mean", "model", *_SPREAD_FIELDS)
        }
        units = [block["parts"] for block in blocks if parts]
        return Forecast(
            index=panel.index,
            origin=panel.origin,
            model_names=MODEL_NAMES,
            location_correlation=self.location_correlation,
            parts=Decomposition(PARTS, np.concatenate(units, axis=1)) if parts else None,
            **joined,
        )

    def _block(
        self,
        panel: DemandPanel,
        horizon: int,
        context: NightContext,
        parts: bool,
        sampled: Sampled | None,
    ) -> dict[str, NDArray[Any]]:
        features = self.params.features()
        shape = (panel.n_series, horizon)
        mean, model = np.zeros(shape), np.full(panel.n_series, _NONE, np.uint8)
        on_sale = panel.on_sale(horizon) & sells_at(panel, context.groups)[:, None]
        some = np.flatnonzero(on_sale.any(axis=1))
        told = None
        if len(some):
            block = panel.take(some)
            made = partial(self._rungs, horizon=horizon, context=context)
            stage = sampled.stage_of(block, horizon, made) if sampled else made(block)
            factor = context.levels.factor(block, features, horizon)
            mean[some] = self.blend.mean(stage.rungs, stage.segment) * factor
            names = [MODEL_NAMES.index(name) for name in model_of(self.blend)]
            model[some] = np.array(names, np.uint8)[stage.segment]
            model[some[~seen_before(block, features)]] = _GROUP
            if parts:
                known = (features, context.groups, self._boosted, self.blend, factor)
                told = causes(stage, block, *known)
        ordinary = self._spread_around(np.where(on_sale, mean, 0.0), panel)
        begun, led = with_launches(ordinary, panel, context.groups, features, context.launches)
        model[led & (model != _NONE)] = _LAUNCH
        rules = LifeParams(silent_days=self.params.silent_days)
        found, silent = with_ends(begun, faded(panel, context.groups, features, rules))
        model[silent | ended_series(panel)] = _ENDED
        units = np.zeros((len(PARTS), *shape) if parts else 0, np.float32)
        if told is not None:
            weight = launch_weight(block, features) * float(context.launches is not None)
            before, led_mean, final = (each["mean"][some] for each in (ordinary, begun, found))
            units[:, some] = parts_of(told, before, led_mean, final, weight)
        return found | {"model": model, "parts": units}

    def _rungs(self, block: DemandPanel, horizon: int, context: NightContext) -> Stage:
        """What every rung in use expects."""
        features, used = self.params.features(), self.blend.used()
        parts = (features, context.groups, self.params.methods, self.usual, used)
        found = statistical_rungs(block, horizon, *parts)
        rungs = np.zeros((len(RUNGS), *found.means.shape[1:]))
        rungs[:GLOBAL] = found.means
        rungs[LEVEL] *= context.growth[:horizon]
        matrix = None
        if self.booster and GLOBAL in used:
            matrix = build_features(block, np.arange(1, horizon + 1), features, context.groups)
            rungs[GLOBAL] = self._boosted(matrix).reshape(-1, horizon)
        return Stage(rungs, found.segment, found.level, found.season, matrix)

    def _boosted(self, matrix: FeatureMatrix) -> Floats:
        """Mean of each row by the booster; 1 without one."""
        booster = self._mean_model
        return booster.predict(matrix, self.params.threads) if booster else np.ones(matrix.n_rows)

    def _spread_around(self, mean: Floats, panel: DemandPanel) -> dict[str, NDArray[Any]]:
        moments = history_moments(panel, self.params.features())
        dispersions = self.spread.dispersions(mean.mean(axis=1), moments)
        tails = (np.full(len(mean), value) for value in self.spread.tail)
        values = (*dispersions, moments.quantum, *tails)
        return {"mean": mean.astype(np.float32), **dict(zip(_SPREAD_FIELDS, values, strict=True))}

    def to_bytes(self) -> bytes:
        """The model as text, the same bytes for the same model; threads are not part of it."""
        content = {
            "format": _FORMAT,
            "params": asdict(replace(self.params, threads=1)),
            "booster": self.booster,
            "spread": self.spread.to_dict(),
            "location_correlation": self.location_correlation,
            "bias": self.bias,
            "blend": self.blend.to_dict(),
            "usual": {name: values.tolist() for name, values in self.usual.items()},
            "staircase": [asdict(stair) for stair in self.staircase],
            "levels": self.levels.to_dict(),
            "misses": self.misses,
            "launches": self.launches and self.launches.to_dict(),
        }
        return json.dumps(content, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> FittedModel:
        """Read a model back. Raises DataError for bytes of another format."""
        found = json.loads(content)
        if not isinstance(found, dict) or found.get("format") != _FORMAT:
            raise DataError("the stored model has another format; fit a new one")
        tuples = {name: tuple(found["params"][name]) for name in ("spans", "methods")}
        return cls(
            params=ModelParams(**found["params"] | tuples),
            booster=found["booster"],
            spread=Spread.from_dict(found["spread"]),
            location_correlation=found["location_correlation"],
            bias=found["bias"],
            blend=Blend.from_dict(found["blend"]),
            usual={name: np.array(values) for name, values in found["usual"].items()},
            staircase=tuple(Stair(**stair) for stair in found["staircase"]),
            levels=Levels.from_dict(found["levels"]),
            misses=tuple(found["misses"]),
            launches=found["launches"] and LaunchSpreads.from_dict(found["launches"]),
        )


_SPREAD_FIELDS = (
    "linear_dispersion",
    "step_variance",
    "level_variance",
    "quantum",
    "tail_share",
    "tail_ratio",
)


def fit(
    panel: DemandPanel, params: ModelParams, overrides: OverrideHistory | None = None
) -> FittedModel:
    """Fit mean and spread to the history of a panel.

    overrides: of planners in the past; they are judged by the staircase and change nothing else.
    The booster learns from past origins. A twin that has not seen the newest origins is tried on
    them beside the statistical rungs: weights of the blend, and the spread, are learned from the
    misses; the booster itself is trained on all rows. With too few rows there is no booster.
    Deterministic.
    """
    rows = training_rows(panel, params)
    origins = held_out_origins(panel, params)
    enough = len(rows.units) >= params.min_rows and float(rows.units.sum()) > 0
    training = Training(rows, params) if enough else None
    booster = training.fit(panel.origin) if training else ""
    unlearned = replace(
        plain_model(params),
        booster=booster,
        blend=Blend.everywhere(usual_weights(_available(training is not None))),
        launches=learn_spreads(panel, params.features()),
    )
    if not len(origins):
        return unlearned
    twin = training.twin(int(origins[0])) if training else None
    outcome, usual = held_out(panel, twin, origins, params, overrides)
    return _learned(replace(unlearned, usual=usual), panel, outcome, twin is not None)


def _available(booster: bool) -> tuple[int, ...]:
    return (LEVEL, SMOOTHED, STEADY, GLOBAL) if booster else (LEVEL,)


def _learned(
    model: FittedModel, panel: DemandPanel, outcome: HeldOut, booster: bool
) -> FittedModel:
    """The model with what held-out origins say of its blend and its spread."""
    params = model.params
    sums = outcome.sums(params.spans)
    available = _available(booster)
    kept = worthwhile(sums, available) if len(sums.units) else available
    blend = learn_blend(sums, kept)
    blended = outcome.blended(blend)
    if booster == bool(model.booster):
        misses = usual_misses(panel, blended, params.period)
        model = replace(model, blend=blend, misses=misses)
    if booster and model.booster:
        model = replace(model, levels=learn_levels(blended.trials()))
    bias = blended.bias()
    fair = blended.scaled(bias)
    totals, _ = fair.cautious().totals(params.spans)
    if not len(totals.units):
        return replace(model, bias=bias)
    spread = fit_spread(totals.take(slice(None, None, -(-len(totals.units) // _SPREAD_TOTALS))))
    said = partial(blended.overridden, sums)
    stairs = staircase(sums, blended.totals_of(sums), spread, available, kept, said)
    return replace(
        model,
        bias=bias,
        spread=spread,
        staircase=stairs,
        location_correlation=_siblings(panel, fair, spread, params),
    )


def _siblings(panel: DemandPanel, fair: HeldOut, spread: Spread, params: ModelParams) -> float:
    """Correlation of the level noise of one SKU's locations."""
    longest, rows = fair.totals((max(params.spans),))
    keys = np.stack([fair.origin[rows], panel.index.sku[fair.series[rows]]])
    group = np.unique(keys, axis=1, return_inverse=True)[1]
    return location_correlation(longest, spread, group.ravel())


def plain_model(params: ModelParams) -> FittedModel:
    """A model that needs no fit: level times season, and a spread that is usual in retail."""
    return FittedModel(params, "", DEFAULT_SPREAD, _USUAL_CORRELATION, 1.0, Blend.only(LEVEL))
