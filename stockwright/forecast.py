"""The forecast: a distribution of demand for every series and step, and of every total.

Demand of step h, given a level L that all steps of a series share, has mean ``mean_h * L``. L has
mean 1 and variance ``level_variance``; on top every step has noise of its own with relative
variance ``step_variance``, and counts scatter with ``linear_dispersion`` times their mean. So

    Var(sum) = linear_dispersion * sum m + step_variance * sum m^2 + level_variance * (sum m)^2.

With probability ``tail_share`` the level is about ``tail_ratio`` times the forecast: the part of
``level_variance`` that makes totals a mixture (see Distribution).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from stockwright.arrays import frozen, one_each, require
from stockwright.distribution import Distribution, Floats
from stockwright.errors import DataError
from stockwright.lattice import keyed_uniforms, lattice_points
from stockwright.panel import SeriesIndex

Ints = NDArray[np.int64]
_SPREAD = ("linear_dispersion", "step_variance", "level_variance")
_PER_SERIES = (*_SPREAD, "quantum", "tail_share", "tail_ratio")
# Series per block of sampling: small enough to stay in the processor's cache.
_BLOCK = 256


@dataclass(frozen=True)
class Forecast:
    """Demand of periods origin + 1 ... origin + horizon.

    index: the series.
    origin: period of the panel after whose close the forecast is made.
    mean: (series, step) float32, sales units per period, >= 0.
    linear_dispersion, step_variance, level_variance: (series,) float64, see the module.
    quantum: (series,) float64, the lattice on which demand lives (1 for pieces), > 0.
    model: (series,) uint8 codes into ``model_names``: which model gave the mean.
    tail_share, tail_ratio: (series,) float64, see Distribution; no tail by default.
    location_correlation: correlation, in [0, 1], of the level noise of one SKU between locations.
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

    def __post_init__(self) -> None:
        n = self.index.n_series
        mean = np.asarray(self.mean)
        object.__setattr__(self, "mean", frozen("mean", mean, (n, mean.shape[-1]), np.float32))
        for name in _PER_SERIES:
            value = one_each(name, getattr(self, name), n)
            require(np.isfinite(value) & (value >= 0), name, "finite and >= 0")
            object.__setattr__(self, name, value)
        object.__setattr__(self, "model", frozen("model", self.model, (n,), np.uint8))
        require(np.isfinite(self.mean) & (self.mean >= 0), "mean", "finite and >= 0")

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

    def take(self, series: NDArray[Any] | slice) -> Forecast:
        """The forecast of some of the series."""
        kept = {name: getattr(self, name)[series] for name in ("mean", "model", *_PER_SERIES)}
        return replace(self, index=self.index.take(series), **kept)

    def with_rows(self, series: NDArray[np.integer[Any]], other: Forecast) -> Forecast:
        """The forecast with some series as ``other``, a forecast of the same index, has them."""
        kept = {name: getattr(self, name).copy() for name in ("mean", "model", *_PER_SERIES)}
        for name, values in kept.items():
            values[series] = getattr(other, name)[series]
        return replace(self, **kept)

    def scaled(self, factor: float) -> Forecast:
        """The same demand counted in units 1 / factor as large: every total is ``factor`` times."""
        if not factor > 0:
            raise DataError(f"a forecast can be scaled by a factor > 0, not by {factor}")
        return replace(
            self,
            mean=self.mean * np.float32(factor),
            linear_dispersion=self.linear_dispersion * factor,
            quantum=self.quantum * factor,
        )

    def until(self, last: Ints) -> Forecast:
        """The forecast with no demand after step ``last`` of each series, (series,)."""
        gone = np.arange(1, self.horizon + 1) > np.asarray(last)[:, None]
        return replace(self, mean=np.where(gone, np.float32(0), self.mean)) if gone.any() else self

    def total(self, first: Ints | int, last: Ints | int) -> Distribution:
        """Demand of steps first ... last (1-based, inclusive), each scalar or (series,).

        An empty interval (last < first) is a total of 0. Raises DataError beyond the horizon.
        """
        n = self.index.n_series
        start = np.broadcast_to(np.asarray(first, np.int64), (n,)) - 1
        stop = np.maximum(np.broadcast_to(np.asarray(last, np.int64), (n,)), start)
        self._check_steps(start, stop)
        mean = _span_sums(self.mean.astype(np.float64), start, stop)
        squares = _span_sums(self.mean.astype(np.float64) ** 2, start, stop)
        return self._distribution(mean, squares)

    def _check_steps(self, start: Ints, stop: Ints) -> None:
        if start.size and (start.min() < 0 or stop.max() > self.horizon):
            raise DataError(
                f"steps {int(start.min()) + 1} to {int(stop.max())} asked of a forecast with "
                f"{self.horizon}; raise the horizon"
            )

    def _distribution(self, mean: Floats, squares: Floats) -> Distribution:
        """Totals with sum of means and of squared means ``(series, ...)``, flattened."""
        wide = (slice(None),) + (None,) * (mean.ndim - 1)
        linear, step, level, quantum, share, ratio = (
            np.broadcast_to(getattr(self, name)[wide], mean.shape) for name in _PER_SERIES
        )
        variance = linear * mean + step * squares + level * mean**2
        parts = (mean, variance, quantum, share, ratio)
        return Distribution(*(part.ravel() for part in parts))

    def quantile(self, levels: Sequence[float]) -> Floats:
        """Quantiles of every single step, shape (series, step, level)."""
        mean = self.mean.astype(np.float64)
        totals = self._distribution(mean, mean**2)
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
        mean = _between(self.mean.astype(np.float64), bounds)
        squares = _between(self.mean.astype(np.float64) ** 2, bounds)
        shape = (*mean.shape, n)
        shift = keyed_uniforms(keys ^ np.uint64(0xA5A5A5A5), seed, mean.shape[1])
        rising = self._distribution(mean, squares).stratified(shift.ravel(), n).reshape(shape)
        ranks = _coupled_ranks(rising, self.level_variance[:, None] * mean**2, keys, seed)
        return np.ascontiguousarray(np.take_along_axis(rising, ranks, axis=2).swapaxes(1, 2))

    def pooled(self, groups: NDArray[np.integer[Any]], index: SeriesIndex) -> Forecast:
        """Forecast of sums of series: group g of ``index`` is the series with ``groups == g``.

        ``groups`` (series,), -1 for none. The level and step noise of the members is correlated
        by ``location_correlation``; the tail is the mean-weighted tail of the members.
        """
        member = np.asarray(groups) >= 0
        part, code, n = self.take(member), np.asarray(groups)[member], index.n_series
        mean = np.zeros((n, self.horizon))
        np.add.at(mean, code, part.mean.astype(np.float64))
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
            mean=mean.astype(np.float32),
            linear_dispersion=weighted(part.linear_dispersion),
            step_variance=correlated(part.step_variance),
            level_variance=correlated(part.level_variance),
            quantum=np.where(np.isfinite(quantum), quantum, 1.0),
            model=_largest_member_model(part, code, size, n),
            model_names=self.model_names,
            tail_share=tail,
            tail_ratio=np.where(tail > 0, np.minimum(ratio, 1 / np.maximum(tail, 1e-9)), 1.0),
            location_correlation=rho,
        )


