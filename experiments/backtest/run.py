"""``run_backtest``: the nights of the past, their scores, and the folder that tells of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pandas as pd

from experiments.backtest.asked import Backtest, opened
from experiments.backtest.chance import check_chance
from experiments.backtest.origin import OUTCOME, Night, keep_outcome, score_night
from experiments.backtest.outcome import Outcome
from experiments.backtest.plots import write_plots
from experiments.backtest.record import record_of
from experiments.backtest.report import write_report
from experiments.backtest.request import BacktestRequest
from experiments.backtest.rows import Rows, rows_of
from experiments.backtest.scores import Scores
from experiments.backtest.tables import compared, metrics_table, origins_table, series_table
from experiments.claim import claimed
from experiments.record import is_done
from experiments.shop import Shop
from experiments.tasks import Task, run_tasks
from pipelines.night.events import Event, Observer
from pipelines.store.files import written_whole

#: Where the results of tasks are kept until the backtest is done.
WORK = "work"
_STEP = "backtest"


def run_backtest(request: BacktestRequest, observe: Observer, shop: Shop | None = None) -> Path:
    """The folder of the backtest, whether it was done before, is taken up or is done now.

    shop: what the request names, where that was opened before. Raises ConfigError for a request
    that does not fit the data; DataError for tables that break the contract or change meanwhile,
    or a forecast that knows the future; LockedError where another process works at the same.
    """
    asked = opened(request, shop)
    with claimed(asked.folder):
        return _ended(asked, observe)


def _ended(asked: Backtest, observe: Observer) -> Path:
    work = asked.folder / WORK
    if asked.request.force:
        shutil.rmtree(asked.folder, ignore_errors=True)
    if is_done(asked.folder):
        shutil.rmtree(work, ignore_errors=True)
        observe(Event("resumed", _STEP, "unchanged"))
        return asked.folder
    observe(Event("started", _STEP, f"{len(asked.names) * len(asked.dates)} nights"))
    outcome, rows = _scored(asked, work, observe)
    asked.shop.check_unchanged(work)
    tables = _tables(asked, rows, outcome)
    for name, table in tables.items():
        with written_whole(asked.folder / f"{name}.parquet") as file:
            table.to_parquet(file, index=False, compression="zstd")
    write_plots(asked, rows, tables)
    write_report(asked, rows, tables)
    record_of(asked, rows, tables, outcome.index.n_series).write(asked.folder)
    shutil.rmtree(work, ignore_errors=True)
    return asked.folder


def _scored(asked: Backtest, work: Path, observe: Observer) -> tuple[Outcome, dict[str, Rows]]:
    """What came, and the rows of each variant."""
    shop, workers = asked.shops[0], asked.request.workers
    key = shop.key(OUTCOME, str(asked.end))
    first = Task(OUTCOME, key, partial(keep_outcome, shop, asked.end))
    (outcome,) = run_tasks([first], work, 1, observe, _STEP)
    tasks = list(_tasks(asked, work, key))
    found: list[Scores] = list(run_tasks(tasks, work, workers, observe, _STEP))
    count = len(asked.dates)
    for place, name in enumerate(asked.names):
        check_chance(name, found[place * count : (place + 1) * count], asked.every)
    rows = {
        name: rows_of(found[place * count : (place + 1) * count], outcome.index.n_series)
        for place, name in enumerate(asked.names)
    }
    return outcome, rows


def _tasks(asked: Backtest, work: Path, outcome: str) -> Iterator[Task]:
    """A task for each variant and origin; the first, the middle and the last one are guarded."""
    request, last = asked.request, len(asked.dates) - 1
    guarded = {0, last // 2, last}
    for name, shop in zip(asked.names, asked.shops, strict=True):
        for number, date in enumerate(asked.dates):
            night = Night(
                shop, date, request.every, request.series, number in guarded, work, outcome
            )
            parts = [str(date), str(request.every), str(request.series), str(night.guarded)]
            key = shop.key("origin", outcome, *parts)
            yield Task(f"{name}-{date}", key, partial(score_night, night))


def _tables(asked: Backtest, rows: dict[str, Rows], outcome: Outcome) -> dict[str, pd.DataFrame]:
    each = list(rows.items())
    tables = {
        "metrics": pd.concat([metrics_table(*one, outcome, asked.every) for one in each]),
        "series": pd.concat([series_table(*one, outcome) for one in each]),
        "origins": pd.concat([origins_table(*one) for one in each]),
    }
    paired = compared(each, outcome, asked.every)
    return tables if paired is None else tables | {"paired": paired}
