"""Points for low-variance sampling, keyed by series so that no series depends on another.

A rank-1 lattice of n points whose generator is built component by component (Sloan & Reztsov
2002), shifted per series by a hash of the series' key (Cranley & Patterson 1976).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from stockwright.panel import mix_hash

Floats = NDArray[np.float64]


@lru_cache(maxsize=64)
def generator(n: int, dimensions: int) -> tuple[int, ...]:
    """Generating vector of an n-point lattice in the weighted Korobov space of smoothness 1.

    Chosen component by component: each new component has the smallest worst-case error given the
    ones before it, the weight of dimension j being 1 / j^2.
    """
    candidates = np.array([z for z in range(1, max(n // 2, 1) + 1) if np.gcd(z, n) == 1])
    points = np.arange(n)
    x = (candidates[:, None] * points % n) / n
    kernel = 2 * np.pi**2 * (x * x - x + 1 / 6)
    product, chosen = np.ones(n), []
    for j in range(1, dimensions + 1):
        error = (1 + kernel / j**2) @ product
        best = int(np.argmin(np.round(error, 9)))
        chosen.append(int(candidates[best]))
        product = product * (1 + kernel[best] / j**2)
    return tuple(chosen)


def keyed_uniforms(key: NDArray[np.uint64], seed: int, count: int) -> Floats:
    """Uniform numbers in (0, 1) that depend on key, seed and position only, (keys, count)."""
    salt = mix_hash(np.array([seed & 0xFFFFFFFFFFFFFFFF], np.uint64))[0]
    place = mix_hash(np.arange(count, dtype=np.uint64) ^ salt)
    bits = mix_hash(key[:, None] ^ place) >> np.uint64(11)
    return np.asarray((bits.astype(np.float64) + 0.5) / 2.0**53)


def lattice_points(key: NDArray[np.uint64], seed: int, n: int, dimensions: int) -> Floats:
    """Points in (0, 1)^dimensions, (keys, dimensions, n); each coordinate is stratified.

    Beyond a few dimensions an n-point lattice repeats itself; from there on the coordinates are
    independent uniforms.
    """
    shift = keyed_uniforms(key, seed, dimensions)
    structured = min(dimensions, 6)
    steps = np.outer(generator(n, structured), np.arange(n)) % n / n
    points = np.empty((len(key), dimensions, n))
    points[:, :structured] = (steps + shift[:, :structured, None]) % 1.0
    for j in range(structured, dimensions):
        points[:, j] = keyed_uniforms(key ^ mix_hash(np.array([j], np.uint64)), seed, n)
    return np.clip(points, 1e-12, 1 - 1e-12)
