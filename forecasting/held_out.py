"""Held-out origins: what a model that has not seen them would have forecast, and what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.build import build_features, prepare
from features.context import build_context
from forecasting.blend.rungs import (
    GLOBAL,
    LEVEL,
    RUNGS,
    present_level,
    recent,
    statistical_rungs,
)
from forecasting.blend.weights import Blend, Sums
from forecasting.booster.booster import MeanModel
from forecasting.levels.levels import Outlook, Trial, outlook
from forecasting.params import ModelParams
from forecasting.recovered import recovered_demand
from forecasting.spread.moments import Moments, history_moments
from forecasting.spread.spread import Totals
from forecasting.statistical.methods import usual_errors
from forecasting.threads import in_order
from stockwright.overrides import ForecastOverrides, OverrideHistory
from stockwright.panel import DemandPanel, SeriesIndex, mix_hash, text_hash

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Totals of which less is known say too little.
_LEAST_KNOWN = 0.5
# In stock for a smaller share of the time, demand is recovered too roughly to tell its spread.
_LEAST_SHARE = 0.8
# Locations of a SKU that are drawn, on average.
_LOCATIONS = 4.0
_TINY = 1e-12
_ARRAYS = ("mean", "units", "known", "hidden", "sold", "vague", "series", "origin", "segment")


@dataclass(frozen=True)
class HeldOut:
    """Forecast and outcome of some series at some origins, (rows, step) arrays.

    rungs: (rungs, rows, step) what each rung forecast; mean: the forecast, of the booster where
    there is one. units: demand, recovered where a stock-out cut it short. known: whether it is
    known. hidden: it is only known to be at least ``units``. sold: of each step. vague: much of
    ``units`` was not sold but recovered. series: (rows,) in the panel.
    origin, segment: (rows,). moments: of each row's series at its origin.
    outlooks: of the aggregates of each origin's rows, in the order of the origins. said: (rows,
    step) what planners had put in the place of a forecast by the origin, None where nothing ever.
    """

    rungs: Floats
    mean: Floats
    units: Floats
    known: NDArray[np.bool_]
    hidden: NDArray[np.bool_]
    sold: Floats
    vague: NDArray[np.bool_]
    series: Ints
    origin: Ints
    segment: Ints
    moments: Moments
    outlooks: tuple[Outlook, ...] = ()
    said: ForecastOverrides | None = None

    def blended(self, blend: Blend) -> HeldOut:
        """The same with the mean of a blend."""
        return replace(self, mean=blend.mean(self.rungs, self.segment))

    def sums(self, spans: tuple[int, ...]) -> Sums:
        """Totals of the first steps as each rung forecast them, where all steps are known."""
        parts = []
        for span in sorted({min(span, self.mean.shape[1]) for span in spans}):
            rows = np.flatnonzero(self.known[:, :span].all(axis=1))
            parts.append(
                Sums(
                    rungs=self.rungs[:, rows, :span].sum(axis=2).T,
                    units=self.units[rows, :span].sum(axis=1),
                    dispersion=self.moments.dispersion[rows] * self.moments.quantum[rows],
                    series=self.series[rows],
                    origin=self.origin[rows],
                    segment=self.segment[rows],
                    span=np.full(len(rows), span),
                    row=rows,
                )
            )
        names = Sums.__dataclass_fields__
        return Sums(**{n: np.concatenate([getattr(part, n) for part in parts]) for n in names})

    def totals_of(self, sums: Sums) -> Totals:
        """The totals of ``sums``, with the means of this forecast."""
        rows, place = sums.row, sums.span - 1
        return Totals(
            rate=self.mean.mean(axis=1)[rows],
            mean=np.cumsum(self.mean, axis=1)[rows, place],
            squares=np.cumsum(self.mean**2, axis=1)[rows, place],
            units=sums.units,
            at_least=np.zeros(len(rows), np.bool_),
            moments=self.moments.take(rows),
        )

    def overridden(self, sums: Sums, mean: Floats) -> Floats:
        """``mean`` (totals,) of the totals ``sums`` with the overrides of their time in its place.

        Totals without one stay as they are, to the bit. Each total is spread over its steps as
        this forecast is.
        """
        out = mean.copy()
        if self.said is None:
            return out
        inside = np.arange(self.mean.shape[1]) < sums.span[:, None]
        touched = np.flatnonzero((self.said.given[sums.row] & inside).any(axis=1))
        row, inside = sums.row[touched], inside[touched]
        own = np.where(inside, self.mean[row], 0.0)
        share = mean[touched] / np.maximum(own.sum(axis=1), _TINY)
        found = self.said.take(row).adjusted(own * share[:, None])
        out[touched] = np.where(inside, found, 0.0).sum(axis=1)
        return out

    def trials(self) -> list[Trial]:
        """Each origin's forecasts and outcomes beside its outlook."""
        names, first = np.unique(self.origin, return_index=True)
        found = []
        for origin, each in zip(names[np.argsort(first)], self.outlooks, strict=True):
            rows = self.origin == origin
            parts = (self.mean[rows], self.units[rows], self.known[rows])
            found.append(Trial(each, *parts, int(origin)))
        return found

    def bias(self) -> float:
        """Units over forecast units where demand is known; 1 where there is none."""
        expected, units = float(self.mean[self.known].sum()), float(self.units[self.known].sum())
        return units / expected if expected > 0 and units > 0 else 1.0

    def scaled(self, factor: float) -> HeldOut:
        """The same with every mean times ``factor``."""
        return replace(self, mean=self.mean * factor)

    def cautious(self) -> HeldOut:
        """The same with vague demand known to be at least what was sold.

        Recovered demand is right on average, but it scatters more than demand does.
        """
        return replace(
            self,
            units=np.where(self.vague, self.sold, self.units),
            known=self.known & ~self.vague,
            hidden=self.hidden | (self.vague & (self.sold > 0)),
        )

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
        arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _ARRAYS}
        rungs = np.concatenate([part.rungs for part in parts], axis=1)
        said = [part.said for part in parts if part.said is not None]
        return HeldOut(
            rungs=rungs,
            **arrays,
            moments=Moments.joined([part.moments for part in parts]),
            outlooks=tuple(each for part in parts for each in part.outlooks),
            said=ForecastOverrides.joined(said) if said else None,
        )


