"""How much a product sells by what it is: multiplicative effects of its attributes, shrunk.

Credibility theory for ratios (Buehlmann & Straub 1970), one attribute after the other, swept until
they agree: the effect of a value is the mean ratio of units to what all else lets expect, over
what is usual, shrunk to 1 by the variance within over the variance between values. Grown-up
products say what is to be expected of a launch; launches correct that where they tell otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_SWEEPS = 4
_LEAST_RATIO, _MOST_RATIO = 0.05, 20.0
#: A hit tells no more of its attributes than a product that sells so many times what is expected.
MOST_TOLD = 4.0


@dataclass(frozen=True)
class Evidence:
    """Rows to learn from, (rows,) each.

    units: sold. exposure: what a product of level 1 would have sold. kind: 0 for a launch, 1 for a
    grown-up product. codes: by attribute, -1 for unknown.
    """

    units: Floats
    exposure: Floats
    kind: Ints
    codes: Mapping[str, Ints]

    def take(self, rows: Ints) -> Evidence:
        """Some of the rows."""
        codes = {name: values[rows] for name, values in self.codes.items()}
        return Evidence(self.units[rows], self.exposure[rows], self.kind[rows], codes)


@dataclass(frozen=True)
class Effects:
    """Usual level of a launch, and of each attribute a table (codes + 2,) of factors.

    The last row but one is that of products whose value is unknown, which tells something too; the
    last is of values that were never seen: 1.
    """

    level: float
    tables: Mapping[str, Floats]

    def factor(self, codes: Mapping[str, Ints], rows: int) -> Floats:
        """What the attributes make of the usual level, (rows,)."""
        out = np.ones(rows)
        for name, table in self.tables.items():
            out *= table[_place(codes[name], len(table))]
        return out

    def expected(self, codes: Mapping[str, Ints], rows: int) -> Floats:
        """Level that the attributes let a launch expect, (rows,), units per period."""
        return self.level * self.factor(codes, rows)


def _place(codes: Ints, rows: int) -> Ints:
    """Row of each code in a table with so many rows."""
    return np.asarray(np.where(codes < 0, rows - 2, np.minimum(codes, rows - 1)), np.int64)


def learn_effects(evidence: Evidence, variance: float, dispersion: float) -> tuple[Effects, Floats]:
    """The effects, and the expected level of each launch had it not been there itself.

    variance: relative, of levels around their expectation; dispersion: variance over mean of
    counts. Both only weigh the rows. Second result: (rows of kind 0,).
    """
    sizes = {name: int(codes.max(initial=-1)) + 3 for name, codes in evidence.codes.items()}
    known = (sizes, variance, dispersion)
    grown, _ = _swept(evidence.take(np.flatnonzero(evidence.kind == 1)), *known)
    launched = evidence.take(np.flatnonzero(evidence.kind == 0))
    before = grown.factor(launched.codes, len(launched.units))
    own, alone = _swept(replace(launched, exposure=launched.exposure * before), *known)
    tables = {name: own.tables[name] * grown.tables[name] for name in sizes}
    return Effects(own.level, tables), alone * before


def _swept(
    evidence: Evidence, sizes: Mapping[str, int], variance: float, dispersion: float
) -> tuple[Effects, Floats]:
    """Effects of rows of one kind, and each row's expected level without the row itself."""
    names, rows = list(evidence.codes), len(evidence.units)
    level = _level(evidence, np.ones(rows))
    factor = {name: np.ones(rows) for name in names}
    alone = {name: np.ones(rows) for name in names}
    tables = {name: np.ones(sizes[name]) for name in names}
    for _ in range(_SWEEPS):
        for name in names:
            mean = _product(factor, name, rows) * level * evidence.exposure
            trust = trust_of(mean, variance, dispersion)
            place = _place(evidence.codes[name], sizes[name])
            ratio = usual_ratio(evidence.units, mean, trust)
            tables[name], alone[name] = _shrunk(ratio, place, trust, sizes[name])
            factor[name] = tables[name][place]
        level = _level(evidence, _product(factor, "", rows))
    return Effects(level, tables), _product(alone, "", rows) * level


def trust_of(mean: Floats, variance: float, dispersion: float) -> Floats:
    """Weight of a ratio: 1 where nothing but the level of the product scatters, 0 unseen."""
    trust = variance / (variance + dispersion / np.maximum(mean, 1e-9))
    return np.asarray(np.where(mean > 0, trust, 0.0), np.float64)


def usual_ratio(units: Floats, mean: Floats, trust: Floats) -> Floats:
    """Units over their mean, hits cut off, over what is usual, (rows,)."""
    ratio = np.divide(units, mean, out=np.ones_like(mean), where=mean > 0)
    ratio = np.minimum(ratio, MOST_TOLD)
    usual, whole = float(trust @ ratio), float(trust.sum())
    return np.asarray(ratio * (whole / usual) if usual > 0 else ratio, np.float64)


def _product(factor: Mapping[str, Floats], without: str, rows: int) -> Floats:
    kept = [values for name, values in factor.items() if name != without]
    return np.asarray(np.prod(kept, axis=0) if kept else np.ones(rows), np.float64)


def _level(evidence: Evidence, factor: Floats) -> float:
    """Mean ratio of units to exposure times factor."""
    # A row counts for at most what a product of the usual size does, so that no hit rules.
    mean = evidence.exposure * factor
    some = mean > 0
    if not evidence.units[some].any():
        return 1e-9
    weight = 1.0 / (mean[some] + np.median(mean[some]))
    return float(weight @ evidence.units[some] / (weight @ mean[some]))


def _shrunk(ratio: Floats, place: Ints, trust: Floats, size: int) -> tuple[Floats, Floats]:
    """Table of factors, and each row's factor without the row itself."""
    total = np.bincount(place, trust, size)
    sums = np.bincount(place, trust * ratio, size)
    own = np.divide(sums, total, out=np.ones(size), where=total > 0)
    strength = _strength(place, ratio, trust, own, np.asarray(total, np.float64))
    if not np.isfinite(strength):
        return np.ones(size), np.ones(len(ratio))
    table = np.clip((sums + strength) / (total + strength), _LEAST_RATIO, _MOST_RATIO)
    left = np.maximum(total[place] - trust, 0.0)
    rest = (sums[place] - trust * ratio + strength) / (left + strength)
    return table, np.clip(rest, _LEAST_RATIO, _MOST_RATIO)


def _strength(codes: Ints, ratio: Floats, weight: Floats, own: Floats, total: Floats) -> float:
    """Variance within over between values; infinite where values do not differ beyond chance.

    Buehlmann & Straub's estimators.
    """
    groups, whole = int((total > 0).sum()), float(total.sum())
    counted = int((weight > 0).sum())
    if groups < 2 or counted <= groups:
        return float("inf")
    within = float((weight * (ratio - own[codes]) ** 2).sum()) / (counted - groups)
    middle = float((weight * ratio).sum()) / whole
    spread = float((total * (own - middle) ** 2).sum()) - (groups - 1) * within
    between = spread / (whole - float((total**2).sum()) / whole)
    return within / between if between > 0 and within > 0 else float("inf")
