"""How much a product sells by what it is: multiplicative effects of its attributes, shrunk.

Credibility theory for ratios (Buehlmann & Straub 1970), one attribute after the other, swept until
they agree: the effect of a value is the mean ratio of units to what all else lets expect, shrunk
to 1 by the variance within over the variance between values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_SWEEPS = 4
_LEAST_RATIO, _MOST_RATIO = 0.05, 20.0
# A hit tells no more of its attributes than a product that sells so many times what is expected.
_MOST_TOLD = 4.0


@dataclass(frozen=True)
class Evidence:
    """Rows to learn from, (rows,) each.

    units: sold. exposure: what a product of level 1 would have sold. weight: of the row.
    kind: 0 for a launch, 1 for a grown-up product. codes: by attribute, -1 for unknown.
    """

    units: Floats
    exposure: Floats
    weight: Floats
    kind: Ints
    codes: Mapping[str, Ints]


@dataclass(frozen=True)
class Effects:
    """Level of a launch, and of each attribute a table (codes + 1,) of factors, last row 1."""

    level: Floats
    tables: Mapping[str, Floats]

    def expected(self, codes: Mapping[str, Ints], rows: int) -> Floats:
        """Level that the attributes let a launch expect, (rows,), units per period."""
        out = np.full(rows, self.level[0])
        for name, table in self.tables.items():
            known = codes[name]
            inside = np.where((known >= 0) & (known < len(table) - 1), known, -1)
            out *= table[inside]
        return out


def learn_effects(evidence: Evidence, variance: float, dispersion: float) -> tuple[Effects, Floats]:
    """The effects, and the expected level of each row had it not been there itself, (rows,).

    variance: relative, of levels around their expectation; dispersion: variance over mean of
    counts. Both only weigh the rows.
    """
    names = list(evidence.codes)
    level = _levels(evidence, np.ones(len(evidence.units)))
    factor = {name: np.ones(len(evidence.units)) for name in names}
    alone = {name: np.ones(len(evidence.units)) for name in names}
    tables: dict[str, Floats] = {}
    for _ in range(_SWEEPS):
        for name in names:
            others = _product(factor, name) * level[evidence.kind]
            mean = others * evidence.exposure
            trust = evidence.weight / (variance + dispersion / np.maximum(mean, 1e-9))
            tables[name], alone[name] = _shrunk(evidence, name, mean, trust * variance)
            factor[name] = tables[name][evidence.codes[name]]
        level = _levels(evidence, _product(factor, ""))
    return Effects(level, tables), _product(alone, "") * level[evidence.kind]


def _product(factor: Mapping[str, Floats], without: str) -> Floats:
    kept = [values for name, values in factor.items() if name != without]
    return np.asarray(np.prod(kept, axis=0) if kept else 1.0, np.float64)


def _levels(evidence: Evidence, factor: Floats) -> Floats:
    """Units over exposure times factor of launches and of grown-up products, (2,)."""
    # A row counts for at most what a launch of the usual size does, so that no hit rules.
    mean = evidence.exposure * factor
    weight = evidence.weight / np.maximum(mean, 1e-9) * (mean > 0)
    weight *= mean / (mean + np.median(mean[mean > 0]) if (mean > 0).any() else 1.0)
    units = np.bincount(evidence.kind, weight * evidence.units, minlength=2)
    seen = np.bincount(evidence.kind, weight * mean, minlength=2)
    level = np.full(2, 1e-9)
    np.divide(units, seen, out=level, where=(seen > 0) & (units > 0))
    return level


def _shrunk(evidence: Evidence, name: str, mean: Floats, trust: Floats) -> tuple[Floats, Floats]:
    """Table of factors, and each row's factor without the row itself."""
    codes, some = evidence.codes[name], mean > 0
    rows = int(codes.max(initial=-1)) + 2
    place: Ints = np.asarray(codes % rows, np.int64)
    ratio = np.divide(evidence.units, mean, out=np.ones_like(mean), where=some)
    ratio = np.minimum(ratio, _MOST_TOLD)
    weight = np.where(some & (codes >= 0), trust, 0.0)
    total = np.bincount(place, weight, rows)
    sums = np.bincount(place, weight * ratio, rows)
    own = np.divide(sums, total, out=np.ones(rows), where=total > 0)
    strength = _strength(place, ratio, weight, own, np.asarray(total, np.float64))
    if not np.isfinite(strength):
        return np.ones(rows), np.ones(len(codes))
    table = np.clip((sums + strength) / (total + strength), _LEAST_RATIO, _MOST_RATIO)
    table[-1] = 1.0
    left = np.maximum(total[place] - weight, 0.0)
    rest = (sums[place] - weight * ratio + strength) / (left + strength)
    rest = np.clip(rest, _LEAST_RATIO, _MOST_RATIO)
    return table, np.where(codes >= 0, rest, 1.0)


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
