"""Challengers in the shadow: what each would have forecast and planned, beside the published plan.

It runs after the night is published and noted, and nothing of the plan depends on it: what fails
here is said and changes nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipelines.assemble.segments import segment_names
from pipelines.night.checkpoint import CheckpointFolder
from pipelines.night.evening import Evening
from pipelines.night.events import Event, Observer
from pipelines.night.inputs import shop_digest
from pipelines.night.layout import RunsFolder
from pipelines.night.lineup import Lineup, in_force, model_key
from pipelines.night.modeling import Fitted, fit_or_reuse
from pipelines.night.rooms import Rooms
from pipelines.night.steps import StepRunner
from pipelines.store.champions import ChampionFolder
from pipelines.store.files import written_whole
from pipelines.store.models import FolderModelStore
from pipelines.store.shadows import SOLD, WEEK, read_week, week_of, write_sold, write_week
from stockwright.forecast import Forecast
from stockwright.plan import Plan

if TYPE_CHECKING:
    from pipelines.assemble import Situation
    from pipelines.config import Config

MONEY, FORECASTS = "money.json", "forecasts.parquet"
_KEPT = (FORECASTS, "orders.csv", "transfers.csv", "clearance.csv")
_STEP, _STAGING = "shadow", ".staging"

#: Forecast of a situation by a model, with what was set from outside.
Foresee = Callable[["Situation", Fitted], Forecast]


@dataclass(frozen=True)
class Scene:
    """A published night, as its challengers see it.

    shop: the shop's own configuration. earlier: run folders published before, ascending.
    """

    runs: RunsFolder
    rooms: Rooms
    shop: Config
    lineup: Lineup
    evening: Evening
    earlier: Sequence[Path]
    assemble: Callable[[Config], Situation]
    foresee: Foresee
    observe: Observer

    @property
    def date(self) -> np.datetime64:
        """The night's date."""
        return self.evening.situation.as_of


def run_shadows(scene: Scene) -> None:
    """Plan the night as each challenger would have, and note what weeks of earlier shadows sold.

    Never raises: what goes wrong is told to the observer as a warning.
    """
    folder = ChampionFolder(scene.runs.champions)
    versions = _told(scene, folder)
    for version in versions:
        work = scene.runs.work(scene.date, f"shadow-{version}")
        try:
            _note_sold(scene, folder.shadow(version))
            _run_shadow(scene, folder, version, work)
        except KeyboardInterrupt:
            said = f"interrupted in the shadow of {version}; the plan is published"
            scene.observe(Event("warning", _STEP, said))
            return
        except Exception as error:
            said = f"the shadow of {version} failed, the plan is published: {error}"
            scene.observe(Event("warning", _STEP, said))
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _told(scene: Scene, folder: ChampionFolder) -> list[str]:
    """Challengers that have nights left, or had this one before."""
    try:
        told = folder.state().challengers
    except Exception as error:
        scene.observe(Event("warning", _STEP, f"no night in the shadow: {error}"))
        return []
    open_ones = []
    for one in told:
        done = folder.nights_of(one.version)
        left = len(done) < one.nights or str(scene.date) in done
        if left and one.version != scene.lineup.champion.version:
            open_ones.append(one.version)
    return open_ones


def _run_shadow(scene: Scene, folder: ChampionFolder, version: str, work: Path) -> None:
    began = time.perf_counter()
    scene.observe(Event("started", _STEP, version))
    variant = folder.version(version).variant
    config = in_force(folder, version, scene.shop).config
    evening = scene.evening
    situation = scene.assemble(config) if variant.beyond_forecast() else evening.situation
    fitted = _fitted(scene, situation, config, work)
    if fitted.fault:
        raise RuntimeError(f"its model could not be fitted: {fitted.fault}")
    forecast = scene.foresee(situation, fitted)
    plan = scene.rooms.plan(situation, forecast, config)
    staged = folder.shadow(version) / _STAGING
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    _write(scene, staged, situation, forecast, plan, config, fitted)
    _write_money(scene, staged, version)
    labels = segment_names(evening.situation.panel.index, evening.situation.catalog)
    if _same_series(forecast, evening.forecast):
        week = week_of(evening.forecast, forecast, labels, _periods(situation))
        write_week(staged, week)
    final = folder.shadow(version) / str(scene.date)
    shutil.rmtree(final, ignore_errors=True)
    os.rename(staged, final)
    scene.observe(
        Event("finished", _STEP, version, {"seconds": round(time.perf_counter() - began, 3)})
    )


