"""The forecast of a night: of each version its series, and what is known better than any model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.night.blocks import BlockRun, Predict, Route, forecast_in_blocks
from pipelines.night.events import Observer
from pipelines.night.lineup import Lineup, fault_of, stood_in
from pipelines.night.modeling import Fitted
from pipelines.night.rooms import Rooms
from stockwright.forecast import Forecast
from stockwright.panel import DemandPanel
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
    ) -> tuple[Forecast, tuple[Finding, ...], tuple[Fitted, ...]]:
        """The forecast of all versions in force, each of its series, series that failed, and what
        became of ``others``: where one of them raises, the champion forecasts all its series.

        Series whose forecast has drifted too long take the substitute's. fitted: the champion's
        model, others: those of ``lineup.others``. Raises DataError where too many series fail.
        """
        known = tuple(others)
        while True:
            routes, tried = self._routes(situation, lineup, known)
            # One that cannot even be opened needs no forecast to show it.
            opened = not any(one.faults for one in tried.values())
            found = self.model(situation, fitted.model.content, routes) if opened else None
            faults = {place: min(one.faults)[1] for place, one in tried.items() if one.faults}
            if found is not None and not faults:
                return *found, known
            known = tuple(
                stood_in(lineup.others[place], fitted, faults[place], self.observe)
                if place in faults
                else one
                for place, one in enumerate(known)
            )

    def _routes(
        self, situation: Situation, lineup: Lineup, others: tuple[Fitted, ...]
    ) -> tuple[list[Route], dict[int, _Tried]]:
        """The series that the champion does not forecast, and the versions of them by place."""
        panel, rooms = situation.panel, self.rooms
        codes, fallback = lineup.codes(situation, others), situation.drift.fallback
        if fallback.any():
            codes = np.where(fallback, len(others), codes)
        rows = {place: np.flatnonzero(codes == place) for place in range(len(others) + 1)}
        tried = {
            place: _Tried(rooms, one.model.content, panel)
            for place, one in enumerate(others)
            if len(rows[place])
        }
        routes = [Route(rows[place], one) for place, one in tried.items()]
        if fallback.any():
            content = rooms.substitute(situation, self.config)
            routes.append(Route(rows[len(others)], rooms.predictor(content, panel)))
        return routes, tried

    def model(self, situation: Situation, content: bytes, routes: Sequence[Route] = ()) -> Found:
        """The forecast of one model but for the series of ``routes``."""
        panel = situation.panel
        # After those of ``routes``: what it knows of the panel's groups, the plan looks at too.
        predict = self.rooms.predictor(content, panel)
        run = BlockRun(self.config.block_size, self.workers, self.config.gates.failed_series_share)
        return forecast_in_blocks(predict, panel, panel.horizon, run, self.observe, routes)


class _Tried:
    """A version's forecasts of blocks; what it raises is kept, with 0 in the place of a forecast.

    faults: first series of the block, and what was raised.
    """

    def __init__(self, rooms: Rooms, content: bytes, panel: DemandPanel) -> None:
        self.faults: list[tuple[int, str]] = []
        self._predict: Predict | None = None
        try:
            self._predict = rooms.predictor(content, panel)
        except MemoryError:
            raise
        except Exception as error:
            self.faults.append((-1, fault_of(error)))

    def __call__(self, block: DemandPanel) -> Forecast:
        try:
            if self._predict is not None:
                return self._predict(block)
        except MemoryError:
            raise
        except Exception as error:
            self.faults.append((int(block.index.key_hash()[0]), fault_of(error)))
        nothing = np.zeros((block.n_series, block.horizon))
        return Forecast.certain(block.index, block.origin, nothing)


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
