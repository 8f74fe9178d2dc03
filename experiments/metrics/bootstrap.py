"""Intervals of sums and of ratios of sums, by resampling whole blocks of outcomes.

Outcomes of one SKU hang together over time, and those of one week over SKUs, so not outcomes but
blocks are drawn: a draw weighs each block by a Poisson count of mean 1 (Chamandy, Muralidharan,
Najmi & Naidu 2012). With two ways of blocking, as SKU and week, an outcome's weight is the product
of the weights of its two blocks: the pigeonhole bootstrap of Owen (2007, section 4), whose
variance is never too small by more than the share of what is particular to a single outcome, and
mildly too large otherwise. Weights are divided by their mean, so that a draw is as large as the
sample and sums can be compared; a draw of no block, as few blocks give some, is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stockwright.errors import DataError

Floats = NDArray[np.float64]
Codes = NDArray[np.integer[Any]]
DRAWS = 1000
_INTERVAL = (0.025, 0.975)
# Draws whose weights are in memory as floats at a time.
_CHUNK = 64


class Interval(NamedTuple):
    """A figure and the 95 % interval that it lies in; NaN where there is nothing to tell it."""

    value: float
    low: float
    high: float


class Blocks:
    """The draws of one sample: its outcomes, which of them stand and fall together.

    blocks: one array of integer codes (n,), or two for two-way blocks, as SKU and week. A way with
    a single code tells nothing of its spread and is not drawn. draws: how many, >= 1. seed: the
    same codes and seed give the same draws.
    """

    def __init__(self, blocks: Codes | Sequence[Codes], draws: int = DRAWS, seed: int = 0) -> None:
        ways = [blocks] if isinstance(blocks, np.ndarray) else list(blocks)
        if not 1 <= len(ways) <= 2 or len({len(way) for way in ways}) != 1:
            raise DataError("blocks are one or two arrays of codes of the same length")
        if draws < 1:
            raise DataError(f"a bootstrap needs at least one draw, not {draws}")
        self.draws = draws
        found = [np.unique(way, return_inverse=True) for way in ways]
        self._sizes = [len(codes) for codes, _ in found] + [1] * (2 - len(ways))
        places = [place for _, place in found]
        self._cell = places[0] * self._sizes[1] + (places[1] if len(ways) == 2 else 0)
        self._weights = [
            _counts(size, draws, seed if way == 0 else [seed, way])
            for way, size in enumerate(self._sizes)
        ]

    def sums(self, values: NDArray[Any]) -> Floats:
        """The sum of each column in each draw, (draws, columns); ``values`` (n,) or (n, columns).

        The same draws for all columns, and for each call. NaN in a draw of no block at all.
        """
        columns = _columns(values)
        out = np.empty((self.draws, columns.shape[1]))
        rows, width = self._sizes
        tables = [
            np.bincount(self._cell, column, rows * width).reshape(rows, width)
            for column in columns.T
        ]
        for first in range(0, self.draws, _CHUNK):
            part = slice(first, first + _CHUNK)
            left, right = (_normed(weights[part]) for weights in self._weights)
            for number, table in enumerate(tables):
                out[part, number] = ((left @ table) * right).sum(axis=1)
        return out


def _counts(size: int, draws: int, seed: int | list[int]) -> NDArray[np.uint8]:
    """Poisson counts of mean 1, (draws, size); all 1 where there is but one block."""
    if size <= 1:
        return np.ones((draws, size), np.uint8)
    rng = np.random.default_rng(seed)
    out = np.empty((draws, size), np.uint8)
    for draw in range(draws):
        out[draw] = rng.poisson(1.0, size)
    return out


def _normed(counts: NDArray[np.uint8]) -> Floats:
    """Weights with mean 1 in each draw; NaN where no block was drawn, for that tells no sum."""
    weights = counts.astype(np.float64)
    mean: Floats = weights.mean(axis=1, keepdims=True) if weights.shape[1] else weights
    return np.asarray(weights / np.where(mean > 0, mean, np.nan), np.float64)


def interval(
    value: NDArray[Any], block: Codes | Sequence[Codes], draws: int = DRAWS, seed: int = 0
) -> Interval:
    """A sum, or a ratio of sums, over outcomes with its interval.

    value: (n,), whose sum it is, or (n, 2): the sum of the first column over that of the second.
    block: codes (n,), or two such arrays. Raises DataError for blocks that do not fit.
    """
    return interval_in(Blocks(block, draws, seed), value)


def paired_interval(
    base: NDArray[Any],
    value: NDArray[Any],
    block: Codes | Sequence[Codes],
    draws: int = DRAWS,
    seed: int = 0,
) -> Interval:
    """What ``value`` has more than ``base``, outcome by outcome the same ones, with its interval.

    base, value: (n,) for the difference of two sums, or (n, 2) for that of two ratios of sums.
    block: codes (n,), or two such arrays, as SKU and week. Both sides are drawn together, so what
    they share takes no part in the interval. Raises DataError for arrays that do not fit.
    """
    return paired_interval_in(Blocks(block, draws, seed), base, value)


def interval_in(blocks: Blocks, value: NDArray[Any]) -> Interval:
    """``interval`` in draws that are made already, for many figures of one sample."""
    return _interval(_figure(_total(value)), _figure(blocks.sums(value)))


def paired_interval_in(blocks: Blocks, base: NDArray[Any], value: NDArray[Any]) -> Interval:
    """``paired_interval`` in draws that are made already, for many figures of one sample."""
    if np.shape(base) != np.shape(value):
        raise DataError(f"a pair of samples of {np.shape(base)} and {np.shape(value)} outcomes")
    difference = _figure(_total(value)) - _figure(_total(base))
    return _interval(difference, _figure(blocks.sums(value)) - _figure(blocks.sums(base)))


def ratio_intervals(blocks: Blocks, top: Floats, bottom: Floats) -> list[Interval]:
    """The ratio of sums of each pair of columns, (n, columns) each, in the same draws."""
    told, drawn = _ratios(blocks, top, bottom)
    return [_interval(told[:, k], drawn[:, k]) for k in range(top.shape[1])]


def paired_ratio_intervals(
    blocks: Blocks, base: tuple[Floats, Floats], value: tuple[Floats, Floats]
) -> list[Interval]:
    """What each ratio of sums of ``value`` has more than that of ``base``; each a top and a bottom
    (n, columns), in the same draws.
    """
    told, drawn = _ratios(blocks, *value)
    base_told, base_drawn = _ratios(blocks, *base)
    told, drawn = told - base_told, drawn - base_drawn
    return [_interval(told[:, k], drawn[:, k]) for k in range(told.shape[1])]


def _ratios(blocks: Blocks, top: Floats, bottom: Floats) -> tuple[Floats, Floats]:
    """Ratios of sums (1, columns), and in each draw (draws, columns); NaN over 0."""
    both = np.concatenate([top, bottom], axis=1)
    k = top.shape[1]
    told, drawn = _total(both), blocks.sums(both)
    return _over(told[:, :k], told[:, k:]), _over(drawn[:, :k], drawn[:, k:])


def _over(top: Floats, bottom: Floats) -> Floats:
    return np.asarray(np.where(bottom != 0, top / np.where(bottom != 0, bottom, 1.0), np.nan))


def _columns(value: NDArray[Any]) -> Floats:
    wide = np.asarray(value, np.float64)
    return wide if wide.ndim == 2 else wide[:, None]


def _total(value: NDArray[Any]) -> Floats:
    return np.asarray(_columns(value).sum(axis=0, keepdims=True), np.float64)


def _figure(sums: Floats) -> Floats:
    """The sum or ratio of each row; NaN where the second sum is 0."""
    if sums.shape[1] == 1:
        return np.asarray(sums[:, 0], np.float64)
    return _over(sums[:, 0], sums[:, 1])


def _interval(value: Floats, drawn: Floats) -> Interval:
    told = drawn[np.isfinite(drawn)]
    if not (len(told) and np.isfinite(value[0])):
        return Interval(float("nan"), float("nan"), float("nan"))
    low, high = np.quantile(told, _INTERVAL)
    return Interval(float(value[0]), float(low), float(high))
