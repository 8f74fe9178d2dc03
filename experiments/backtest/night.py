"""One night of the past: what it would have forecast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.backtest.opened import check_unread, files_opened, foreign
from experiments.shop import Shop
from forecasting.blend.staircase import Stair
from pipelines.assemble import Situation
from pipelines.night.blocks import BlockRun, forecast_in_blocks
from pipelines.night.engine import Engine
from pipelines.night.events import quiet
from pipelines.night.foresee import said
from stockwright.errors import FitError
from stockwright.forecast import Forecast
from stockwright.panel import DemandPanel
from stockwright.plan import Finding


@dataclass(frozen=True)
class Made:
    """What a night forecasts.

    forecast: of the series ``rows`` of the situation. stairs: what each rung of the forecast
    brought when it was fitted.
    """

    situation: Situation
    forecast: Forecast
    rows: NDArray[np.int64]
    stairs: tuple[Stair, ...]
    notes: tuple[str, ...]


def forecast_night(shop: Shop, date: np.datetime64, series: int | None) -> Made:
    """Read, fit and forecast as the night of ``date``; all series are fitted on, some forecast.

    Where the fit fails its substitute forecasts, as on the night itself. Raises DataError where
    the tables or too many series break the gates, or where the shop's tables are opened while the
    night forecasts.
    """
    situation, config, engine = shop.situation(date), shop.config, Engine(threads=1)
    panel, notes = situation.panel, []
    rows = sampled(panel, series)
    with files_opened() as opened:
        try:
            content = engine.fit(situation, config)
        except FitError as error:
            notes.append(f"the fit of {date} failed, its substitute forecast: {error}")
            content = engine.substitute(situation, config)
        predict = engine.predictor(content, panel, parts=False)
        run = BlockRun(config.block_size, 1, config.gates.failed_series_share)
        made, failed = forecast_in_blocks(predict, panel.take(rows), panel.horizon, run, quiet)
    check_unread(opened, shop.source, date)
    if others := foreign(opened):
        notes.append(f"the forecast read {', '.join(others[:3])}; nothing tells what they know")
    if failed:
        notes.append(f"{date}: {len(failed)} series without a forecast, {_faults(failed)}")
    forecast = said(situation, made, rows)
    return Made(situation, forecast, rows, engine.staircase(content), tuple(notes))


def _faults(failed: tuple[Finding, ...]) -> str:
    return "; ".join(sorted({str(each.message["fault"]) for each in failed})[:3])


def sampled(panel: DemandPanel, series: int | None) -> NDArray[np.int64]:
    """Series to score: all, or those whose key hashes lowest, always the same, rising."""
    n = panel.n_series
    if series is None or series >= n:
        return np.arange(n)
    return np.sort(np.argsort(panel.index.key_hash(), kind="stable")[:series])
