"""Random numbers that depend on a key alone, and counts drawn from them.

A number is a hash of (seed, stream name, key), so that any SKU, location and date can be drawn
again alone, in any order, and at another mean.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from stockwright.panel import mix_hash, text_hash

Floats = NDArray[np.float64]
Keys = NDArray[np.uint64]

# Above this mean the quantile is solved for instead of counted up to.
_COUNTED_MEAN = 40.0


def stream_key(seed: int, stream: str) -> np.uint64:
    """The key of one named stream of one seed."""
    key = mix_hash(text_hash([stream]) ^ mix_hash(np.array([seed % 2**63], np.uint64)))
    return np.uint64(key[0])


def mixed(first: Keys | np.uint64, second: Keys | np.uint64) -> Keys:
    """Keys of pairs; both broadcast."""
    return mix_hash(np.asarray(first, np.uint64) ^ mix_hash(np.asarray(second, np.uint64)))


def whole_keys(values: NDArray[np.int64] | range) -> Keys:
    """Keys of whole numbers >= 0, such as days since 1970."""
    return np.asarray(values, np.int64).astype(np.uint64)


def uniform(keys: Keys | np.uint64) -> Floats:
    """One uniform number in (0, 1) for each key."""
    return (
        (mix_hash(np.asarray(keys, np.uint64)) >> np.uint64(12)).astype(np.float64) + 0.5
    ) * 2.0**-52


def normal(keys: Keys) -> Floats:
    """One standard normal number for each key."""
    return np.asarray(special.ndtri(uniform(keys)), np.float64)


def count_quantile(
    level: Floats, mean: Floats, alpha: Floats, lump: Floats | float = 0.0
) -> NDArray[np.int32]:
    """Smallest k with P(X <= k) >= level, X negative binomial.

    Var = mean (1 + lump) + alpha mean**2. All (n,): level in (0, 1), mean >= 0, alpha > 0,
    lump >= 0. Never falls when the mean rises: size and success probability both rise with it.
    Small means are counted up from P(X = 0) over the cells still open; large ones are solved for.
    """
    out = np.zeros(mean.shape, np.int32)
    excess = lump + alpha * mean
    size = np.divide(mean, excess, out=1.0 / alpha, where=excess > 0)
    none = np.exp(-size * np.log1p(excess))
    large = mean > _COUNTED_MEAN
    big = np.flatnonzero(large)
    if big.size:
        out[big] = _solved(level[big], mean[big], size[big])
    _count_up(out, level, mean, size, none, np.flatnonzero((level > none) & ~large))
    return out


def _count_up(
    out: NDArray[np.int32],
    level: Floats,
    mean: Floats,
    size: Floats,
    none: Floats,
    place: NDArray[np.int64],
) -> None:
    """Add P(X = 1), P(X = 2), ... to ``none`` until each cell of ``place`` reaches its level."""
    level, mean, size, mass = level[place], mean[place], size[place], none[place]
    success = mean / (mean + size)
    below, k = mass, 0
    while place.size:
        mass = mass * (success * ((k + size) / (k + 1)))
        below, k = below + mass, k + 1
        out[place] = k
        # Past the mean a mass this small no longer moves the sum: the level is beyond float64.
        going = (below < level) & ((mass > 1e-17) | (k < mean))
        if not going.all():
            place, level, mean, size = place[going], level[going], mean[going], size[going]
            success, mass, below = success[going], mass[going], below[going]


def _solved(level: Floats, mean: Floats, size: Floats) -> NDArray[np.int32]:
    point = special.nbdtrik(level, size, size / (size + mean))
    return np.asarray(np.maximum(np.ceil(point - 1e-7), 0), np.int32)
