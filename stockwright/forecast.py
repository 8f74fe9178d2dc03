"""The forecast: a distribution of demand for every series and step, and of every total.

Demand of step h, given a level L that all steps of a series share, has mean ``mean_h * L``. L has
mean 1 and variance ``level_variance``; on top every step has noise of its own with relative
variance ``step_variance``, and counts scatter with ``linear_dispersion`` times their mean. So

    Var(sum) = linear_dispersion * sum m + step_variance * sum m^2 + level_variance * (sum m)^2.

With probability ``tail_share`` the level is about ``tail_ratio`` times the forecast: the part of
``level_variance`` that makes totals a mixture (see Distribution).

Demand that is committed for its date (presales, subscriptions, contracts) comes on top: with the
sum c of its means and v of its variances, a part s of c is certain and shifts the distribution of a
total; the rest r = c - s joins the uncertain demand, with the variance v. On the lattice a negative
binomial of mean m and variance V has the third cumulant 2 V^2 / m - V; r is such that the sum has
that of the uncertain demand, 2 (V + v)^2 / (2 V^2 / m + v) - m, but at most v, so that the total
does not fall below a Poisson variable's variance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import frozen, one_each, require
from stockwright.coupling import coupled, loading_of
from stockwright.decomposition import Decomposition
from stockwright.distribution import Distribution, Floats
from stockwright.errors import DataError
from stockwright.lattice import keyed_uniforms
from stockwright.panel import SeriesIndex

Ints = NDArray[np.int64]
_SPREAD = ("linear_dispersion", "step_variance", "level_variance")
_PER_SERIES = (*_SPREAD, "quantum", "tail_share", "tail_ratio")
_COMMITTED = ("committed", "committed_variance")
_ROWS = ("mean", "model", *_PER_SERIES, *_COMMITTED)
# Series per block of sampling: small enough to stay in the processor's cache.
_BLOCK = 256


def _none() -> NDArray[np.float32]:
    return np.zeros((1, 1), np.float32)


@dataclass(frozen=True)
class Forecast:
    """Demand of periods origin + 1 ... origin + horizon.

    index: the series.
    origin: period of the panel after whose close the forecast is made.
    mean: (series, step) float32, sales units per period, >= 0, without what is committed.
    linear_dispersion, step_variance, level_variance: (series,) float64, see the module.
    quantum: (series,) float64, the lattice on which demand lives (1 for pieces), > 0.
    model: (series,) uint8 codes into ``model_names``: which model gave the mean.
    tail_share, tail_ratio: (series,) float64, see Distribution; no tail by default.
    location_correlation: correlation, in [0, 1], of the level noise of one SKU between locations.
    committed, committed_variance: (series, step) float32 mean, and variance, of the units that are
        committed for a step, on top of ``mean``; none by default. Steps are independent in it.
    parts: of the mean as the model gave it, before anything was set from outside; None where not
        told, and where series are counted in other units or put together.
    All three dispersions 0 make a certain forecast.
    """

    index: SeriesIndex
    origin: int
    mean: NDArray[np.float32]
    linear_dispersion: Floats
    step_variance: Floats
    level_variance: Floats
    quantum: Floats
    model: NDArray[np.uint8]
    model_names: tuple[str, ...] = ("given",)
    tail_share: Floats = field(default_factory=lambda: np.zeros(1))
    tail_ratio: Floats = field(default_factory=lambda: np.ones(1))
    location_correlation: float = 0.5
    committed: NDArray[np.float32] = field(default_factory=_none)
    committed_variance: NDArray[np.float32] = field(default_factory=_none)
    parts: Decomposition | None = None

    def __post_init__(self) -> None:
        n = self.index.n_series
        mean = np.asarray(self.mean)
        object.__setattr__(self, "mean", frozen("mean", mean, (n, mean.shape[-1]), np.float32))
        for name in _PER_SERIES:
            value = one_each(name, getattr(self, name), n)
            require(np.isfinite(value) & (value >= 0), name, "finite and >= 0")
            object.__setattr__(self, name, value)
        object.__setattr__(self, "model", frozen("model", self.model, (n,), np.uint8))
        for name in _COMMITTED:
            object.__setattr__(self, name, _per_step(name, getattr(self, name), mean.shape))
        for name in ("mean", *_COMMITTED):
            value = getattr(self, name)
            require(np.isfinite(value) & (value >= 0), name, "finite and >= 0")
        if self.parts is not None and self.parts.units.shape[1:] != mean.shape:
            raise DataError(f"parts of {self.parts.units.shape[1:]}, a mean of {mean.shape}")

    @classmethod
    def certain(cls, index: SeriesIndex, origin: int, demand: NDArray[Any]) -> Forecast:
        """Perfect foresight: ``demand`` (series, step) will be just that."""
        zeros = np.zeros(index.n_series)
        return cls(
            index=index,
            origin=origin,
            mean=np.asarray(demand, np.float32),
            linear_dispersion=zeros,
            step_variance=zeros,
            level_variance=zeros,
            quantum=np.ones(index.n_series),
            model=zeros.astype(np.uint8),
            model_names=("certain",),
        )

    @property
    def horizon(self) -> int:
        """Number of steps, H."""
        return int(self.mean.shape[1])

    @property
    def expected(self) -> NDArray[np.float32]:
        """Mean of the whole demand, committed and not, (series, step) float32."""
        return self.mean + self.committed if self.has_committed else self.mean

    @property
    def has_committed(self) -> bool:
        """Whether any unit is committed."""
        return bool(self.committed.any())

    def take(self, series: NDArray[Any] | slice) -> Forecast:
        """The forecast of some of the series."""
        kept = {name: getattr(self, name)[series] for name in _ROWS}
        parts = None if self.parts is None else self.parts.take(series)
        return replace(self, index=self.index.take(series), parts=parts, **kept)

    def with_rows(self, series: NDArray[np.integer[Any]], other: Forecast) -> Forecast:
        """The forecast with some series as ``other``, a forecast of the same index, has them."""
        kept = {name: getattr(self, name).copy() for name in _ROWS}
        for name, values in kept.items():
            values[series] = getattr(other, name)[series]
        return replace(self, parts=None, **kept)

    def scaled(self, factor: float) -> Forecast:
        """The same demand counted in units 1 / factor as large: every total is ``factor`` times."""
        if not factor > 0:
            raise DataError(f"a forecast can be scaled by a factor > 0, not by {factor}")
        return replace(
            self,
            mean=self.mean * np.float32(factor),
            linear_dispersion=self.linear_dispersion * factor,
            quantum=self.quantum * factor,
            committed=self.committed * np.float32(factor),
            committed_variance=self.committed_variance * np.float32(factor**2),
            parts=None,
        )

    def until(self, last: Ints) -> Forecast:
        """The forecast with no demand after step ``last`` of each series, (series,)."""
        gone = np.arange(1, self.horizon + 1) > np.asarray(last)[:, None]
        if not gone.any():
            return self
        left: dict[str, Any] = {
            name: np.where(gone, np.float32(0), getattr(self, name))
            for name in ("mean", *_COMMITTED)
        }
        parts = None if self.parts is None else self.parts.without(gone)
        return replace(self, parts=parts, **left)

    def total(self, first: Ints | int, last: Ints | int) -> Distribution:
        """Demand of steps first ... last (1-based, inclusive), each scalar or (series,).

        An empty interval (last < first) is a total of 0. Raises DataError beyond the horizon.
        """
        n = self.index.n_series
        start = np.broadcast_to(np.asarray(first, np.int64), (n,)) - 1
        stop = np.maximum(np.broadcast_to(np.asarray(last, np.int64), (n,)), start)
        self._check_steps(start, stop)
        sums = self._sums(np.stack([start, stop], axis=1))
        return self._distribution(sums.take(0))

    def _check_steps(self, start: Ints, stop: Ints) -> None:
        if start.size and (start.min() < 0 or stop.max() > self.horizon):
            raise DataError(
                f"steps {int(start.min()) + 1} to {int(stop.max())} asked of a forecast with "
                f"{self.horizon}; raise the horizon"
            )

    def _sums(self, bounds: Ints) -> _Sums:
        """Sums over the steps bounds[:, j] + 1 ... bounds[:, j + 1], (series, segments)."""
        mean = self.mean.astype(np.float64)
        if not self.has_committed:
            none = np.zeros((len(bounds), bounds.shape[1] - 1))
            return _Sums(_between(mean, bounds), _between(mean**2, bounds), none, none)
        parts = (mean, mean**2, *(getattr(self, name).astype(np.float64) for name in _COMMITTED))
        return _Sums(*(_between(part, bounds) for part in parts))

    def _distribution(self, sums: _Sums) -> Distribution:
        """Totals ``(series, ...)``, flattened."""
        mean, committed = sums.mean, sums.committed
        wide = (slice(None),) + (None,) * (mean.ndim - 1)
        linear, step, level, quantum, share, ratio = (
            np.broadcast_to(getattr(self, name)[wide], mean.shape) for name in _PER_SERIES
        )
        variance = linear * mean + step * sums.squares + level * mean**2
        if not committed.any():
            parts = [mean, variance, quantum, share, ratio]
            return Distribution(*(part.ravel() for part in parts))
        sure = _certain_part(sums, variance, quantum)
        loose = mean + committed - sure
        # A mean without any dispersion is as certain as what is promised.
        sure = np.where(variance > 0, sure, sure + mean)
        kept = np.divide(mean, loose, out=np.ones_like(mean), where=loose > 0)
        spread = variance + sums.committed_variance
        parts = [mean + committed, spread, quantum, share, 1 + (ratio - 1) * kept, sure]
        return Distribution(*(part.ravel() for part in parts))

    def quantile(self, levels: Sequence[float]) -> Floats:
        """Quantiles of every single step, shape (series, step, level)."""
        mean = self.mean.astype(np.float64)
        parts = (getattr(self, name).astype(np.float64) for name in _COMMITTED)
        totals = self._distribution(_Sums(mean, mean**2, *parts))
        return totals.quantile(levels).reshape(*mean.shape, len(levels))

    def paths(self, n: int, rng: np.random.Generator) -> Floats:
        """``n`` paths of demand for each series, (series, n, step): >= 0, correlated over steps.

        Every step has its own distribution, a path's sum has the variance of the total.
        """
        edges = np.broadcast_to(
            np.arange(self.horizon + 1), (self.index.n_series, self.horizon + 1)
        )
        return self.segment_paths(edges, n, int(rng.integers(2**63)))

    def segment_paths(self, edges: NDArray[np.integer[Any]], n: int, seed: int) -> Floats:
        """Sampled totals of consecutive segments of steps, (series, n, segments).

        Segment j of a series is steps edges[:, j] + 1 ... edges[:, j + 1]; ``edges`` is
        (series, segments + 1), rising, within 0 ... horizon; equal edges are an empty segment.
        Each segment's sample holds n evenly spaced quantiles of its own total, shuffled so that
        segments are correlated through the level they share. The draw of a series depends on its
        key and ``seed`` alone. Raises DataError for edges that fall or lie outside the horizon.
        """
        bounds = np.asarray(edges, np.int64)
        require(np.diff(bounds, axis=1) >= 0, "edges", "rising")
        self._check_steps(bounds[:, :-1], bounds[:, 1:])
        keys = self.index.key_hash()
        out = np.empty((self.index.n_series, n, bounds.shape[1] - 1))
        for first in range(0, len(out), _BLOCK):
            rows = slice(first, first + _BLOCK)
            block = self.take(rows)
            out[rows] = block._sampled(bounds[rows], n, seed, keys[rows])
        return out

    def _sampled(self, bounds: Ints, n: int, seed: int, keys: NDArray[np.uint64]) -> Floats:
        sums = self._sums(bounds)
        series, segment = np.nonzero(bounds[:, 1:] > bounds[:, :-1])
        offset = keyed_uniforms(keys ^ np.uint64(0xA5A5A5A5), seed, sums.mean.shape[1])
        totals = self._distribution(sums).take(series * sums.mean.shape[1] + segment)
        rising = totals.stratified(offset[series, segment], n)
        # In whatever order, totals that are all alike stay as they are.
        mixed = np.flatnonzero(rising[:, 0] < rising[:, -1])
        where = series[mixed], segment[mixed]
        covariance = self.level_variance[where[0]] * sums.mean[where] ** 2
        loading = loading_of(rising[mixed] - totals.shift[mixed, None], covariance)
        drawn = np.zeros((*sums.mean.shape, n))
        drawn[series, segment] = rising
        drawn[where] = coupled(rising[mixed], loading, where, keys, seed)
        return np.ascontiguousarray(drawn.swapaxes(1, 2))

    def pooled(self, groups: NDArray[np.integer[Any]], index: SeriesIndex) -> Forecast:
        """Forecast of sums of series: group g of ``index`` is the series with ``groups == g``.

        ``groups`` (series,), -1 for none. The level and step noise of the members is correlated
        by ``location_correlation``; the tail is the mean-weighted tail of the members.
        """
        member = np.asarray(groups) >= 0
        part, code, n = self.take(member), np.asarray(groups)[member], index.n_series
        mean = _grouped(part.mean, code, n)
        promised: dict[str, Any] = {}
        if part.has_committed:
            promised = {name: _grouped(getattr(part, name), code, n) for name in _COMMITTED}
        size = part.mean.astype(np.float64).sum(axis=1)
        whole = np.bincount(code, size, n)
        share = np.divide(size, whole[code], out=np.zeros_like(size), where=whole[code] > 0)
        rho = self.location_correlation

        def weighted(values: Floats) -> Floats:
            return np.asarray(np.bincount(code, share * values, n))

        def correlated(variance: Floats) -> Floats:
            alone = np.bincount(code, share**2 * variance, n)
            return np.asarray((1 - rho) * alone + rho * weighted(np.sqrt(variance)) ** 2)

        quantum = np.full(n, np.inf)
        np.minimum.at(quantum, code, part.quantum)
        tail = weighted(part.tail_share)
        ratio = 1 + weighted(np.sqrt(rho) * (part.tail_ratio - 1))
        return Forecast(
            index=index,
            origin=self.origin,
            mean=mean,
            linear_dispersion=weighted(part.linear_dispersion),
            step_variance=correlated(part.step_variance),
            level_variance=correlated(part.level_variance),
            quantum=np.where(np.isfinite(quantum), quantum, 1.0),
            model=_largest_member_model(part, code, size, n),
            model_names=self.model_names,
            tail_share=tail,
            tail_ratio=np.where(tail > 0, np.minimum(ratio, 1 / np.maximum(tail, 1e-9)), 1.0),
            location_correlation=rho,
            **promised,
        )


def _largest_member_model(
    part: Forecast, code: NDArray[np.integer[Any]], size: Floats, n: int
) -> NDArray[np.uint8]:
    """Model of each group's largest member."""
    out = np.zeros(n, np.uint8)
    order = np.argsort(size, kind="stable")
    out[code[order]] = part.model[order]
    return out


