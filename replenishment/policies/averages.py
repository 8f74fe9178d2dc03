"""Long-run averages of Markov chains and decision processes, enclosed by bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from stockwright.errors import ConfigError, DataError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AverageParams:
    """Settings of value iteration.

    accuracy: width of the bounds relative to the average at which it stops, > 0.
    sweeps: most iterations. states: most states that are enumerated.
    """

    accuracy: float = 1e-9
    sweeps: int = 100_000
    states: int = 3_000_000

    def __post_init__(self) -> None:
        if not (self.accuracy > 0 and self.sweeps >= 1 and self.states >= 1):
            raise ConfigError("accuracy must be > 0, sweeps and states >= 1")


def long_run(
    chain: sparse.csr_matrix, rewards: Floats, params: AverageParams
) -> tuple[Floats, Floats]:
    """Bounds of the average of each column of rewards (states, kinds) under one chain."""

    def step(value: Floats) -> Floats:
        return np.asarray(rewards + chain @ value, np.float64)

    low, high, _ = enclosed(step, np.zeros_like(rewards), slice(None), params)
    return low, high


def enclosed(
    step: Callable[[Floats], Floats],
    value: Floats,
    valid: NDArray[np.bool_] | slice,
    params: AverageParams,
) -> tuple[Floats, Floats, Floats]:
    """Value iteration until the least and the greatest gain of a step agree (Odoni 1969).

    step: one period more, on values (states, ...). valid: states that count. A tenth of the old
    value is kept in each sweep, so that periodic chains settle too (Puterman 1994, section
    8.5.4). Returns the two bounds and the values. Raises DataError when they do not meet: the
    rule then has several averages, by where it starts.
    """
    keep = 0.1
    for _ in range(params.sweeps):
        gain = step(value) - value
        seen = gain[valid]
        low, high = seen.min(axis=0), seen.max(axis=0)
        if np.all(high - low <= params.accuracy * np.maximum(np.abs(high), 1e-6)):
            return low, high, value
        value = value + (1 - keep) * (gain - low)
    raise DataError(f"no average after {params.sweeps} sweeps: {low} to {high}")
