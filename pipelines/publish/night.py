"""What every published file starts from: the night, its keys by name, its dates and its words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecasting.blend.staircase import Stair
from pipelines.assemble.clearing import SlowStock
from pipelines.assemble.situation import Situation
from pipelines.assemble.strategies import Strategies, stage_names, strategies_of
from pipelines.config.grades import GradesConfig
from pipelines.publish.texts import Texts
from stockwright.forecast import Forecast
from stockwright.life import LifeStages
from stockwright.network import LaneKind
from stockwright.panel import SeriesIndex
from stockwright.plan import Lines, Plan
from stockwright.stock import StockPosition

#: Order, transfer and clearance, as the first letter of a line's name.
ORDER, TRANSFER, CLEARANCE = "O", "T", "C"


@dataclass(frozen=True)
class Night:
    """One night to publish.

    previous: the folder published last before it. stairs: what each rung of the forecast added.
    grades: borders of the grades and what they ask for. slow: stock on hand and how slow it is;
    None where nobody looked.
    """

    situation: Situation
    forecast: Forecast
    plan: Plan
    texts: Texts
    previous: Path | None
    stairs: tuple[Stair, ...] = ()
    grades: GradesConfig = field(default_factory=GradesConfig)
    slow: SlowStock | None = None

    @property
    def index(self) -> SeriesIndex:
        """The keys."""
        return self.situation.panel.index

    @property
    def days(self) -> int:
        """Days in one period."""
        return self.situation.panel.calendar.days

    @property
    def date(self) -> str:
        """D, as text."""
        return str(self.situation.as_of)

    def skus(self, series: NDArray[Any]) -> NDArray[np.object_]:
        """SKU of each series, "" for -1."""
        names = np.array([*self.index.skus, ""], dtype=object)
        codes = np.append(self.index.sku, -1)
        return np.asarray(names[codes[series]], object)

    def locations(self, series: NDArray[Any]) -> NDArray[np.object_]:
        """Location of each series, "" for -1."""
        names = np.array([*self.index.locations, ""], dtype=object)
        codes = np.append(self.index.location, -1)
        return np.asarray(names[codes[series]], object)

    def planners(self, series: NDArray[Any]) -> NDArray[np.object_]:
        """Planner of each series' SKU, "" where unknown and for -1."""
        names = np.append(self.situation.catalog.planner, "")
        codes = np.append(self.index.sku, -1)
        return np.asarray(names[codes[series]], object)

    def life(self) -> LifeStages:
        """Life stage and breakout of each series."""
        return self.plan.life or LifeStages.untold(self.index.n_series)

    def stages(self) -> NDArray[np.object_]:
        """Name of the life stage of each series."""
        return stage_names(self.life(), self.situation.catalog.life_stage)

    def override_cost(self) -> NDArray[np.float64]:
        """What a planner's word on each series is expected to cost, NaN where there is none."""
        cost = self.plan.override_cost
        return np.full(self.index.n_series, np.nan) if cost is None else cost

    def kept_back(self, lines: Lines) -> NDArray[np.float64]:
        """Units that the source of each line, (lines,), keeps back for others."""
        kept = self.plan.kept
        own = lines.lane == self.plan.policy.lane[lines.series]
        return np.where(own, 0.0 if kept is None else kept.units[lines.series], 0.0)

    def stock(self) -> StockPosition:
        """The stock that the plan counts on: without what expires before it can be sold."""
        stock, expiring = self.situation.stock, self.plan.expiring
        if expiring is None:
            return stock
        return replace(stock, on_hand=stock.on_hand - expiring.uncounted)

    def strategies(self) -> Strategies:
        """What the grade of each series asks for."""
        letters = np.asarray(self.situation.catalog.abc_xyz, object)
        return strategies_of(self.grades, letters, self.stages(), self.life().hit)

    def parents(self) -> NDArray[np.int64]:
        """Series that each series' lane in use takes its stock from, -1 for none; (series,)."""
        lanes, lane = self.situation.network.lanes, self.plan.policy.lane
        moved = np.flatnonzero((lane >= 0) & (np.append(lanes.kind, 0)[lane] == LaneKind.TRANSFER))
        parents = np.full(self.index.n_series, -1, np.int64)
        sources = lanes.source[lane[moved]].astype(np.int64)
        parents[moved] = self.index.find(self.index.sku[moved].astype(np.int64), sources)
        return parents

    def feeds(self) -> NDArray[np.bool_]:
        """Whether a series is the source of another; it is then steered with what it feeds."""
        parents = self.parents()
        return np.bincount(parents[parents >= 0], minlength=self.index.n_series) > 0

    def dates_of_steps(self, steps: NDArray[Any]) -> NDArray[np.datetime64]:
        """Last day of each step's period; NaT for step 0."""
        first = self.situation.panel.calendar.last_day(self.forecast.origin)
        days = (np.asarray(steps, np.int64) * self.days).astype("timedelta64[D]")
        return np.where(np.asarray(steps) > 0, first + days, np.datetime64("NaT", "D"))


def short_hash(*parts: str) -> str:
    """Twelve hexadecimal digits that stand for the parts, the same on every machine."""
    joined = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(joined, digest_size=6).hexdigest()


def line_ids(night: Night, kind: str, *columns: Iterable[Any]) -> NDArray[np.object_]:
    """A name for each line: kind, D and a hash of D, kind and the columns (not of the units)."""
    start = f"{kind}{night.date.replace('-', '')}-"
    ids = [
        start + short_hash(night.date, kind, *map(str, row)) for row in zip(*columns, strict=True)
    ]
    return text_array(ids)


def text_array(texts: Iterable[Any]) -> NDArray[np.object_]:
    """Texts as an object array of one dimension, whatever its length."""
    listed = list(texts)
    out = np.empty(len(listed), dtype=object)
    out[:] = listed
    return out
