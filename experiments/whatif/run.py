"""``stockwright whatif``: scenarios, rehearsals and the trade-off curve of one night, on record."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.claim import claimed
from experiments.record import Record, Segment, folder_of, is_done
from experiments.shop import Shop
from experiments.whatif.curve import Point, trade_off
from experiments.whatif.figures import Figures, figures_of
from experiments.whatif.night import Night, Planned, varied
from experiments.whatif.rehearsal import Rehearsed, rehearse
from experiments.whatif.report import write_report
from experiments.whatif.scenario import Scenario
from pipelines.config import Config
from pipelines.night.code_version import code_version
from pipelines.night.events import Event, Observer
from pipelines.night.layout import RunsFolder, link_target
from pipelines.store.champions import ChampionFolder
from stockwright.errors import ConfigError

BASE = "base"
_LINE = ["kind", "sku", "destination", "source"]


@dataclass(frozen=True)
class WhatIfRequest:
    """One call. source, config: as ``nightly`` takes them. date: of the night. runs: folder of
    runs. rehearsal: also the extremes. curve: also service against stock. force: anew although
    the same was asked before.
    """

    source: str
    date: np.datetime64
    runs: Path
    scenarios: tuple[Scenario, ...] = ()
    config: Path | None = None
    rehearsal: bool = False
    curve: bool = False
    workers: int = 2
    force: bool = False

    def __post_init__(self) -> None:
        names = [scenario.name for scenario in self.scenarios]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice or BASE in names:
            raise ConfigError(
                f"scenarios need names of their own, not {', '.join(twice) or BASE}; "
                "change name in their files"
            )
        if not (names or self.rehearsal or self.curve):
            raise ConfigError("nothing is asked: name a scenario, or give --rehearse or --curve")


@dataclass(frozen=True)
class Answer:
    """What came of a call. scenarios: figures of each by name, ``base`` first; how: how each came
    by its forecast.
    """

    date: str
    scenarios: dict[str, Figures]
    how: dict[str, str]
    rehearsed: tuple[Rehearsed, ...] = ()
    curve: tuple[Point, ...] = ()


def run_whatif(request: WhatIfRequest, observe: Observer) -> Path:
    """Plan the scenarios of a night and write them down; returns the folder.

    Raises ConfigError, DataError, InfeasiblePlanError; then nothing is kept. LockedError where
    another process works at the same.
    """
    shop = Shop.open(request.source, request.config)
    folder = folder_of(request.runs, "whatif", str(request.date), _key(request, shop))
    with claimed(folder):
        return _ended(request, shop, folder, observe)


def _ended(request: WhatIfRequest, shop: Shop, folder: Path, observe: Observer) -> Path:
    if is_done(folder) and not request.force:
        observe(Event("run", message="asked before; unchanged"))
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        answer = _answer(request, folder, observe)
        shop.check_unchanged()
        _write(request, shop, answer, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _key(request: WhatIfRequest, shop: Shop) -> str:
    """Digest of all that decides the answer."""
    runs = RunsFolder(request.runs)
    dates = [*runs.dates_before(request.date), request.date]
    nights = [f"{date} {link_target(runs.dated(date))}" for date in dates]
    nights.append(ChampionFolder(runs.champions).state().standing.model_dump_json())
    asked = [scenario.text() for scenario in request.scenarios]
    asked += [f"rehearsal {request.rehearsal}", f"curve {request.curve}", str(request.date)]
    return shop.key(*asked, *nights)


def _answer(request: WhatIfRequest, folder: Path, observe: Observer) -> Answer:
    runs = RunsFolder(request.runs)
    night = Night.open(request.source, request.date, runs, request.config, request.workers, observe)
    figures, how = {BASE: figures_of(night.base, night.base)}, {BASE: night.base.source}
    for scenario in request.scenarios:
        observe(Event("started", scenario.name))
        planned = night.under(scenario)
        figures[scenario.name], how[scenario.name] = figures_of(planned, night.base), planned.source
        write_plan(folder / scenario.name, planned, night)
        _changed_lines(night.base, planned).to_csv(
            folder / f"{scenario.name}-lines.csv", index=False, encoding="utf-8-sig"
        )
        observe(Event("finished", scenario.name))
    rehearsed: tuple[Rehearsed, ...] = ()
    if request.rehearsal:
        observe(Event("started", "rehearsal"))
        rehearsed = tuple(rehearse(without_clearance(night)))
        observe(Event("finished", "rehearsal"))
    curve = tuple(trade_off(night.base)) if request.curve else ()
    return Answer(str(request.date), figures, how, rehearsed, curve)


def write_plan(folder: Path, planned: Planned, night: Night) -> None:
    """Write the files of a scenario's plan, as ``nightly`` writes them but for the manifest."""
    earlier = night.runs.judged(planned.situation.as_of)
    stairs = night.engine.staircase(planned.fitted[0].model.content)
    night.engine.write(
        folder, planned.ingested, planned.situation, planned.forecast, planned.plan,
        planned.config, earlier, (), stairs,
    )  # fmt: skip
    night.engine.audit(folder, planned.situation)


