"""``run_study``: variants through the rungs, and the folder that tells of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.backtest.asked import check_periods
from experiments.claim import claimed
from experiments.record import Record, Segment, folder_of, is_done, read_record
from experiments.shop import Shop
from experiments.studies.evaluate import Evaluator, clear
from experiments.studies.halving import Course, halve
from experiments.studies.plan import Study
from experiments.studies.plots import draw_study
from experiments.studies.report import write_report
from experiments.studies.table import DROPPED, NOT_RUN, rungs_table, variants_table
from pipelines.night.code_version import code_version
from pipelines.night.events import Event, Observer
from pipelines.store.files import written_whole
from stockwright import __version__

_STEP, _WORK = "study", "work"


@dataclass(frozen=True)
class StudyRequest:
    """data, config: as ``nightly`` takes them. runs: folder of runs. workers: processes. force:
    do it again though it was done.
    """

    study: Study
    data: str
    runs: Path
    config: Path | None = None
    workers: int = 1
    force: bool = False


def run_study(request: StudyRequest, observe: Observer) -> Path:
    """The folder of the study, whether it was done before, is taken up or is done now.

    A study whose time was over is gone on with by the same request, with any budget. Raises
    ConfigError and DataError as replays and backtests do, before anything is run for a variant
    that does not fit the configuration; LockedError where another process works at the same.
    """
    study, shop = request.study, Shop.open(request.data, request.config)
    configs = {variant.name: variant.of(shop.config) for variant in study.variants}
    if study.backtest is not None:
        check_periods(shop.config.period, shop.config.horizon_periods(), configs)
    folder = study_folder(request.runs, study, shop)
    with claimed(folder):
        return _ended(request, shop, folder, observe)


def _ended(request: StudyRequest, shop: Shop, folder: Path, observe: Observer) -> Path:
    study = request.study
    work = folder / _WORK
    if request.force:
        clear(folder)
    if is_done(folder) and read_record(folder).params["complete"]:
        observe(Event("finished", _STEP, "unchanged", {"seconds": 0.0}))
        return folder
    observe(Event("started", _STEP, f"{len(study.variants)} variants beside the base"))
    evaluate = Evaluator(study, shop, work, request.workers, observe)
    names = [variant.name for variant in study.variants]
    in_time = _clock(study.minutes)
    course = halve(names, study.rungs(), study.keep, evaluate, in_time, request.workers)
    complete = course.complete == len(study.rungs())
    _write(folder, study, shop, course, complete)
    if complete:
        clear(work)
    return folder


def study_folder(runs: Path, study: Study, shop: Shop) -> Path:
    """Where a study stands, done or not; its budget has no part in that."""
    parts = [study.name, str(study.keep), str(study.replay), str(study.backtest)]
    variants = [text for one in study.variants for text in (one.name, str(one.config))]
    key = shop.key("study", code_version("", "experiments"), *parts, *variants)
    return folder_of(runs, "study", study.name, key)


def _clock(minutes: float | None) -> Callable[[], bool]:
    """Whether there is time left for more."""
    until = None if minutes is None else time.monotonic() + 60.0 * minutes
    return lambda: until is None or time.monotonic() < until


def _write(folder: Path, study: Study, shop: Shop, course: Course, complete: bool) -> None:
    tables = {"variants": variants_table(course), "rungs": rungs_table(course)}
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        with written_whole(folder / f"{name}.parquet") as file:
            table.to_parquet(file, index=False, compression="zstd")
    draw_study(tables["variants"], folder)
    write_report(folder, study, tables["variants"], complete)
    _record(study, shop, tables["variants"], complete).write(folder)


def _record(study: Study, shop: Shop, table: pd.DataFrame, complete: bool) -> Record:
    states = table["state"].value_counts()
    params: dict[str, Any] = {
        "variants": len(study.variants),
        "rungs": " | ".join(
            f"{rung.nights} nights, {rung.origins} origins" for rung in study.rungs()
        ),
        "keep": study.keep,
        "complete": complete,
        "not_run": ", ".join(table[table["state"] == NOT_RUN]["variant"]),
    }
    metrics = {"dropped": float(states.get(DROPPED, 0)), "not_run": float(states.get(NOT_RUN, 0))}
    rows = table[table["state"] != NOT_RUN].to_dict("records")
    if rows:
        params["winner"] = rows[0]["variant"]
        metrics |= _figures(rows[0])
    settings = {one.name: _flat(one.config) for one in study.variants}
    segments = tuple(
        Segment(
            row["variant"],
            _figures(row),
            {"state": row["state"], "rung": int(row["rung"]), **settings.get(row["variant"], {})},
        )
        for row in rows
    )
    tags = {"version": __version__, "code": code_version("", "experiments"), "inputs": shop.inputs}
    return Record("study", study.name, params, metrics, tags, segments)


def _figures(row: Mapping[Any, Any]) -> dict[str, float]:
    aside = ("variant", "state", "unit")
    return {name: float(value) for name, value in row.items() if name not in aside}


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str | int | float | bool]:
    out: dict[str, str | int | float | bool] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            out |= _flat(value, f"{prefix}{name}.")
        else:
            out[f"{prefix}{name}"] = value if isinstance(value, str | int | float) else str(value)
    return out
