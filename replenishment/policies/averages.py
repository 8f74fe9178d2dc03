"""Long-run averages of Markov chains and decision processes, enclosed by bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from stockwright.errors import ConfigError, DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


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


@dataclass(frozen=True)
class Moves:
    """One period from some states on.

    origin: (moves,) number of the state left. entered: (moves, axes) state entered, whole and >=
    0. chance: (moves,) its probability. reward: (states, kinds) expected in the period.
    """

    origin: Ints
    entered: Ints
    chance: Floats
    reward: Floats


def averages_from(
    start: Ints, moves: Callable[[Ints], Moves], params: AverageParams
) -> tuple[Floats, Floats, int]:
    """Long-run averages of each kind of reward from ``start`` (axes,): lower and upper bounds
    (kinds,) and the number of states that can be reached, all of which are enumerated.
    """
    fresh = np.asarray(start, np.int64)[None]
    known, parts, codes, count = state_codes(fresh), [], [], 0
    while len(fresh):
        codes.append(state_codes(fresh))
        made = moves(fresh)
        possible = made.chance > 0
        entered = state_codes(made.entered[possible])
        parts.append((made.origin[possible] + count, entered, made.chance[possible], made.reward))
        count += len(fresh)
        code, first = np.unique(entered, return_index=True)
        new = ~_contained(code, known)
        fresh = made.entered[possible][first[new]]
        known = np.sort(np.concatenate([known, code[new]]))
        if len(known) > params.states:
            raise DataError(f"more than {params.states} states; too large to enumerate")
    origin, target, chance, reward = (np.concatenate(part) for part in zip(*parts, strict=True))
    place = np.argsort(np.concatenate(codes))
    column = place[np.searchsorted(known, target)]
    chain = sparse.csr_matrix((chance, (origin, column)), shape=(count, count))
    return (*long_run(chain, reward, params), count)


def state_codes(states: Ints) -> Ints:
    """One number per state (states, axes). Raises DataError for numbers too large to code."""
    bits = 62 // states.shape[1]
    if states.max(initial=0) >= 1 << bits:
        raise DataError(f"stock or orders above {(1 << bits) - 1} units; the rule does not settle")
    return np.asarray(states @ (1 << (bits * np.arange(states.shape[1]))), np.int64)


def _contained(code: Ints, known: Ints) -> NDArray[np.bool_]:
    at = np.minimum(np.searchsorted(known, code), len(known) - 1)
    return np.asarray(known[at] == code, np.bool_)


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
