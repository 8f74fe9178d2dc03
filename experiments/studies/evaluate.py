"""Measure variants: what a replay earns with each, what a backtest finds its error to be."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.backtest.request import PLAIN, BacktestRequest
from experiments.backtest.run import run_backtest
from experiments.record import read_record
from experiments.replay.money import METRICS
from experiments.replay.request import ReplayRequest
from experiments.replay.run import accounts_of, play_arms
from experiments.shop import Shop
from experiments.studies.plan import BASE, BacktestPart, ReplayPart, Rung, Study
from experiments.studies.scores import Scores
from experiments.tasks import Task, run_tasks
from pipelines.config.variant import Variant
from pipelines.night.code_version import code_version
from pipelines.night.events import Observer, quiet
from pipelines.night.request import parse_date

#: Figures of a backtest that stand beside the money.
ERRORS = (
    *("wape", "bias", "pinball", "sum_wape", "sum_bias", "sum_pinball", "sum_crps"),
    *("rmsse", "stability", "coverage_80", "coverage_90", "coverage_95", "coverage_99"),
)
MONEY, LOSS = "money", "pinball loss in units, with a minus"


@dataclass(frozen=True)
class Asked:
    """One variant at one rung; None is the shop's own configuration.

    shop: under its own configuration. work: folder for what is kept on the way.
    """

    shop: Shop
    variant: Variant | None
    rung: Rung
    replay: ReplayPart | None
    backtest: BacktestPart | None
    work: Path

    @property
    def name(self) -> str:
        """Of the variant."""
        return BASE if self.variant is None else self.variant.name


class Evaluator:
    """``Evaluate`` on a shop: each result is kept, so that a killed study is taken up."""

    def __init__(self, study: Study, shop: Shop, work: Path, workers: int, see: Observer) -> None:
        self._study, self._shop = study, shop
        self._work, self._workers, self._see = work, workers, see
        self._variants: Mapping[str, Variant] = {one.name: one for one in study.variants}

    def __call__(self, names: Sequence[str], rung: Rung) -> list[Scores]:
        """Scores of some variants; more than one are run beside one another."""
        # One alone may use all processes; several are one process each.
        inner = self._workers if len(names) == 1 else 1
        tasks = [self._task(name, rung, inner) for name in names]
        kept = self._work / "scores"
        return list(run_tasks(tasks, kept, len(names), self._see, f"rung {rung.number}"))

    def _task(self, name: str, rung: Rung, workers: int) -> Task:
        variant, study = self._variants.get(name), self._study
        shop = self._shop if variant is None else self._shop.under(variant)
        parts = (rung.nights, rung.origins, study.replay, study.backtest, name)
        key = shop.key("study", code_version("", "experiments"), *map(str, parts))
        asked = Asked(
            self._shop,
            variant,
            rung,
            study.replay,
            study.backtest,
            self._work,
        )
        return Task(f"{name}-{rung.number}", key, partial(measure, asked, workers))


def measure(asked: Asked, workers: int) -> Scores:
    """The scores of one variant at one rung; money first, where a replay tells it.

    Raises DataError where the tables are no longer those of the other variants.
    """
    found: list[Scores] = []
    if asked.replay is not None:
        found.append(_replayed(asked, asked.replay, workers))
    if asked.backtest is not None:
        found.append(_backtested(asked, asked.backtest, workers))
    asked.shop.check_unchanged()
    metrics = {name: value for one in found[::-1] for name, value in one.metrics.items()}
    return Scores(found[0].sku, found[0].worth, found[0].unit, metrics)


def _replayed(asked: Asked, part: ReplayPart, workers: int) -> Scores:
    """Profit of each SKU. All variants share a folder: what they have in common is done once."""
    request = ReplayRequest(
        shop=asked.shop,
        first=parse_date(part.first),
        nights=asked.rung.nights,
        variants=() if asked.variant is None else (asked.variant,),
        refit=part.refit,
        skus=part.skus,
        workers=workers,
        runs=asked.work,
    )
    played = play_arms(request, asked.work / "replay", quiet)
    account, world = accounts_of(played, request)[asked.name], played.world
    rows = np.flatnonzero(world.asked.replayed)
    sku, place = np.unique(world.index.sku[rows], return_inverse=True)
    profit = account.sums["profit"][rows].sum(axis=1)
    worth = np.bincount(place, profit, minlength=len(sku)).astype(np.float64)
    metrics = {name: account.value(name) for name in METRICS}
    return Scores(tuple(world.index.skus[code] for code in sku), worth, MONEY, metrics)


def _backtested(asked: Asked, part: BacktestPart, workers: int) -> Scores:
    """The loss of each SKU over all steps, and the errors of the shop."""
    request = BacktestRequest(
        data=asked.shop.source,
        out=asked.work / "backtests",
        variants=(asked.variant or PLAIN,),
        last=None if part.last is None else parse_date(part.last),
        origins=asked.rung.origins,
        every=part.every,
        series=part.series,
        workers=workers,
    )
    folder = run_backtest(request, quiet, asked.shop)
    series = pd.read_parquet(folder / "series.parquet", columns=["sku", "pinball", "units"])
    loss = (series["pinball"] * series["units"]).fillna(0.0).groupby(series["sku"]).sum()
    metrics = read_record(folder).metrics
    errors = {name: metrics[name] for name in ERRORS if name in metrics}
    worth = -loss.to_numpy(np.float64)
    return Scores(tuple(loss.index.astype(str)), worth, LOSS, errors)


def clear(work: Path) -> None:
    """Remove what was kept on the way."""
    shutil.rmtree(work, ignore_errors=True)
