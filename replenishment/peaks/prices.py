"""Shadow prices of the shared limits of a build-up, and the bound that they prove.

For given prices every row decides alone: it takes the week that is cheapest with its tolls and
buys the quantile of its demand that still pays (a newsvendor). The sum of these least costs less
the price of all room is a lower bound of every plan's cost (Lagrangian relaxation; Geoffrion
1974). The bound is concave in the prices. It is raised by a quasi-Newton method (L-BFGS-B; Byrd
et al. 1995) on a smooth version, in which a row spreads over the weeks that are nearly cheapest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from replenishment.peaks.problem import BuildUp

Floats = NDArray[np.float64]
# Softness of the choice of a week, in parts of a week's holding, from coarse to fine.
_SOFTNESS = (2.0, 0.3, 0.05)


@dataclass(frozen=True)
class Priced:
    """prices: per limit, of the shape of its room, money per use. bound: no plan costs less.

    charge: (rows, weeks) holding and tolls of a unit by arrival week, inf where it cannot be.
    units: (rows,) that pay at the cheapest week.
    """

    prices: list[Floats]
    bound: float
    charge: Floats
    units: Floats


def evaluate(problem: BuildUp, prices: list[Floats]) -> Priced:
    """The bound of given prices >= 0 and what every row would do."""
    charge = problem.carrying + problem.toll(prices)
    least = charge.min(axis=1, initial=np.inf)
    units, cost = problem.bought(least)
    paid = np.where(units > 0, units * np.where(units > 0, least, 0.0), 0.0)
    rent = sum(
        float((price * np.where(price > 0, limit.room, 0.0)).sum())
        for limit, price in zip(problem.limits, prices, strict=True)
    )
    return Priced(prices, float((cost + paid).sum()) - rent, charge, units)


def find_prices(problem: BuildUp, steps: int) -> Priced:
    """Prices near the best ones after at most ``steps`` quasi-Newton steps per softness."""
    shapes = [limit.room.shape for limit in problem.limits]
    sizes = [int(np.prod(shape)) for shape in shapes]
    free = np.concatenate(
        [np.zeros(0, np.bool_), *(np.isfinite(limit.room).ravel() for limit in problem.limits)]
    )
    scale = _scale(problem)
    typical = float(np.median(problem.holding[problem.holding > 0], axis=0)) if (
        problem.holding > 0).any() else 1.0  # fmt: skip

    def unpacked(flat: Floats) -> list[Floats]:
        parts = np.split(flat * scale, np.cumsum(sizes)[:-1]) if sizes else []
        return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]

    best = evaluate(problem, unpacked(np.zeros(sum(sizes))))
    if not sizes or not problem.broken(_all_at_cheapest(problem, best)):
        return best
    flat = np.zeros(sum(sizes))
    bounds = [(0.0, None if each else 0.0) for each in free.tolist()]
    for softness in _SOFTNESS:
        value = _Smooth(problem, softness * typical)
        found = optimize.minimize(
            lambda x, value=value: _scaled(value(unpacked(x)), scale),
            flat, jac=True, method="L-BFGS-B", bounds=bounds,
            options={"maxiter": steps, "maxcor": 20},
        )  # fmt: skip
        flat = np.asarray(found.x)
        tried = evaluate(problem, unpacked(flat))
        best = tried if tried.bound > best.bound else best
    return best


def _scaled(result: tuple[float, list[Floats]], scale: Floats) -> tuple[float, Floats]:
    value, slopes = result
    return value, np.concatenate([slope.ravel() for slope in slopes]) * scale


def _scale(problem: BuildUp) -> Floats:
    """A typical price of each limit, so that all prices are numbers near 1."""
    parts = []
    for limit in problem.limits:
        rows = (limit.group >= 0) & (limit.weight > 0)
        own = problem.shortage[rows] / limit.weight[rows]
        parts.append(np.full(limit.room.size, float(np.median(own)) if rows.any() else 1.0))
    return np.concatenate(parts) if parts else np.zeros(0)


def _all_at_cheapest(problem: BuildUp, priced: Priced) -> Floats:
    units = np.zeros((len(problem), problem.weeks))
    units[np.arange(len(problem)), priced.charge.argmin(axis=1)] = priced.units
    return units


class _Smooth:
    """The negative bound, with a soft choice of the week, and its slopes."""

    def __init__(self, problem: BuildUp, softness: float) -> None:
        self._problem, self._softness = problem, softness

    def __call__(self, prices: list[Floats]) -> tuple[float, list[Floats]]:
        problem, soft = self._problem, self._softness
        charge = problem.carrying + problem.toll(prices)
        least = charge.min(axis=1)
        can = np.isfinite(least)
        part = np.exp(-(charge - np.where(can, least, 0.0)[:, None]) / soft)
        total = part.sum(axis=1)
        price = np.where(can, least - soft * np.log(np.maximum(total, 1e-300)), np.inf)
        units, cost = problem.bought(price)
        arriving = units[:, None] * part / np.maximum(total, 1e-300)[:, None]
        paid = np.where(units > 0, units * np.where(can, price, 0.0), 0.0)
        value, slopes = float((cost + paid).sum()), []
        for limit, each in zip(problem.limits, prices, strict=True):
            room = np.where(np.isfinite(limit.room), limit.room, 0.0)
            value -= float((each * room).sum())
            slopes.append(np.where(np.isfinite(limit.room), room - problem.use(limit, arriving), 0))
        return -value, slopes
