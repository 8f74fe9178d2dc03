"""Serial systems with backorders: the optimal echelon levels, and newsvendor bounds on them.

Stage 1 serves the customers, stage j + 1 supplies stage j, the last stage is supplied without
fail. Units that a stage has and those that are on the way or below are its echelon; holding costs
are counted by echelon, so a unit's cost rises by h_j when it enters the echelon of stage j. Lead
times are the times over which demand is taken, in periods of the demand: in a shop that reviews at
every close and receives at the start of a period they are L + 1 (see docs/timing.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import signal, stats

from stockwright.arrays import frozen, require
from stockwright.errors import ConfigError, DataError

Floats = NDArray[np.float64]
# Lattice points per deviation of demand over all lead times, for amounts without pieces.
_FINENESS = 250
_WIDTH = 9.0
_TAIL = 1e-14


class TimedDemand(Protocol):
    """Demand over any span of time, independent between spans."""

    @property
    def step(self) -> float:
        """Size of a piece, 0 for amounts."""

    def quantile(self, time: Floats, level: Floats) -> Floats:
        """Smallest amount that demand over ``time`` stays within with probability ``level``."""

    def moments(self, time: float) -> tuple[float, float]:
        """Mean and standard deviation over ``time``."""

    def span(self, time: float) -> tuple[float, float]:
        """Amounts between which nearly all demand over ``time`` lies."""

    def mass(self, time: float, points: Floats, step: float) -> Floats:
        """Probability of demand over ``time`` in a cell of size ``step`` around each point."""


@dataclass(frozen=True)
class NormalDemand:
    """mean, sd: per unit of time, sd > 0."""

    mean: float
    sd: float

    def __post_init__(self) -> None:
        if not self.sd > 0:
            raise ConfigError("sd must be > 0")

    @property
    def step(self) -> float:
        """Amounts have no pieces."""
        return 0.0

    def quantile(self, time: Floats, level: Floats) -> Floats:
        """See TimedDemand."""
        return np.asarray(self.mean * time + self.sd * np.sqrt(time) * stats.norm.ppf(level))

    def moments(self, time: float) -> tuple[float, float]:
        """See TimedDemand."""
        return self.mean * time, self.sd * float(np.sqrt(time))

    def span(self, time: float) -> tuple[float, float]:
        """See TimedDemand."""
        mean, sd = self.moments(time)
        return mean - _WIDTH * sd, mean + _WIDTH * sd

    def mass(self, time: float, points: Floats, step: float) -> Floats:
        """See TimedDemand."""
        if time == 0:
            return np.asarray(np.abs(points) <= step / 2, np.float64)
        mean, sd = self.moments(time)
        edges = np.append(points - step / 2, points[-1] + step / 2)
        return np.diff(stats.norm.cdf(edges, mean, sd))


@dataclass(frozen=True)
class CountDemand:
    """Pieces: Poisson, or with ``dispersion`` = variance / mean > 1 a negative binomial.

    mean: per unit of time, > 0.
    """

    mean: float
    dispersion: float = 1.0

    def __post_init__(self) -> None:
        if not (self.mean > 0 and self.dispersion >= 1):
            raise ConfigError("mean must be > 0 and dispersion >= 1")

    @property
    def step(self) -> float:
        """Whole pieces."""
        return 1.0

    def _of(self, time: ArrayLike) -> stats.rv_frozen:
        total = self.mean * np.asarray(time, np.float64)
        if self.dispersion == 1:
            return stats.poisson(total)
        return stats.nbinom(total / (self.dispersion - 1), 1 / self.dispersion)

    def quantile(self, time: Floats, level: Floats) -> Floats:
        """See TimedDemand."""
        return np.asarray(self._of(time).ppf(level), np.float64)

    def moments(self, time: float) -> tuple[float, float]:
        """See TimedDemand."""
        return self.mean * time, float(np.sqrt(self.mean * time * self.dispersion))

    def span(self, time: float) -> tuple[float, float]:
        """See TimedDemand."""
        return 0.0, float(self._of(time).isf(_TAIL)) if time > 0 else 0.0

    def mass(self, time: float, points: Floats, step: float) -> Floats:
        """See TimedDemand."""
        if time == 0:
            return np.asarray(points == 0, np.float64)
        return np.asarray(self._of(time).pmf(np.rint(points)), np.float64)


@dataclass(frozen=True)
class SerialSystem:
    """Stages from the customer upwards: entry 0 serves the customers, the last one is the source.

    holding: (stages,) echelon holding cost per unit and period, > 0. lead_time: (stages,) >= 0.
    shortage: money per unit owed and period, > 0.
    """

    holding: Floats
    lead_time: Floats
    shortage: float

    def __post_init__(self) -> None:
        n = len(self.holding)
        for name in ("holding", "lead_time"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (n,), np.float64))
        require(self.holding > 0, "holding", "> 0")
        require(self.lead_time >= 0, "lead_time", ">= 0")
        if not self.shortage > 0:
            raise ConfigError("shortage must be > 0")

    @classmethod
    def local(cls, holding: ArrayLike, lead_time: ArrayLike, shortage: float) -> SerialSystem:
        """From local holding costs, which rise towards the customer, (stages,)."""
        steps = -np.diff(np.append(np.asarray(holding, np.float64), 0.0))
        return cls(steps, np.asarray(lead_time, np.float64), shortage)


@dataclass(frozen=True)
class SerialPlan:
    """levels: (stages,) echelon base-stock levels. cost: expected holding and shortage a period."""

    levels: Floats
    cost: float

    def local_levels(self) -> Floats:
        """Local base-stock levels, (stages,): what each level is above the one below it.

        A level below that of the stage it supplies counts for both (Snyder & Shen 2019, 6.2).
        """
        met = np.minimum.accumulate(self.levels[::-1])[::-1]
        return np.diff(met, prepend=0.0)


@dataclass(frozen=True)
class NewsvendorBounds:
    """Bounds of the optimal echelon levels and their middle, all (stages,)."""

    lower: Floats
    upper: Floats

    @property
    def heuristic(self) -> Floats:
        """Mean of the two bounds (Shang & Song 2003), not rounded."""
        return np.asarray((self.lower + self.upper) / 2)


def newsvendor_bounds(system: SerialSystem, demand: TimedDemand) -> NewsvendorBounds:
    """Bounds from two newsvendors per stage over the time to the customer.

    Shang & Song (2003), theorem 3; Snyder & Shen (2019), equation 6.32: quantiles of demand over
    L_1 + ... + L_j at the ratios (p + sum_{i>j} h_i) over p + sum_i h_i, and over p + sum_{i>=j}
    h_i.
    """
    h = system.holding
    above = system.shortage + h.sum() - np.cumsum(h)
    time = np.cumsum(system.lead_time)
    low = demand.quantile(time, above / (system.shortage + h.sum()))
    return NewsvendorBounds(low, demand.quantile(time, above / (above + h)))


def optimal_levels(system: SerialSystem, demand: TimedDemand) -> SerialPlan:
    """The echelon levels of least cost, exact for pieces, on a fine lattice for amounts.

    Clark & Scarf (1960) in the form of Chen & Zheng (1994); Snyder & Shen (2019), section 6.2.2.
    """
    return _decompose(system, demand, None)


def cost_of_levels(system: SerialSystem, demand: TimedDemand, levels: ArrayLike) -> float:
    """Expected cost per period of given echelon levels, (stages,)."""
    given = np.asarray(levels, np.float64)
    if given.shape != system.holding.shape:
        raise DataError(f"one level per stage: {len(system.holding)}, not {given.shape}")
    return _decompose(system, demand, given).cost


def _decompose(system: SerialSystem, demand: TimedDemand, levels: Floats | None) -> SerialPlan:
    """Stage by stage: C_j(y) = E[h_j (y - D_j) + C_{j-1}(min(S_{j-1}, y - D_j))].

    Beyond its grid every function is a straight line of known slope, and is continued as that.
    """
    grid, step = _grid(system, demand, levels)
    total = system.shortage + float(system.holding.sum())
    below, chosen, value = total * np.maximum(-grid, 0.0), [], 0.0
    for stage, h in enumerate(system.holding):
        owed = system.shortage + float(system.holding[stage + 1 :].sum())
        time = float(system.lead_time[stage])
        cost = _expected(h * grid + below, (-owed, h), demand, time, step)
        best = float(grid[np.argmin(cost)]) if levels is None else float(levels[stage])
        chosen.append(best)
        value = float(np.interp(best, grid, cost))
        below = np.where(grid < best, cost, value)
    return SerialPlan(np.array(chosen), value)


def _grid(system: SerialSystem, demand: TimedDemand, levels: Floats | None) -> tuple[Floats, float]:
    """Echelon positions from far below to above all levels, evenly spaced."""
    time = float(system.lead_time.sum())
    _, sd = demand.moments(time)
    step = demand.step or sd / _FINENESS
    low, high = demand.span(time)
    top = max([high, *([] if levels is None else levels)])
    first, last = np.floor((low - high) / step), np.ceil(top / step)
    return np.arange(first, last + 1) * step, step


def _expected(
    values: Floats, slopes: tuple[float, float], demand: TimedDemand, time: float, step: float
) -> Floats:
    """E[f(y - D)] on the grid of f, D the demand over ``time``, f a line beyond both its ends."""
    low, high = demand.span(time)
    first, last = int(np.floor(low / step)), int(np.ceil(high / step))
    points = np.arange(first, last + 1)
    mass = demand.mass(time, np.asarray(points * step, np.float64), step)
    mass = mass / mass.sum()
    left, right = max(last, 0), max(-first, 0)
    before = values[0] + slopes[0] * step * np.arange(-left, 0)
    after = values[-1] + slopes[1] * step * np.arange(1, right + 1)
    wide = np.concatenate([before, values, after])
    # Entry i of the full convolution is E at grid index i - left + first.
    full = signal.fftconvolve(wide, mass)
    start = left - first
    return np.asarray(full[start : start + len(values)], np.float64)