class _Sums(NamedTuple):
    """Sums of means, squared means, committed means and their variances, of one shape."""

    mean: Floats
    squares: Floats
    committed: Floats
    committed_variance: Floats

    def take(self, segment: int) -> _Sums:
        """One of the segments."""
        return _Sums(*(each[:, segment] for each in self))


def _per_step(name: str, value: Any, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """(series, step) float32; one number for all of them takes no memory."""
    array = np.asarray(value, np.float32)
    if array.size == 1 and array.shape != shape:
        return np.broadcast_to(array.reshape(1, 1), shape)
    if array.shape == shape and not any(array.strides):
        return array
    return frozen(name, array, shape, np.float32)


def _certain_part(sums: _Sums, variance: Floats, quantum: Floats) -> Floats:
    """The part of committed units that shifts totals of ``sums``; whole lattice steps where v > 0.

    variance: of the demand that is not committed.
    """
    committed, extra = sums.committed, sums.committed_variance / quantum**2
    mean, spread = sums.mean / quantum, variance / quantum**2
    bent = np.divide(2 * spread**2, mean, out=np.zeros_like(mean), where=mean > 0) + extra
    whole = 2 * (spread + extra) ** 2
    loose = np.divide(whole, bent, out=np.zeros_like(mean), where=bent > 0) - mean
    loose = np.clip(loose, 0.0, extra)
    steps = np.floor(committed / quantum - loose + 1e-6)
    sure = np.clip(steps * quantum, 0.0, committed)
    return np.where(extra > 0, sure, committed)


def _grouped(values: NDArray[np.float32], code: NDArray[Any], n: int) -> NDArray[np.float32]:
    """Sums of rows by group, (n, step)."""
    out = np.zeros((n, values.shape[1]))
    np.add.at(out, code, values.astype(np.float64))
    return out.astype(np.float32)


def _between(values: Floats, bounds: Ints) -> Floats:
    """Sums of values[i, bounds[i, j]:bounds[i, j + 1]], (rows, segments)."""
    running = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    return np.maximum(np.diff(np.take_along_axis(running, bounds, axis=1), axis=1), 0.0)