def _fitted(scene: Scene, situation: Situation, config: Config, work: Path) -> Fitted:
    """Its model: that of a version in force, a stored one, or one fitted now and stored."""
    versions = (scene.lineup.champion, *scene.lineup.others)
    known = (scene.evening.fitted, *scene.evening.others)
    for one, fitted in zip(versions, known, strict=True):
        if model_key(one.config) == model_key(config):
            return fitted
    store = FolderModelStore(scene.runs.models)
    steps = StepRunner(CheckpointFolder(work), "shadow", lambda event: None)
    fitted = fit_or_reuse(steps, scene.rooms, store, situation, config, scene.observe, _STEP)
    if not (fitted.reused or fitted.fault):
        store.put(fitted.model)
    return fitted


def _write(
    scene: Scene,
    folder: Path,
    situation: Situation,
    forecast: Forecast,
    plan: Plan,
    config: Config,
    fitted: Fitted,
) -> None:
    """Write the files of the plan as the night would, and keep those that tell of it."""
    stairs = scene.rooms.staircase(fitted.model.content)
    ingested = scene.evening.ingested
    scene.rooms.write(
        folder, ingested, situation, forecast, plan, config, scene.earlier, (), stairs
    )
    figures = _figures(folder)
    for path in folder.iterdir():
        if path.name not in _KEPT:
            path.unlink()
    _write_json(folder / MONEY, figures)


def _write_money(scene: Scene, folder: Path, version: str) -> None:
    """``money.json``: the figures of both plans, each as its own forecast sees them."""
    challenger = json.loads((folder / MONEY).read_text("utf-8"))
    published = scene.runs.published(scene.date)
    champion = _figures(published) if published else {}
    head = {"date": str(scene.date), "version": version, "against": scene.lineup.champion.version}
    sides = {"champion": champion, "challenger": challenger}
    head |= {"lineup": scene.lineup.said, "shop": shop_digest(scene.shop.model_dump(mode="json"))}
    days = scene.evening.situation.panel.calendar.days
    _write_json(folder / MONEY, head | {"days": days} | sides)


def _figures(folder: Path) -> dict[str, Any]:
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    kpis = {name: one["value"] for name, one in summary.get("kpis", {}).items()}
    risks = {f"money_at_risk_of_{name}": _at_risk(folder / f"{name}.csv") for name in ("orders",)}
    return kpis | {name: value for name, value in risks.items() if value is not None}


def _at_risk(path: Path) -> float | None:
    """Money that the lines of a file are expected to save from being lost."""
    lines = pd.read_csv(path, encoding="utf-8-sig", usecols=lambda name: name == "money_at_risk")
    return float(lines["money_at_risk"].sum()) if "money_at_risk" in lines else None


def _note_sold(scene: Scene, shadow: Path) -> None:
    """Write what each week that is over sold, and let go of the forecast that it was in."""
    panel = scene.evening.situation.panel
    for night in sorted(shadow.glob("????-??-??")):
        if (night / SOLD).is_file() or not (night / WEEK).is_file():
            continue
        date = np.datetime64(night.name, "D")
        first = int(panel.calendar.index_of(np.array([date]))[0]) + 1
        last = first + read_week(night).champion.horizon - 1
        if first > 0 and last < panel.n_periods:
            write_sold(night, panel, scene.evening.situation.sold, first, last)
            (night / FORECASTS).unlink(missing_ok=True)


def _periods(situation: Situation) -> int:
    """Periods of the week that is scored."""
    return max(7 // situation.panel.calendar.days, 1)


def _same_series(one: Forecast, other: Forecast) -> bool:
    return (
        one.origin == other.origin
        and one.index.skus == other.index.skus
        and one.index.locations == other.index.locations
        and np.array_equal(one.index.sku, other.index.sku)
        and np.array_equal(one.index.location, other.index.location)
    )


def _write_json(path: Path, content: dict[str, Any]) -> None:
    with written_whole(path) as file:
        file.write(f"{json.dumps(content, ensure_ascii=False, indent=1)}\n".encode())
