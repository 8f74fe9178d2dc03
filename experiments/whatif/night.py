"""A night and its scenarios: planned from the same tables, with all that can be shared shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.whatif.changes import changed_config, changed_tables, demand_changed
from experiments.whatif.scenario import Scenario
from pipelines.assemble import Situation
from pipelines.config import Config
from pipelines.ingest import Ingested
from pipelines.night.blocks import BlockRun, forecast_in_blocks
from pipelines.night.engine import Engine
from pipelines.night.events import Event, Observer
from pipelines.night.layout import RunsFolder
from pipelines.night.manifest import read_manifest
from pipelines.store.files import digest
from pipelines.store.snapshots import snapshots_before
from stockwright.errors import FitError
from stockwright.forecast import Forecast
from stockwright.panel import Covariates
from stockwright.plan import Plan

#: How the forecast of a scenario was come by.
SAME, PREDICTED, FITTED = "the night's forecast", "the night's model", "a model fitted anew"


@dataclass(frozen=True)
class Planned:
    """A night planned under a scenario, or as it is.

    content: the model as bytes. raw: its forecast, before what planners, promises and ends of sale
    say; forecast: after it. source: SAME, PREDICTED or FITTED.
    """

    config: Config
    ingested: Ingested
    situation: Situation
    content: bytes
    raw: Forecast
    forecast: Forecast
    plan: Plan
    source: str


@dataclass(frozen=True)
class Night:
    """The night of a date in a folder of runs: what it reads, and the night as it is.

    nights, snapshots: of earlier dates, as the nightly run finds them.
    """

    engine: Engine
    workers: int
    observe: Observer
    nights: tuple[Path, ...]
    snapshots: tuple[Path, ...]
    base: Planned

    @classmethod
    def open(
        cls,
        source: str,
        date: np.datetime64,
        runs: RunsFolder,
        config: Path | None,
        workers: int,
        observe: Observer,
    ) -> Night:
        """Plan the night as it is, with the model it ran with where that is kept."""
        engine = Engine(workers)
        settings = engine.configure(config, None if "://" in source else Path(source), date)
        observe(Event("started", "base"))
        ingested = engine.read(source, settings, date)
        nights = tuple(runs.dated(one) for one in runs.dates_before(date))
        snapshots = tuple(snapshots_before(runs.snapshots, date))
        situation = engine.assemble(ingested, settings, date, nights, snapshots)
        content, known = _model_of(runs, date), PREDICTED
        if content is None or not _usable(engine, content, situation):
            content, known = _fit(engine, situation, settings, observe), FITTED
        raw = _forecast(engine, content, situation, settings, workers, observe)
        forecast = said(situation, raw)
        plan = engine.plan(situation, forecast, settings)
        base = Planned(settings, ingested, situation, content, raw, forecast, plan, known)
        observe(Event("finished", "base"))
        return cls(engine, workers, observe, nights, snapshots, base)

    def under(self, scenario: Scenario) -> Planned:
        """The night under a scenario: what a full run would plan on the changed inputs.

        Raises ConfigError for a scenario that does not fit the shop, InfeasiblePlanError.
        """
        base, engine = self.base, self.engine
        spent = float(base.plan.orders.value.sum())
        config = changed_config(base.config, scenario, spent)
        ingested = changed_tables(base.ingested, scenario)
        date = base.situation.as_of
        situation = engine.assemble(ingested, config, date, self.nights, self.snapshots)
        situation = demand_changed(situation, scenario)
        content, raw, source = base.content, base.raw, SAME
        if not _same_settings(config, base.config) or not same_past(situation, base.situation):
            content = _fit(engine, situation, config, self.observe)
            source = FITTED
        elif not same(situation.panel, base.situation.panel):
            source = PREDICTED
        if source != SAME:
            raw = _forecast(engine, content, situation, config, self.workers, self.observe)
        forecast = said(situation, raw)
        plan = engine.plan(situation, forecast, config)
        return Planned(config, ingested, situation, content, raw, forecast, plan, source)


def said(situation: Situation, forecast: Forecast) -> Forecast:
    """The forecast with what is known better: the shop's own, promises, overrides, ends of sale."""
    told = situation.given.on(situation.commitments.on(forecast))
    told = situation.overrides.on(told)
    return told.until(situation.network.items.ends - situation.panel.origin)