def held_out_origins(panel: DemandPanel, params: ModelParams) -> Ints:
    """The newest origins with a whole window of outcomes behind them, rising.
    In a short history they lie closer together: the twin must learn from what is before them.
    """
    span = held_span(panel, params)
    newest = panel.origin - span
    fewest = max(panel.n_periods // 2, 1)
    stride = max(min(params.held_stride, panel.n_periods // (3 * params.held_out)), 1)
    return panel.calendar.anchored(newest, stride, fewest)[-params.held_out :]


def held_span(panel: DemandPanel, params: ModelParams) -> int:
    """Steps that are held out: up to the longest span, within the horizon and the history."""
    return min(max(params.spans), params.horizon, max(panel.n_periods // 8, 1))


def held_out(
    panel: DemandPanel,
    model: MeanModel | None,
    origins: Ints,
    params: ModelParams,
    overrides: OverrideHistory | None = None,
) -> tuple[HeldOut, dict[str, Floats]]:
    """Forecast the held-out origins for a sample of series drawn by a hash of their keys.

    Without a model the plain mean, level times season, is tried. overrides: stand beside the
    forecasts as they stood at each origin, and change none. The second result is the
    ``usual_errors`` of the sample at the first origin, by which all the rungs were worked out.
    """
    span = held_span(panel, params)
    wanted = params.held_windows / max(len(origins) * len(params.spans), 1)
    drawn = Draw(panel.index, wanted / max(panel.n_series, 1))
    places = []
    for origin in origins.tolist():
        series = drawn.at(panel.calendar.ordinal(origin))
        said = None if overrides is None else overrides.at(origin, series, span)
        places.append(_Place(origin, span, series, said))
    first, usual = _one_origin(panel, model, places[0], None, params)

    def another(place: _Place) -> HeldOut:
        return _one_origin(panel, model, place, usual, replace(params, threads=1))[0]

    parts = [first, *in_order(another, places[1:], params.threads)]
    return HeldOut.joined(parts), usual


class Draw:
    """A sample of the series, by hashes of their keys, another one for every date.

    SKUs are drawn, so that their locations can be compared, and of each a few locations: a SKU of
    a hundred shops would fill the sample, and a few SKUs say little of the others.
    """

    def __init__(self, index: SeriesIndex, share: float) -> None:
        """share: of the series that is wanted on average."""
        self._skus = text_hash(index.skus)[index.sku]
        self._series = index.key_hash()
        each = index.n_series / max(len(np.unique(index.sku)), 1)
        self._locations = min(_LOCATIONS / max(each, 1.0), 1.0)
        self._share = share / self._locations

    def at(self, date: int) -> Ints:
        """Rows that are drawn for a date, rising."""
        salts = mix_hash(np.array([date + 2**33, date + 2**34], np.uint64))
        sku = _uniform(self._skus ^ salts[0]) < self._share
        location = _uniform(self._series ^ salts[1]) < self._locations
        return np.flatnonzero(sku & location)


def _uniform(keys: NDArray[np.uint64]) -> Floats:
    """Numbers in [0, 1) by a hash."""
    return np.asarray((mix_hash(keys) >> np.uint64(11)).astype(np.float64) / 2.0**53)


@dataclass(frozen=True)
class _Place:
    origin: int
    span: int
    series: Ints
    said: ForecastOverrides | None


def _one_origin(
    panel: DemandPanel,
    model: MeanModel | None,
    place: _Place,
    usual: dict[str, Floats] | None,
    params: ModelParams,
) -> tuple[HeldOut, dict[str, Floats]]:
    features, span, series = params.features(), place.span, place.series
    past = panel.until(place.origin)
    context = build_context(past, features)
    block, window = past.take(series), slice(place.origin + 1, place.origin + 1 + span)
    prepared = recent(prepare(block, span, features, context), features.long)
    usual = usual_errors(prepared, params.methods) if usual is None else usual
    found = statistical_rungs(block, span, features, context, params.methods, usual)
    rungs = np.zeros((len(RUNGS), *found.means.shape[1:]))
    rungs[:GLOBAL] = found.means
    if model is not None:
        matrix = build_features(block, np.arange(1, span + 1), features, context)
        rungs[GLOBAL] = model.predict(matrix, params.threads).reshape(-1, span)
    units, known, hidden = recovered_demand(panel, (series, window))
    outcome = HeldOut(
        rungs=rungs,
        mean=rungs[LEVEL if model is None else GLOBAL],
        units=units,
        known=known,
        hidden=hidden,
        sold=np.asarray(panel.demand[series, window], np.float64),
        vague=known & (panel.in_stock[series, window] < _LEAST_SHARE),
        series=series,
        origin=np.full(len(series), place.origin),
        segment=found.segment,
        moments=history_moments(block, features),
        outlooks=(outlook(prepared, present_level(prepared, rungs), span),) if len(series) else (),
        said=place.said,
    )
    return outcome, usual
