"""A night and its scenarios: planned from the same tables, with all that can be shared shared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from pipelines.night.engine import Engine
from pipelines.night.events import Event, Observer
from pipelines.night.foresee import Foresight, said
from pipelines.night.layout import RunsFolder
from pipelines.night.lineup import Lineup, lineup_of, model_key
from pipelines.night.manifest import read_manifest
from pipelines.night.modeling import Fitted, recipe_of
from pipelines.store.champions import ChampionFolder
from pipelines.store.files import digest
from pipelines.store.models import StoredModel
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

    lineup: the versions in force, fitted: the model of each, the champion's first. raw: their
    forecast, before what planners, promises and ends of sale say; forecast: after it. source: SAME,
    PREDICTED or FITTED.
    """

    lineup: Lineup
    ingested: Ingested
    situation: Situation
    fitted: tuple[Fitted, ...]
    raw: Forecast
    forecast: Forecast
    plan: Plan
    source: str

    @property
    def config(self) -> Config:
        """The configuration of the champion."""
        return self.lineup.champion.config


@dataclass(frozen=True)
class Night:
    """The night of a date in a folder of runs: what it reads, and the night as it is."""

    engine: Engine
    workers: int
    observe: Observer
    runs: RunsFolder
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
        """Plan the night as it is, with the models it ran with where these are kept."""
        engine = Engine(workers)
        shop = engine.configure(config, None if "://" in source else Path(source), date)
        lineup = lineup_of(ChampionFolder(runs.champions), shop)
        observe(Event("started", "base"))
        settings = lineup.champion.config
        ingested = engine.read(source, settings, date)
        situation = seen(engine, runs, ingested, settings, date)
        fitted, known = _kept_models(engine, runs, situation, lineup), PREDICTED
        if fitted is None:
            fitted, known = _fit(engine, situation, lineup, observe), FITTED
        raw = _forecast(engine, situation, lineup, fitted, workers, observe)
        forecast = said(situation, raw)
        plan = engine.plan(situation, forecast, settings)
        base = Planned(lineup, ingested, situation, fitted, raw, forecast, plan, known)
        observe(Event("finished", "base"))
        return cls(engine, workers, observe, runs, base)

    def under(self, scenario: Scenario) -> Planned:
        """The night under a scenario: what a full run would plan on the changed inputs.

        Raises ConfigError for a scenario that does not fit the shop, InfeasiblePlanError.
        """
        base, engine = self.base, self.engine
        spent = float(base.plan.orders.value.sum())
        lineup = varied(base.lineup, lambda config: changed_config(config, scenario, spent))
        ingested = changed_tables(base.ingested, scenario)
        settings, date = lineup.champion.config, base.situation.as_of
        situation = demand_changed(seen(engine, self.runs, ingested, settings, date), scenario)
        fitted, raw, source = base.fitted, base.raw, SAME
        if not _same_models(lineup, base.lineup) or not same_past(situation, base.situation):
            fitted, source = _fit(engine, situation, lineup, self.observe), FITTED
        elif not same(situation.panel, base.situation.panel):
            source = PREDICTED
        if source != SAME:
            raw = _forecast(engine, situation, lineup, fitted, self.workers, self.observe)
        forecast = said(situation, raw)
        plan = engine.plan(situation, forecast, settings)
        return Planned(lineup, ingested, situation, fitted, raw, forecast, plan, source)


def varied(lineup: Lineup, change: Callable[[Config], Config]) -> Lineup:
    """The same versions with their configurations changed: a scenario goes before a champion."""
    champion, *others = (
        replace(one, config=change(one.config)) for one in (lineup.champion, *lineup.others)
    )
    return Lineup(champion, tuple(others))


def seen(
    engine: Engine, runs: RunsFolder, ingested: Ingested, config: Config, date: np.datetime64
) -> Situation:
    """The situation as the nightly run assembles and watches it."""
    nights = [runs.dated(one) for one in runs.dates_before(date)]
    snapshots = snapshots_before(runs.snapshots, date)
    situation = engine.assemble(ingested, config, date, nights, snapshots)
    watched = engine.watch(situation, ingested, config, runs.judged(date))
    return replace(situation, drift=watched)


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


def _same_models(one: Lineup, other: Lineup) -> bool:
    """Whether the same versions fit their models in the same way."""
    pairs = zip((one.champion, *one.others), (other.champion, *other.others), strict=True)
    return all(model_key(a.config) == model_key(b.config) for a, b in pairs)


def _kept_models(
    engine: Engine, runs: RunsFolder, situation: Situation, lineup: Lineup
) -> tuple[Fitted, ...] | None:
    """The models that the published night ran with; None where one of them is not kept."""
    folder = runs.published(situation.as_of)
    if folder is None:
        return None
    card = read_manifest(folder)["model"]
    cards = [each["model"] for each in card.get("champions", [])] or [card]
    versions = (lineup.champion, *lineup.others)
    # Other settings or other code, or other versions in force, have other recipes.
    if [each["recipe"] for each in cards] != [recipe_of(v.config)[:16] for v in versions]:
        return None
    found = []
    for each in cards:
        content = _content(runs, each["version"])
        if content is None or not _usable(engine, content, situation):
            return None
        date = np.datetime64(each["fitted_on"], "D")
        found.append(Fitted(StoredModel(date, each["recipe"], content), reused=True))
    return tuple(found)


def _content(runs: RunsFolder, version: str) -> bytes | None:
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


def _fit(
    engine: Engine, situation: Situation, lineup: Lineup, observe: Observer
) -> tuple[Fitted, ...]:
    """A model for each version; those that share one fit it once."""
    observe(Event("started", "fit"))
    made: dict[str, Fitted] = {}
    keys = [model_key(one.config) for one in (lineup.champion, *lineup.others)]
    for key, one in zip(keys, (lineup.champion, *lineup.others), strict=True):
        if key in made:
            continue
        fault = ""
        try:
            content = engine.fit(situation, one.config)
        except FitError as error:
            fault = str(error)
            observe(Event("warning", "fit", f"the fit failed, its substitute runs: {error}"))
            content = engine.substitute(situation, one.config)
        model = StoredModel(situation.as_of, recipe_of(one.config), content)
        made[key] = Fitted(model, fault=fault)
    observe(Event("finished", "fit"))
    return tuple(made[key] for key in keys)


def _forecast(
    engine: Engine,
    situation: Situation,
    lineup: Lineup,
    fitted: tuple[Fitted, ...],
    workers: int,
    observe: Observer,
) -> Forecast:
    foresight = Foresight(engine, lineup.champion.config, workers, observe)
    forecast, failed, _ = foresight.lineup(situation, lineup, fitted[0], fitted[1:])
    for finding in failed:
        observe(Event("warning", "forecast", str(finding.message["fault"])))
    return forecast
