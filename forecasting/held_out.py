"""Held-out origins: what a model that has not seen them would have forecast, and what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.build import build_features
from features.context import build_context
from forecasting.booster import MeanModel
from forecasting.moments import Moments, history_moments
from forecasting.params import ModelParams
from forecasting.recovered import recovered_demand
from forecasting.spread import Totals
from stockwright.panel import DemandPanel, mix_hash, text_hash

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Totals of which less is known say too little.
_LEAST_KNOWN = 0.5


@dataclass(frozen=True)
class HeldOut:
    """Forecast and outcome of some series at some origins, (rows, step) arrays.

    mean: forecast. units: demand, recovered where a stock-out cut it short. known: whether it is
    known. hidden: it is only known to be at least ``units``. series: (rows,) in the panel.
    origin: (rows,).
    moments: of each row's series at its origin.
    """

    mean: Floats
    units: Floats
    known: NDArray[np.bool_]
    hidden: NDArray[np.bool_]
    series: Ints
    origin: Ints
    moments: Moments

    def bias(self) -> float:
        """Units over forecast units where demand is known; 1 where there is none."""
        expected, units = float(self.mean[self.known].sum()), float(self.units[self.known].sum())
        return units / expected if expected > 0 and units > 0 else 1.0

    def scaled(self, factor: float) -> HeldOut:
        """The same with every mean times ``factor``."""
        return replace(self, mean=self.mean * factor)

    def totals(self, spans: tuple[int, ...]) -> tuple[Totals, Ints]:
        """Totals of the first steps, as many as each span says, and the row of each.

        Steps that say nothing are left out of outcome and forecast; a total counts when at least
        half of its mean is left.
        """
        counted: NDArray[np.bool_] = np.asarray(self.known | self.hidden, np.bool_)
        rate = self.mean.mean(axis=1)
        parts = []
        for span in sorted({min(span, self.mean.shape[1]) for span in spans}):
            here = counted[:, :span]
            mean = np.where(here, self.mean[:, :span], 0.0)
            whole = self.mean[:, :span].sum(axis=1)
            kept = (mean.sum(axis=1) >= _LEAST_KNOWN * whole) & (whole > 0)
            units = np.where(here, self.units[:, :span], 0.0).sum(axis=1)
            hidden = np.asarray(self.hidden[:, :span].any(axis=1))
            sums = (rate, mean.sum(axis=1), (mean**2).sum(axis=1), units, hidden)
            parts.append((*(each[kept] for each in sums), np.flatnonzero(kept)))
        joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
        rate, mean, squares, units, hidden, rows = joined
        return Totals(rate, mean, squares, units, hidden, self.moments.take(rows)), rows

    @staticmethod
    def joined(parts: Sequence[HeldOut]) -> HeldOut:
        """The rows of several parts one after the other."""
        arrays = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("mean", "units", "known", "hidden", "series", "origin")
        }
        return HeldOut(**arrays, moments=Moments.joined([part.moments for part in parts]))


def held_out_origins(panel: DemandPanel, params: ModelParams) -> Ints:
    """The newest origins with a whole window of outcomes behind them, rising.

    In a short history they lie closer together: the twin must learn from what is before them.
    """
    span = held_span(panel, params)
    newest = panel.origin - span
    fewest = max(panel.n_periods // 2, 1)
    stride = max(min(params.held_stride, panel.n_periods // (3 * params.held_out)), 1)
    return np.arange(newest, fewest - 1, -stride)[: params.held_out][::-1]


def held_span(panel: DemandPanel, params: ModelParams) -> int:
    """Steps that are held out: up to the longest span, within the horizon and the history."""
    return min(max(params.spans), params.horizon, max(panel.n_periods // 8, 1))


def held_out(
    panel: DemandPanel, model: MeanModel | None, origins: Ints, params: ModelParams
) -> HeldOut:
    """Forecast the held-out origins for a sample of series drawn by a hash of their keys.

    Without a model the plain mean, level times season, is tried.
    """
    span = held_span(panel, params)
    wanted = params.held_windows / max(len(origins) * len(params.spans), 1)
    # SKUs are drawn, not series, so that their locations can be compared.
    keys = text_hash(panel.index.skus)[panel.index.sku]
    share = wanted / max(panel.n_series, 1)
    return HeldOut.joined(
        [_one_origin(panel, model, int(o), span, share, keys, params) for o in origins]
    )


def _one_origin(
    panel: DemandPanel,
    model: MeanModel | None,
    origin: int,
    span: int,
    share: float,
    keys: NDArray[np.uint64],
    params: ModelParams,
) -> HeldOut:
    features = params.features()
    past = panel.until(origin)
    context = build_context(past, features)
    salt = mix_hash(np.array([origin + 2**33], np.uint64))[0]
    draw = (mix_hash(keys ^ salt) >> np.uint64(11)).astype(np.float64) / 2.0**53
    series = np.flatnonzero(draw < share)
    block, window = past.take(series), slice(origin + 1, origin + 1 + span)
    matrix = build_features(block, np.arange(1, span + 1), features, context)
    units, known, hidden = recovered_demand(panel, (series, window))
    plain = matrix.level * matrix.season
    mean = plain if model is None else model.predict(matrix, params.threads)
    return HeldOut(
        mean=mean.reshape(-1, span),
        units=units,
        known=known,
        hidden=hidden,
        series=series,
        origin=np.full(len(series), origin),
        moments=history_moments(block, features),
    )
