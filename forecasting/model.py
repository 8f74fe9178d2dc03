"""Fit a demand model to a panel, and forecast with it, tonight or on a later night."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.build import build_features
from features.context import LOCATION, FeatureContext, build_context
from features.params import FeatureParams
from forecasting.aggregate import shop_growth
from forecasting.booster import MeanModel, Training
from forecasting.held_out import HeldOut, held_out, held_out_origins
from forecasting.moments import history_moments
from forecasting.params import ModelParams
from forecasting.rows import Rows, training_rows
from forecasting.spread import DEFAULT_SPREAD, Spread, fit_spread, location_correlation
from stockwright.errors import DataError
from stockwright.forecast import Forecast
from stockwright.panel import DemandPanel, Status

Floats = NDArray[np.float64]
#: Which model gave a series' mean: the booster; level, season and the shop's growth; either of
#: them with nothing but groups to go by; none, for the series is not on sale.
MODEL_NAMES = ("global", "plain", "group", "none")
_GLOBAL, _PLAIN, _GROUP, _NONE = range(4)
# Series per block of prediction, which bounds its memory; no result depends on it.
_BLOCK = 1000
_FORMAT = 1
_USUAL_CORRELATION = 0.5


@dataclass(frozen=True)
class NightContext:
    """What the whole panel of a night says beyond each series.

    groups: rates, seasons and uplifts of groups. growth: (horizon,) factor of each step on the
    shop's present level, used by the plain mean only.
    """

    groups: FeatureContext
    growth: Floats


@dataclass(frozen=True)
class FittedModel:
    """A demand model.

    params: what it was fitted with. booster: text of the mean model, "" where the history was
    too short for one. spread: how demand scatters. location_correlation: see Forecast.
    bias: held-out units over forecast units of the booster, for the record.
    """

    params: ModelParams
    booster: str
    spread: Spread
    location_correlation: float
    bias: float

    @cached_property
    def _mean_model(self) -> MeanModel | None:
        return MeanModel(self.booster, self.params.period) if self.booster else None

    def context(self, panel: DemandPanel) -> NightContext:
        """What the whole panel says of groups of series: to be shared by all blocks of a night."""
        features = self.params.features()
        groups = build_context(panel, features)
        growth = np.ones(panel.horizon)
        if not self.booster:
            growth = shop_growth(panel, groups, features, panel.horizon)
        return NightContext(groups, growth)

    def predict(
        self, panel: DemandPanel, horizon: int, context: NightContext | None = None
    ) -> Forecast:
        """Forecast steps 1 ... horizon after the panel's origin.

        panel: all series or a block of them. context: ``self.context`` of the whole panel, by
        default of ``panel``; with it the forecast of a series does not depend on its block.
        Raises DataError when the covariates do not reach over the horizon.
        """
        if panel.calendar.period != self.params.period:
            raise DataError(f"a model for a {self.params.period}, a panel in other periods")
        known = context if context is not None else self.context(panel)
        starts = range(0, max(panel.n_series, 1), _BLOCK)
        parts = [self._block(panel.take(slice(i, i + _BLOCK)), horizon, known) for i in starts]
        joined = {
            name: np.concatenate([part[name] for part in parts])
            for name in ("mean", "model", *_SPREAD_FIELDS)
        }
        return Forecast(
            index=panel.index,
            origin=panel.origin,
            model_names=MODEL_NAMES,
            location_correlation=self.location_correlation,
            **joined,
        )

    def _block(
        self, panel: DemandPanel, horizon: int, context: NightContext
    ) -> dict[str, NDArray[Any]]:
        features = self.params.features()
        shape = (panel.n_series, horizon)
        mean, model = np.zeros(shape), np.full(panel.n_series, _NONE, np.uint8)
        on_sale = sold_in(panel, horizon) & sells_at(panel, context.groups)[:, None]
        some = np.flatnonzero(on_sale.any(axis=1))
        if len(some):
            block = panel.take(some)
            matrix = build_features(block, np.arange(1, horizon + 1), features, context.groups)
            growth = context.growth[matrix.step - 1]
            booster = self._mean_model
            found = (
                matrix.level * matrix.season * growth
                if booster is None
                else booster.predict(matrix, self.params.threads)
            )
            mean[some] = found.reshape(-1, horizon)
            model[some] = _PLAIN if booster is None else _GLOBAL
            model[some[~seen_before(block, features)]] = _GROUP
        return self._spread_around(np.where(on_sale, mean, 0.0), panel) | {"model": model}

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
        }
        return json.dumps(content, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> FittedModel:
        """Read a model back. Raises DataError for bytes of another format."""
        found = json.loads(content)
        if not isinstance(found, dict) or found.get("format") != _FORMAT:
            raise DataError("the stored model has another format; fit a new one")
        params = found["params"] | {"spans": tuple(found["params"]["spans"])}
        return cls(
            params=ModelParams(**params),
            booster=found["booster"],
            spread=Spread.from_dict(found["spread"]),
            location_correlation=found["location_correlation"],
            bias=found["bias"],
        )


_SPREAD_FIELDS = (
    "linear_dispersion",
    "step_variance",
    "level_variance",
    "quantum",
    "tail_share",
    "tail_ratio",
)


def sold_in(panel: DemandPanel, horizon: int) -> NDArray[np.bool_]:
    """Whether a series is on sale in each step: not before its launch, not after its end."""
    ended = (panel.status[:, -1] == Status.NOT_LISTED) & (panel.launch <= panel.origin)
    periods = panel.origin + np.arange(1, horizon + 1)
    return np.asarray((periods >= panel.launch[:, None]) & ~ended[:, None])


def sells_at(panel: DemandPanel, context: FeatureContext) -> NDArray[np.bool_]:
    """Whether any demand could ever be seen at the location of each series."""
    return np.asarray(context.tables[LOCATION].exposure[panel.index.location] > 0)


def seen_before(panel: DemandPanel, features: FeatureParams) -> NDArray[np.bool_]:
    """Whether demand of a series could be seen in any of the periods that features read."""
    recent = slice(max(panel.n_periods - features.long, 0), None)
    seen = (panel.status[:, recent] == Status.OBSERVED) | (panel.demand[:, recent] > 0)
    return np.asarray(seen.any(axis=1))


def fit(panel: DemandPanel, params: ModelParams) -> FittedModel:
    """Fit mean and spread to the history of a panel.

    The booster learns from past origins. A twin that has not seen the newest origins is tried on
    them, and the spread is estimated from its misses; the booster itself is trained on all rows.
    With too few rows the plain mean (level times season) takes its place. Deterministic.
    """
    rows = training_rows(panel, params)
    origins = held_out_origins(panel, params)
    enough = len(rows.units) >= params.min_rows and float(rows.units.sum()) > 0
    training = Training(rows, params) if enough else None
    booster = training.fit(panel.origin) if training else ""
    outcome = _try_out(panel, rows, training, origins, params)
    if outcome is None:
        return FittedModel(params, booster, DEFAULT_SPREAD, _USUAL_CORRELATION, 1.0)
    bias = outcome.bias()
    fair = outcome.scaled(bias)
    totals, _ = fair.totals(params.spans)
    if not len(totals.units):
        return FittedModel(params, booster, DEFAULT_SPREAD, _USUAL_CORRELATION, bias)
    spread = fit_spread(totals)
    longest, rows_of = fair.totals((max(params.spans),))
    siblings = np.unique(
        np.stack([fair.origin[rows_of], panel.index.sku[fair.series[rows_of]]]),
        axis=1,
        return_inverse=True,
    )[1]
    correlation = location_correlation(longest, spread, siblings.ravel())
    return FittedModel(params, booster, spread, correlation, bias)


def plain_model(params: ModelParams) -> FittedModel:
    """A model that needs no fit: level times season, and a spread that is usual in retail."""
    return FittedModel(params, "", DEFAULT_SPREAD, _USUAL_CORRELATION, 1.0)


def _try_out(
    panel: DemandPanel,
    rows: Rows,
    training: Training | None,
    origins: NDArray[np.int64],
    params: ModelParams,
) -> HeldOut | None:
    """Held-out outcome of a twin model that has not seen the origins; None without origins."""
    if not len(origins):
        return None
    early = rows.target <= origins[0]
    twin = None
    if training and int(early.sum()) >= params.min_rows and float(rows.units[early].sum()) > 0:
        twin = MeanModel(training.fit(int(origins[0]), early), params.period)
    return held_out(panel, twin, origins, params)
