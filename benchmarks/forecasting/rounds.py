"""What a benchmark case is made of: one round for each origin, and folders to keep it in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stockwright.panel import DemandPanel, Status, mix_hash

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Round:
    """A panel as it stood at an origin, and what came after.

    case: name of the case. label: of the origin, its last date (and the seed of a demo shop).
    panel: history up to the origin, covariates over the horizon. country: whose holidays count.
    spans: lengths of the sums, periods, from step 1. horizon: the longest of them.
    units: (series, horizon) demand that came. known: (series, horizon) whether it counts: the
    period was in stock as a whole. at_least: (series, horizon) ``units`` is a lower bound.
    recovered: (series, horizon) demand with stock-outs made good, NaN where that cannot be said.
    scored: (series,) which series count. true_mean: (series, horizon) mean that demand was drawn
    around, of a simulated shop only.
    """

    case: str
    label: str
    panel: DemandPanel
    country: str
    spans: tuple[int, ...]
    units: Floats
    known: Bools
    at_least: Bools
    recovered: Floats
    scored: Bools
    true_mean: Floats | None = None

    @property
    def horizon(self) -> int:
        """Steps to forecast."""
        return max(self.spans)

    def keys(self) -> NDArray[np.uint64]:
        """A stable key for each series, another one for another shop."""
        return self.panel.index.key_hash()

    def sample(self, series: int) -> Round:
        """The round with ``series`` of its scored series, always the same ones, nested."""
        order = np.argsort(mix_hash(self.keys()), kind="stable")
        order = order[self.scored[order]][:series]
        rows = np.sort(order)
        names = ("units", "known", "at_least", "recovered", "scored")
        kept = {name: getattr(self, name)[rows] for name in names}
        if self.true_mean is not None:
            kept["true_mean"] = self.true_mean[rows]
        return replace(self, panel=self.panel.take(rows), **kept)


def cut(panel: DemandPanel, origin: int, horizon: int) -> DemandPanel:
    """The panel at the close of ``origin`` with covariates over ``horizon`` periods only."""
    shown = panel.covariates
    names = ("price", "discount", "event", "phase")
    stop = origin + 1 + horizon
    covariates = replace(shown, **{name: getattr(shown, name)[:, :stop] for name in names})
    return replace(panel.until(origin), covariates=covariates)


def outcome(panel: DemandPanel, origin: int, horizon: int) -> tuple[Floats, Bools, Bools, Floats]:
    """Units, known, at_least and recovered demand of the periods after an origin."""
    from forecasting.recovered import recovered_demand

    cells = np.s_[:, origin + 1 : origin + 1 + horizon]
    status = panel.status[cells]
    found = recovered_demand(panel, cells)
    recovered = np.where(found[1], found[0], np.nan)
    units = panel.demand[cells].astype(np.float64)
    return units, status == Status.OBSERVED, status == Status.CENSORED, recovered


def aligned(panel: DemandPanel, whole: DemandPanel) -> NDArray[np.int64]:
    """Row of each series of ``panel`` in ``whole``, matched by names; -1 where it is missing."""
    names = zip(whole.index.sku_names(), whole.index.location_names(), strict=True)
    place = {key: i for i, key in enumerate(names)}
    asked = zip(panel.index.sku_names(), panel.index.location_names(), strict=True)
    return np.array([place.get(key, -1) for key in asked], np.int64)


def sources_hash(paths: Sequence[Path]) -> str:
    """Digest of files, to tell a kept folder from an outdated one."""
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(path.read_bytes())
    return found.hexdigest()[:12]
