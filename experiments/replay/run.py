"""``run_replay``: arms played through the shop's past, and the folder that tells of them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd

from experiments.claim import claimed
from experiments.record import SAMPLE, Record, Segment, folder_of, is_done, settings_tags
from experiments.replay.money import Account, account_of
from experiments.replay.plots import draw_plots
from experiments.replay.report import write_report
from experiments.replay.request import BASE, ReplayRequest
from experiments.replay.summary import by_night, by_segment, by_series, headline, paired
from experiments.replay.tables import ReplayTables
from experiments.replay.work import Replayed, work_of
from pipelines.config.variant import Variant
from pipelines.night.code_version import code_version
from pipelines.night.events import Event, Observer
from pipelines.store.files import written_whole

_STEP, _WORK = "replay", "work"


def run_replay(request: ReplayRequest, observe: Observer) -> Path:
    """The folder of the replay, whether it was done before, is taken up or is done now.

    Raises ConfigError for a request that does not fit the data, DataError for tables that break
    the contract or change meanwhile, InfeasiblePlanError where frozen lines of an evening break a
    hard limit, LockedError where another process works at the same.
    """
    folder = replay_folder(request)
    with claimed(folder):
        return _ended(request, folder, observe)


def _ended(request: ReplayRequest, folder: Path, observe: Observer) -> Path:
    if request.force:
        shutil.rmtree(folder, ignore_errors=True)
    if is_done(folder):
        observe(Event("finished", _STEP, "unchanged", {"seconds": 0.0}))
        return folder
    arms = ", ".join(request.arms())
    observe(Event("started", _STEP, f"{request.nights} nights from {request.first}: {arms}"))
    found = play_arms(request, folder / _WORK, observe)
    request.shop.check_unchanged(folder / _WORK)
    tables = tables_of(found, request)
    for name, table in tables.items():
        with written_whole(folder / f"{name}.parquet") as file:
            table.to_parquet(file, index=False, compression="zstd")
    draw_plots(folder, tables)
    write_report(folder, request, found.world, tables)
    record_of(request, found, tables).write(folder)
    shutil.rmtree(folder / _WORK, ignore_errors=True)
    return folder


def replay_folder(request: ReplayRequest) -> Path:
    """Where the replay of a request stands, done or not."""
    name = "-".join(variant.name for variant in request.variants) or BASE
    return folder_of(request.runs, "replay", name[:60], request.key())


def play_arms(request: ReplayRequest, work: Path, observe: Observer) -> Replayed:
    """What the arms did; results on the way are kept in the folder ``work``."""
    tables = ReplayTables.open(request.shop, request.last, request.skus)
    played = work_of(request, tables).run(work, request.workers, observe)
    return replace(played, of_skus=tables.of_skus)


def tables_of(found: Replayed, request: ReplayRequest) -> dict[str, pd.DataFrame]:
    """The tables of a replay by name; all but the first leave the warm-up out."""
    world = found.world
    whole = {arm: account_of(log, world, 0) for arm, log in found.logs.items()}
    counted = accounts_of(found, request)
    tables = {
        "days": by_night(whole, world, request.settled),
        "series": by_series(counted, world),
        "metrics": by_segment(counted, world),
    }
    return tables | ({"paired": paired(counted, world)} if request.variants else {})


def accounts_of(found: Replayed, request: ReplayRequest) -> dict[str, Account]:
    """The account of each arm behind the warm-up."""
    return {arm: account_of(log, found.world, request.settled) for arm, log in found.logs.items()}


def record_of(request: ReplayRequest, found: Replayed, tables: dict[str, pd.DataFrame]) -> Record:
    """The record: the base's figures, each arm's as a segment, and differences to the base."""
    asked, metrics = found.world.asked, tables["metrics"]
    base = headline(metrics, BASE)
    params: dict[str, str | int | float | bool] = {
        "first": str(request.first),
        "nights": request.nights,
        "warm_up": request.settled,
        "period_days": request.days,
        "refit_days": request.refit,
        "skus": len(set(found.world.index.sku)),
        "series": int(asked.replayed.sum()),
        "variants": ", ".join(variant.name for variant in request.variants),
        "clearance": False,
    }
    filled = {
        "filled_units": float(asked.filled.sum()),
        "filled_share": float(asked.filled.sum() / max(asked.units.sum(), 1.0)),
        "censored_periods": float(asked.censored.sum()),
    }
    arms = [
        Segment(arm, headline(metrics, arm), {"why": _why(request, arm)}) for arm in request.arms()
    ]
    name = "-".join(variant.name for variant in request.variants) or BASE
    tags = request.shop.tags() | {"code": code_version()}
    tags |= settings_tags([Variant(BASE), *request.variants], request.digests)
    if request.skus is not None and request.skus < found.of_skus:
        tags[SAMPLE] = f"{request.skus:,} of {found.of_skus:,} SKUs"
    return Record("replay", name, params, base | filled, tags, tuple(arms))


def _why(request: ReplayRequest, arm: str) -> str:
    return {variant.name: variant.why for variant in request.variants}.get(arm, "")
