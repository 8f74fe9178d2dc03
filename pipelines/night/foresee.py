"""The forecast of a night: of each version its series, and what is known better than any model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.night.blocks import BlockRun, Route, forecast_in_blocks
from pipelines.night.events import Observer
from pipelines.night.lineup import Lineup
from pipelines.night.modeling import Fitted
from pipelines.night.rooms import Rooms
from stockwright.forecast import Forecast
from stockwright.plan import Finding

if TYPE_CHECKING:
    from pipelines.assemble import Situation
    from pipelines.config import Config

Found = tuple[Forecast, tuple[Finding, ...]]


@dataclass(frozen=True)
class Foresight:
    """How a night forecasts. config: of its champion. workers: blocks of series at a time."""

    rooms: Rooms
    config: Config
    workers: int
    observe: Observer

    def lineup(
        self, situation: Situation, lineup: Lineup, fitted: Fitted, others: Sequence[Fitted]
    ) -> Found:
        """The forecast of all versions in force, each of its series, and series that failed.

        Series whose forecast has drifted too long take the substitute's. fitted: the champion's
        model, others: those of ``lineup.others``. Raises DataError where too many series fail.
        """
        codes, contents = lineup.codes(situation, tuple(others)), [o.model.content for o in others]
        fallback = situation.drift.fallback
        if fallback.any():
            codes = np.where(fallback, len(contents), codes)
            contents.append(self.rooms.substitute(situation, self.config))
        routes = [
            Route(rows, self.rooms.predictor(content, situation.panel))
            for place, content in enumerate(contents)
            if len(rows := np.flatnonzero(codes == place))
        ]
        return self.model(situation, fitted.model.content, routes)

    def model(self, situation: Situation, content: bytes, routes: Sequence[Route] = ()) -> Found:
        """The forecast of one model but for the series of ``routes``."""
        panel = situation.panel
        # After those of ``routes``: what it knows of the panel's groups, the plan looks at too.
        predict = self.rooms.predictor(content, panel)
        run = BlockRun(self.config.block_size, self.workers, self.config.gates.failed_series_share)
        return forecast_in_blocks(predict, panel, panel.horizon, run, self.observe, routes)


def said(
    situation: Situation, forecast: Forecast, rows: NDArray[np.int64] | None = None
) -> Forecast:
    """The forecast with what is known better: the shop's own, promises, overrides, ends of sale.

    rows: the series that it is of, rising; None for all of the situation.
    """
    given, promised = situation.given, situation.commitments
    spoken, ends = situation.overrides, situation.network.items.ends
    if rows is not None:
        given, promised = given.take(rows), promised.take(rows)
        spoken, ends = spoken.take(rows), ends[rows]
    told = spoken.on(given.on(promised.on(forecast)))
    return told.until(ends - situation.panel.origin)