def same_past(one: Situation, other: Situation) -> bool:
    """Whether a model is fitted to the same: the history of both, and how far they look ahead."""
    first, second = one.panel, other.panel
    if first.horizon != second.horizon:
        return False
    past = (first.until(first.origin), second.until(second.origin))
    shown = [replace(p, covariates=_known(p.covariates, p.origin + 1)) for p in past]
    return same(*shown) and same(one.past_overrides, other.past_overrides)


def _known(covariates: Covariates, periods: int) -> Covariates:
    """Covariates of the first ``periods`` with those of the last of them ever after."""
    shown: dict[str, Any] = {}
    for each in fields(covariates):
        value = getattr(covariates, each.name)
        if isinstance(value, np.ndarray):
            rest = np.repeat(value[:, periods - 1 : periods], value.shape[1] - periods, axis=1)
            shown[each.name] = np.concatenate([value[:, :periods], rest], axis=1)
    return replace(covariates, **shown)


def same(one: Any, other: Any) -> bool:
    """Whether two values, data of any depth, hold the same."""
    if isinstance(one, np.ndarray):
        floats = one.dtype.kind == "f"
        alike = one.dtype == np.asarray(other).dtype and one.shape == np.shape(other)
        return bool(alike and np.array_equal(one, other, equal_nan=floats))
    if isinstance(one, pd.DataFrame):
        return bool(one.equals(other))
    if is_dataclass(one):
        names = [each.name for each in fields(one)]
        alike = type(one) is type(other)
        return alike and all(same(getattr(one, n), getattr(other, n)) for n in names)
    if isinstance(one, Mapping):
        return {*one} == {*other} and all(same(one[name], other[name]) for name in one)
    return bool(one == other)


def _same_settings(one: Config, other: Config) -> bool:
    """Whether a model is fitted in the same way."""
    names = {"model", "calendar", "seed", "period"}
    return one.model_dump(include=names) == other.model_dump(include=names)


def _model_of(runs: RunsFolder, date: np.datetime64) -> bytes | None:
    """The model that the published night of a date ran with, None where it is not kept."""
    folder = runs.published(date)
    if folder is None:
        return None
    version = read_manifest(folder)["model"]["version"]
    for path in sorted(runs.models.glob("*/model.bin"), reverse=True):
        content = path.read_bytes()
        if digest(content)[:16] == version:
            return content
    return None


def _usable(engine: Engine, content: bytes, situation: Situation) -> bool:
    try:
        engine.predictor(content, situation.panel)
    except (ArithmeticError, LookupError, ValueError):
        return False
    return True


def _fit(engine: Engine, situation: Situation, config: Config, observe: Observer) -> bytes:
    observe(Event("started", "fit"))
    try:
        content = engine.fit(situation, config)
    except FitError as error:
        observe(Event("warning", "fit", f"the fit failed, its substitute runs: {error}"))
        content = engine.substitute(situation, config)
    observe(Event("finished", "fit"))
    return content


def _forecast(
    engine: Engine,
    content: bytes,
    situation: Situation,
    config: Config,
    workers: int,
    observe: Observer,
) -> Forecast:
    panel = situation.panel
    run = BlockRun(config.block_size, workers, config.gates.failed_series_share)
    predict = engine.predictor(content, panel)
    forecast, failed = forecast_in_blocks(predict, panel, panel.horizon, run, observe)
    for finding in failed:
        observe(Event("warning", "forecast", str(finding.message["fault"])))
    return forecast


def judged(runs: RunsFolder, date: np.datetime64) -> Sequence[Path]:
    """Folders of the earlier nights that a night is held against, as the nightly run has them."""
    earlier = runs.dates_before(date)
    recent = [one for one in earlier if one >= date - np.timedelta64(56, "D")]
    return [runs.dated(one).resolve() for one in recent or earlier[-1:]]
