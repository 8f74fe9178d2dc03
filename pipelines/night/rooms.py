"""The rooms that a night walks through, behind one interface."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from stockwright.forecast import Forecast
from stockwright.panel import DemandPanel
from stockwright.plan import Finding, Plan

if TYPE_CHECKING:
    from forecasting.blend.staircase import Stair
    from forecasting.drift import Drift
    from forecasting.watch.report import DriftReport
    from pipelines.assemble import Situation
    from pipelines.config import Config
    from pipelines.ingest.ingested import Ingested


class Rooms(Protocol):
    """What the composition needs of the rooms."""

    def configure(self, path: Path | None, folder: Path | None, as_of: np.datetime64) -> Config:
        """The configuration of a run for a date. Raises ConfigError."""

    def tables(self) -> frozenset[str]:
        """Names of the tables that are read."""

    def read(self, source: str, config: Config, as_of: np.datetime64) -> Ingested:
        """Read the tables and hold them to the contract. Raises DataError."""

    def assemble(
        self,
        ingested: Ingested,
        config: Config,
        as_of: np.datetime64,
        nights: Sequence[Path],
        snapshots: Sequence[Path],
    ) -> Situation:
        """Tables to situation.

        nights: run folders published for earlier dates, ascending. snapshots: stock at the close
        of earlier nights, ascending.
        """

    def watch(
        self, situation: Situation, ingested: Ingested, config: Config, earlier: Sequence[Path]
    ) -> DriftReport:
        """Forecasts of earlier nights against the sales since, and the inputs of the model.

        earlier: run folders published for earlier dates, ascending.
        """

    def fit(self, situation: Situation, config: Config) -> bytes:
        """Fit the model. Raises FitError."""

    def substitute(self, situation: Situation, config: Config) -> bytes:
        """The model that runs where the fit fails."""

    def drift(
        self, content: bytes, fitted_on: np.datetime64, situation: Situation, config: Config
    ) -> Drift | None:
        """A stored model against what was sold since its fit; None where it is too young.

        Raises FitError where that cannot be told.
        """

    def staircase(self, content: bytes) -> tuple[Stair, ...]:
        """What each rung of a model's forecast added on held-out origins."""

    def predictor(self, content: bytes, panel: DemandPanel) -> Callable[[DemandPanel], Forecast]:
        """A function from any block of the panel's series to its forecast over the horizon."""

    def plan(self, situation: Situation, forecast: Forecast, config: Config) -> Plan:
        """Decide what to order and what to move. Raises InfeasiblePlanError."""

    def write(
        self,
        folder: Path,
        ingested: Ingested,
        situation: Situation,
        forecast: Forecast,
        plan: Plan,
        config: Config,
        earlier: Sequence[Path],
        substitutes: Sequence[Finding],
        stairs: Sequence[Stair],
    ) -> None:
        """Write the files of the plan into ``folder``.

        earlier: run folders published for earlier dates, ascending, the last one at least.
        substitutes: steps that failed and for which something else ran. stairs: of the model.
        """

    def audit(self, folder: Path, situation: Situation) -> None:
        """Read the files back. Raises StockwrightError where they do not agree."""
