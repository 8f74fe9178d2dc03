"""Demand of a week in lots of stock: how likely it is that 0, 1, 2, ... lots are wanted.

Demand of each scenario is negative binomial (Poisson where the variance is the mean) and is
stepped through (Panjer 1981). Stock of up to ``points`` units is kept in single units, which are
the steps then. More is cut into ``points`` lots, which are cut into steps of about a unit or, where
demand scatters more than single units do, of more; its mean and variance are kept. A demand between
two lots is split between them so that its mean is kept (Gerber 1982): the same as reading the value
of stock between two lots off a straight line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Lots that are exceeded with less than this probability are not told apart. Steps are counted
# further, so that where they end leaves no trace in it.
TAIL, _COUNTED = 1e-10, 1e-14
# Steps that a lot may have, so that many items have as many; as many as _FINE are enough where the
# spread of demand allows them. The most steps of all lots.
_PARTS, _FINE = np.array([1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]), 8
_MOST_STEPS = 4096
# Powers of e between which a probability is kept on its way up from very small ones.
_LOWEST, _LOW, _LIFT = 600.0, -200.0, 400.0


@dataclass(frozen=True)
class StockLots:
    """count: (items,) lots in stock. lot: (items,) units in a lot. parts: (items,) steps of demand
    in a lot.
    """

    count: Ints
    lot: Floats
    parts: Ints

    @classmethod
    def of(cls, stock: Floats, dispersion: Floats, points: int) -> StockLots:
        """The stock of each item, (items,) units, in at most ``points`` lots."""
        lots = np.minimum(np.ceil(stock), points)
        lot = stock / lots
        # A step above the dispersion would make a week scatter more. There may be too many steps
        # for that: then its standard deviation grows by a lot at most.
        step = np.maximum(np.minimum(lot / _FINE, dispersion), 1.0)
        parts = _PARTS[: np.searchsorted(_PARTS, max(_MOST_STEPS // points, 1), side="right")]
        each = parts[np.minimum(np.searchsorted(parts, lot / step), len(parts) - 1)]
        return cls(lots.astype(np.int64), lot, each)

    def take(self, items: NDArray[Any]) -> StockLots:
        """Some of the items."""
        return StockLots(*(getattr(self, each.name)[items] for each in fields(self)))


@dataclass(frozen=True)
class LotChances:
    """table: (weeks, lots, rungs, items) probability that 0, 1, ... lots are wanted; what is
    missing to 1 is the probability of more. sold: (weeks, lots + 1, rungs, items) lots expected to
    be sold of 0, 1, ... in stock. first: (lots,) the first rung that can want so many, rising.
    """

    table: Floats
    sold: Floats
    first: Ints

    @classmethod
    def of(cls, table: Floats) -> LotChances:
        """The chances of a ``table``, which is changed: what hardly ever happens is taken out."""
        weeks, lots, rungs, items = table.shape
        sold = np.zeros((weeks, lots + 1, rungs, items))
        more, first, rung = np.ones((weeks, rungs, items)), [], 0
        for lot in range(lots):
            part, before = table[:, lot, rung:], more[:, rung:]
            after = before - part
            ends = after < TAIL
            # The last lot that is told apart stands for all beyond it.
            np.copyto(part, before, where=ends)
            np.copyto(after, 0.0, where=ends)
            table[:, lot, :rung] = 0.0
            sold[:, lot + 1, :rung] = sold[:, lot, :rung]
            np.add(sold[:, lot, rung:], after, out=sold[:, lot + 1, rung:])
            first.append(rung)
            more[:, rung:] = after
            goes_on = after.any(axis=(0, 2))
            if not goes_on.any():
                break
            rung += int(goes_on.argmax())
        return cls(table[:, : len(first)], sold[:, : len(first) + 1], np.array(first))


def step_chances(
    mean: Floats, dispersion: Floats, weight: Floats, steps: Ints | None = None
) -> Iterator[Floats]:
    """``weight`` times the probability that 0, 1, 2, ... steps are wanted.

    mean: (rungs, ..., items). steps: (rungs,) how many of each rung, rising; the rungs that have
    had theirs are left out of what is yielded, and there is an end; without it there is none. The
    array that is yielded is overwritten by the next one.

    Panjer's recursion (1981) for the negative binomial law of variance ``dispersion * mean``:
    p(k + 1) = p(k) (mean / dispersion + k (1 - 1 / dispersion)) / (k + 1). Where p(0) is too small
    for a float, part of its logarithm is owed, and paid as the probabilities grow.
    """
    excess = dispersion - 1
    rate = np.where(excess > 0, np.log1p(excess) / np.where(excess > 0, excess, 1.0), 1.0)
    owed = mean * rate
    paid = np.minimum(owed, _LOWEST)
    chance, owed = weight * np.exp(-paid), owed - paid
    first, slope = mean / dispersion, excess / dispersion
    late, ratio, gone = bool(owed.any()), np.empty_like(chance), 0
    for k, done in enumerate(repeat(0) if steps is None else _rungs_done(steps)):
        if done > gone:
            chance, owed, first, ratio = (
                each[done - gone :] for each in (chance, owed, first, ratio)
            )
            gone, late = done, late and bool(owed.any())
        yield np.where(owed > 0, 0.0, chance) if late else chance
        np.multiply(first, 1 / (k + 1), out=ratio)
        ratio += slope * (k / (k + 1))
        chance *= ratio
        if late:
            paid = np.where(chance > np.exp(_LOW), np.minimum(owed, _LIFT), 0.0)
            chance, owed = chance * np.exp(-paid), owed - paid
            late = bool(owed.any())


def _rungs_done(steps: Ints) -> list[int]:
    """How many rungs, of ``steps`` each, have had theirs at step 0, 1, ..."""
    at = np.arange(int(steps[-1]))
    return [int(each) for each in np.searchsorted(steps, at, side="right")]


def lot_chances(mean: Floats, weight: Floats, dispersion: Floats, lots: StockLots) -> LotChances:
    """What is wanted in each week at each rung, by items whose lots have equally many steps.

    mean: (items, scenarios, weeks, rungs) units; weight: (items, scenarios); dispersion: (items,).
    The scenarios are mixed week by week.
    """
    parts, most = int(lots.parts[0]), int(lots.count.max())
    step = lots.lot / parts
    wanted = mean.transpose(1, 3, 2, 0) / step
    spread = np.maximum(dispersion / step, 1.0)
    reach = _reach(wanted, spread, parts, most)
    rungs, weeks, items = wanted.shape[1:]
    table = np.zeros((weeks, int(reach.max()) + 1, rungs, items))
    for scenario, share, lots_of in zip(wanted, weight.T, reach, strict=True):
        steps = step_chances(scenario, spread, share, lots_of * parts)
        _add(table, steps, lots_of, parts)
    return LotChances.of(table[:, :most])


def _reach(wanted: Floats, spread: Floats, parts: int, most: int) -> Ints:
    """Lots that demand is told apart to, (scenarios, rungs), rising with the rung, at most all."""
    mean = np.maximum.accumulate(wanted.max(axis=(2, 3), initial=0.0), axis=1)
    widest = float(spread.max())
    if widest > 1:
        share = 1 / widest
        # No demand at all leaves no law to ask.
        last = stats.nbinom.isf(_COUNTED, np.maximum(mean, _COUNTED) * share / (1 - share), share)
    else:
        last = stats.poisson.isf(_COUNTED, mean)
    return np.asarray(np.minimum(last // parts + 1, most), np.int64)


def _add(table: Floats, chances: Iterator[Floats], reach: Ints, parts: int) -> None:
    """Add the chances of steps, (rungs left, weeks, items) each, to the ``table`` of lots."""
    for lot in range(int(reach[-1])):
        rung = int(np.searchsorted(reach, lot, side="right"))
        if parts == 1:
            table[:, lot, rung:] += next(chances).swapaxes(0, 1)
            continue
        # The sum of all sums up to a step counts each step as often as it has steps to the next
        # lot: its share of this lot.
        inside = next(chances).copy()
        near = inside.copy()
        for _ in range(parts - 1):
            inside += next(chances)
            near += inside
        near /= parts
        table[:, lot, rung:] += near.swapaxes(0, 1)
        inside -= near
        table[:, lot + 1, rung:] += inside.swapaxes(0, 1)