def without_clearance(night: Night) -> Night:
    """The night planned without clearing: rehearsals look at orders and transfers alone."""
    base = night.base
    if not base.config.clearance.use:
        return night
    lineup = varied(base.lineup, _unclearing)
    plan = night.engine.plan(base.situation, base.forecast, lineup.champion.config)
    return replace(night, base=replace(base, lineup=lineup, plan=plan))


def _unclearing(config: Config) -> Config:
    off = config.clearance.model_copy(update={"use": False})
    return config.model_copy(update={"clearance": off})


def _changed_lines(base: Planned, planned: Planned) -> pd.DataFrame:
    """Lines that differ: what the base plan and the scenario order and move, by key and source."""
    before = _lines(base).rename(columns={"units": "base_units"})
    found = before.merge(_lines(planned), on=_LINE, how="outer")
    found = found.fillna({"base_units": 0.0, "units": 0.0})
    found["change"] = found["units"] - found["base_units"]
    return found[found["change"] != 0].sort_values(_LINE).reset_index(drop=True)


def _lines(planned: Planned) -> pd.DataFrame:
    index, sources = planned.situation.panel.index, planned.situation.lane_sources()
    parts = []
    for kind, lines in (("order", planned.plan.orders), ("transfer", planned.plan.transfers)):
        parts.append(
            pd.DataFrame(
                {
                    "kind": kind,
                    "sku": index.sku_names()[lines.series],
                    "destination": index.location_names()[lines.series],
                    "source": sources[lines.lane],
                    "units": lines.units,
                }
            )
        )
    whole = pd.concat(parts, ignore_index=True)
    return whole.groupby(_LINE, as_index=False)["units"].sum()


def _write(request: WhatIfRequest, shop: Shop, answer: Answer, folder: Path) -> None:
    rows = [
        {"scenario": name, "figure": figure, "value": value}
        for name, figures in answer.scenarios.items()
        for figure, value in figures.values.items()
    ]
    pd.DataFrame(rows).to_parquet(folder / "figures.parquet", index=False)
    if answer.curve:
        pd.DataFrame([vars(point) for point in answer.curve]).to_parquet(
            folder / "curve.parquet", index=False
        )
    write_report(folder, answer)
    segments = [
        Segment(name, figures.values, {"forecast": answer.how[name]})
        for name, figures in answer.scenarios.items()
    ]
    segments += [
        Segment(each.step, each.figures.values, {"first_to_break": each.first, "at": each.at})
        for each in answer.rehearsed
    ]
    Record(
        kind="whatif",
        name=answer.date,
        params={"date": answer.date, "scenarios": len(request.scenarios)},
        metrics=answer.scenarios[BASE].values,
        tags={"inputs": shop.inputs, "code": code_version()},
        segments=tuple(segments),
    ).write(folder)