def _coupled_ranks(
    rising: Floats, covariance: Floats, keys: NDArray[np.uint64], seed: int
) -> NDArray[np.intp]:
    """Ranks (series, segment, n) under which segments covary as the level they share demands.

    A one-factor Gaussian copula; its loading c solves the covariance expanded in Hermite
    polynomials to second order (Cario & Nelson 1997 solve it numerically):
    c^2 h1^2 + c^4 h2^2 / 2 = level variance * mean^2, with h_k = E[X He_k(Z)].
    """
    segments, n = rising.shape[1:]
    score = special.ndtri((np.arange(n) + 0.5) / n)
    first = (rising @ score / n) ** 2
    second = (rising @ (score**2 - 1) / n) ** 2
    root = np.sqrt(first**2 + 2 * second * covariance)
    # The root of the quadratic in c^2, written so that a vanishing second term is harmless.
    loading = np.sqrt(np.clip(2 * covariance / np.maximum(first + root, 1e-300), 0.0, 0.999))
    normal = special.ndtri(lattice_points(keys, seed, n, segments + 1))
    mixed = loading[..., None] * normal[:, :1] + np.sqrt(1 - loading**2)[..., None] * normal[:, 1:]
    order = np.argsort(mixed, axis=2, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.broadcast_to(np.arange(n), order.shape), axis=2)
    return ranks


def _largest_member_model(
    part: Forecast, code: NDArray[np.integer[Any]], size: Floats, n: int
) -> NDArray[np.uint8]:
    """Model of each group's largest member."""
    out = np.zeros(n, np.uint8)
    order = np.argsort(size, kind="stable")
    out[code[order]] = part.model[order]
    return out


def _span_sums(values: Floats, start: Ints, stop: Ints) -> Floats:
    """Sum of values[i, start[i]:stop[i]] for each row i."""
    return _between(values, np.stack([start, stop], axis=1))[:, 0]


def _between(values: Floats, bounds: Ints) -> Floats:
    """Sums of values[i, bounds[i, j]:bounds[i, j + 1]], (rows, segments)."""
    running = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    return np.maximum(np.diff(np.take_along_axis(running, bounds, axis=1), axis=1), 0.0)
