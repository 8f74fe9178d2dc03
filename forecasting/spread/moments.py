"""What the own history of a series says of how its demand scatters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.params import FeatureParams
from features.signal import exposure_of
from stockwright.panel import DemandPanel
from stockwright.scatter import lattice_step

Floats = NDArray[np.float64]
# Lattice steps of demand after which a series' own dispersion weighs as much as a Poisson's.
_PRIOR_UNITS = 8.0


@dataclass(frozen=True)
class Moments:
    """Of the last ``long`` periods that could be seen, (series,) each.

    quantum: the lattice on which the demand lives, units. dispersion: variance over mean in
    lattice steps, shrunk to 1. selling: share of the seen periods with a sale, shrunk to a half.
    """

    quantum: Floats
    dispersion: Floats
    selling: Floats

    def take(self, rows: NDArray[Any] | slice) -> Moments:
        """Moments of some of the series."""
        return Moments(self.quantum[rows], self.dispersion[rows], self.selling[rows])

    @staticmethod
    def joined(parts: Sequence[Moments]) -> Moments:
        """The series of several parts one after the other."""
        names = ("quantum", "dispersion", "selling")
        return Moments(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))


def history_moments(panel: DemandPanel, params: FeatureParams) -> Moments:
    """Moments of every series at the panel's origin."""
    recent = slice(max(panel.n_periods - params.long, 0), None)
    units = panel.demand[:, recent]
    seen = exposure_of(panel.status[:, recent], panel.in_stock[:, recent], 0.5) > 0
    quantum = lattice_step(units)
    steps = np.where(seen, units, 0.0) / quantum[:, None]
    count = seen.sum(axis=1).astype(np.float64)
    total, square = steps.sum(axis=1), (steps**2).sum(axis=1)
    around = np.maximum(square - total**2 / np.maximum(count, 1.0), 0.0)
    sold = ((steps > 0) & seen).sum(axis=1)
    return Moments(
        quantum=quantum,
        dispersion=(around + _PRIOR_UNITS) / (total + _PRIOR_UNITS),
        selling=(sold + 0.5) / (count + 1.0),
    )
