"""Samples of the totals of segments, put in orders under which they share a level."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from stockwright.lattice import lattice_points

Floats = NDArray[np.float64]


def loading_of(rising: Floats, covariance: Floats) -> Floats:
    """Loadings, (totals,), under which rising totals, (totals, n), covary as the level that they
    share demands; covariance: (totals,) of it.

    A one-factor Gaussian copula; its loading c solves the covariance expanded in Hermite
    polynomials to second order (Cario & Nelson 1997 solve it numerically):
    c^2 h1^2 + c^4 h2^2 / 2 = level variance * mean^2, with h_k = E[X He_k(Z)].
    """
    n = rising.shape[1]
    score = special.ndtri((np.arange(n) + 0.5) / n)
    first = (rising @ score / n) ** 2
    second = (rising @ (score**2 - 1) / n) ** 2
    root = np.sqrt(first**2 + 2 * second * covariance)
    # The root of the quadratic in c^2, written so that a vanishing second term is harmless.
    share = np.clip(2 * covariance / np.maximum(first + root, 1e-300), 0.0, 0.999)
    return np.asarray(np.sqrt(share), np.float64)


def coupled(
    rising: Floats,
    loading: Floats,
    where: tuple[NDArray[np.intp], ...],
    keys: NDArray[np.uint64],
    seed: int,
) -> Floats:
    """Rising totals (totals, n), each in the order that its ``loading`` (totals,) couples it by.

    where: series and segment of each total. keys: (series,). The order depends on the key of the
    series, the segment and ``seed``.
    """
    series, segment = where
    n, segments = rising.shape[1], int(segment.max(initial=0)) + 1
    points = lattice_points(keys, seed, n, segments + 1)
    shared, own = special.ndtri(points[:, 0]), special.ndtri(points[series, segment + 1])
    mixed = loading[:, None] * shared[series] + np.sqrt(1 - loading**2)[:, None] * own
    # No two of them are equal, so the faster sort that may turn equals round gives the same order.
    order = np.argsort(mixed, axis=1)
    drawn = np.empty_like(rising)
    np.put_along_axis(drawn, order, rising, axis=1)
    return drawn
