"""The rooms of this project, joined: the one place that knows them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features.context import FeatureContext, build_context
from forecasting.blend.staircase import Stair
from forecasting.drift import Drift
from forecasting.elasticity.elasticity import learn_response
from forecasting.elasticity.params import ElasticityParams
from forecasting.life.life import LifeParams, life_stages
from forecasting.own_model import OwnModel, drift_of, predictor, staircase_of
from forecasting.params import ModelParams
from forecasting.watch.report import DriftReport
from pipelines.assemble import Situation, assemble
from pipelines.assemble.clearing import SlowStock, slow_stock_of
from pipelines.config import Config, load_config
from pipelines.config.as_of import check_as_of
from pipelines.ingest import TABLES, Ingested, read_tables
from pipelines.night.clearing import cleared
from pipelines.night.named_model import NamedModel
from pipelines.night.planning import Planning
from pipelines.publish.audit import audit
from pipelines.publish.watching import watched
from pipelines.publish.write import write_outputs
from pipelines.store.published import published_clearance, published_lines
from pipelines.store.snapshots import read_snapshots
from stockwright.demand_model import DemandModel, Predict
from stockwright.errors import DataError, FitError, StockwrightError, describe
from stockwright.forecast import Forecast
from stockwright.life import LifeStages
from stockwright.panel import DemandPanel
from stockwright.plan import Finding, Plan


class Engine:
    """What ``Rooms`` asks for, done by the rooms of this project.

    threads: of the fit; predictions run in blocks, each on one thread. No result depends on them.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._groups: tuple[DemandPanel, FeatureContext] | None = None
        self._on_hand: tuple[Forecast, SlowStock] | None = None

    def configure(self, path: Path | None, folder: Path | None, as_of: np.datetime64) -> Config:
        """The configuration of a run for a date. Raises ConfigError."""
        config = load_config(path, folder)
        check_as_of(as_of, config)
        return config

    def tables(self) -> frozenset[str]:
        """Names of the tables that are read."""
        return frozenset(TABLES)

    def read(self, source: str, config: Config, as_of: np.datetime64) -> Ingested:
        """Read the tables and hold them to the contract. Raises DataError."""
        return read_tables(source, config, as_of)

    def assemble(
        self,
        ingested: Ingested,
        config: Config,
        as_of: np.datetime64,
        nights: Sequence[Path],
        snapshots: Sequence[Path],
    ) -> Situation:
        """Tables to situation; the snapshots stand in for a stock history that was not given."""
        wanted = set(ingested.tables["plan_status"]["line_id"].astype(str))
        lines, cleared = published_lines(nights, wanted), published_clearance(nights, wanted)
        history = read_snapshots(snapshots) if snapshots else None
        return assemble(ingested, config, as_of, lines, history, cleared)

    def watch(
        self, situation: Situation, ingested: Ingested, config: Config, earlier: Sequence[Path]
    ) -> DriftReport:
        """Forecasts of earlier nights against the sales since, and the inputs of the model."""
        content = self.substitute(situation, config)

        def plain(origin: int, rows: NDArray[np.int64], steps: int) -> Forecast:
            past = situation.panel.until(origin)
            predict = replace(predictor(content, past, parts=False), horizon=steps)
            return predict(past.take(rows))

        return watched(situation, ingested.tables, config.drift, earlier, plain)

    def fit(self, situation: Situation, config: Config) -> bytes:
        """Fit the model that the configuration names, or ours. Raises FitError."""
        try:
            return self._model(situation, config).fit(situation.panel)
        except (ArithmeticError, ValueError) as error:
            raise FitError(f"the numbers of the fit went astray: {error}") from error

    def substitute(self, situation: Situation, config: Config) -> bytes:
        """Our level times season, with the spread that is usual: needs no fit."""
        return OwnModel(self._params(situation.panel, config)).substitute()

    def drift(
        self, content: bytes, fitted_on: np.datetime64, situation: Situation, config: Config
    ) -> Drift | None:
        """A stored model against what was sold since its fit; None where it is too young, or none
        of ours.

        Raises FitError where that cannot be told.
        """
        if NamedModel.of(content) is not None:
            return None
        panel = situation.panel
        days = int((situation.as_of - fitted_on) / np.timedelta64(1, "D"))
        try:
            return drift_of(content, panel, days // panel.calendar.days, self._threads)
        except (ArithmeticError, LookupError, ValueError, DataError) as error:
            raise FitError(f"the numbers of the check for drift went astray: {error}") from error

    def staircase(self, content: bytes) -> tuple[Stair, ...]:
        """What each rung of our model's forecast added on held-out origins."""
        return () if NamedModel.of(content) is not None else staircase_of(content)

    def predictor(self, content: bytes, panel: DemandPanel, parts: bool = True) -> Predict:
        """A function from any block of the panel's series to its forecast over the horizon.

        parts: tell what the mean is made of, where our model makes it.
        """
        named = NamedModel.of(content)
        if named is not None:
            return named.predictor(content, panel)
        predict = predictor(content, panel, parts)
        self._groups = (panel, predict.context.groups)
        return predict

    def plan(self, situation: Situation, forecast: Forecast, config: Config) -> Plan:
        """Decide what to order and what to move. Raises InfeasiblePlanError."""
        life, of_sku = self._life(situation.panel, config)
        plan = Planning.of(situation, forecast, config, life, of_sku).plan(situation.stock)
        if not config.clearance.use:
            return plan
        rules = ElasticityParams.for_period(config.period)
        response = learn_response(situation.panel, rules).response
        stock = slow_stock_of(situation, forecast, life, config)
        self._on_hand = (forecast, stock)
        return cleared(plan, situation, forecast, life, response, config, stock)

    def planning(self, situation: Situation, forecast: Forecast, config: Config) -> Planning:
        """What the plan is decided on but the stock; clearance is no part of it."""
        return Planning.of(situation, forecast, config, *self._life(situation.panel, config))

    def _life(self, panel: DemandPanel, config: Config) -> tuple[LifeStages, LifeStages]:
        """Stages of the series and of the SKUs, with the group knowledge of the forecast."""
        features = self._params(panel, config).features()
        groups = self._groups
        if groups is None or groups[0] is not panel:
            groups = (panel, build_context(panel, features))
        rules = LifeParams(silent_days=config.model.silent_days)
        return life_stages(panel, groups[1], features, rules)

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
        """Write the files of the plan into ``folder``."""
        # A plan that was taken from its checkpoint did not look at the stock.
        known = self._on_hand
        write_outputs(
            folder,
            situation,
            forecast,
            plan,
            ingested,
            config,
            situation.as_of,
            earlier[-1] if earlier else None,
            earlier,
            substitutes,
            stairs,
            known[1] if known is not None and known[0] is forecast else None,
        )

    def audit(self, folder: Path, situation: Situation) -> None:
        """Read the files back. Raises StockwrightError where they do not agree."""
        problems = audit(folder, situation)
        if problems:
            raise StockwrightError(
                describe(
                    "nothing was published, for the files of the run do not agree",
                    problems,
                    "report this defect with the log of the run",
                )
            )

    def _model(self, situation: Situation, config: Config) -> DemandModel:
        if config.model.use:
            return NamedModel(config.model.use, config.model.settings)
        return OwnModel(self._params(situation.panel, config), situation.past_overrides)

    def _params(self, panel: DemandPanel, config: Config) -> ModelParams:
        model = config.model
        return replace(
            ModelParams.for_period(config.period, panel.horizon),
            country=config.calendar.country,
            max_rows=model.max_rows,
            trees=model.trees,
            leaves=model.leaves,
            learning_rate=model.learning_rate,
            threads=self._threads,
            silent_days=model.silent_days,
            methods=tuple(model.methods),
        )
