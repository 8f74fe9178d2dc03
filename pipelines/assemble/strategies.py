"""What the grade of each key asks for, and the network that obeys it.

Every setting is looked up by itself: under "hit" for a breakout, then under the life stage, then
under the two letters ("AX"), the letter of value ("A") and the letter of steadiness ("X"). The
first that says something holds; where none does, the plan decides as it would without grades.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.config import Config
from pipelines.config.grades import GradesConfig
from stockwright.calendar import DAYS_PER_PERIOD
from stockwright.life import LifeStage, LifeStages
from stockwright.network import Lanes, Network

Floats = NDArray[np.float64]
Texts = NDArray[np.object_]
#: Who approves a line, the stricter the later.
APPROVALS = ("auto", "planner", "manager")


@dataclass(frozen=True)
class Strategies:
    """What is asked for each series, all (series,); NaN where nothing is.

    service_level, fill_rate: levels. review_days, most_cover_days: days. approval: place in
    APPROVALS.
    """

    service_level: Floats
    fill_rate: Floats
    review_days: Floats
    most_cover_days: Floats
    approval: NDArray[np.int64]


def stage_names(life: LifeStages, named: Texts) -> Texts:
    """What the catalog knows of launch, stock and dates, else the stage told from demand.

    named: (series,) stages of the catalog.
    """
    told = life.names()
    kept = np.isin(named, ["upcoming", "stocked", "ended"])
    kept |= (named == "dormant") & (life.stage != LifeStage.ENDED)
    return np.asarray(np.where(kept, named, told), object)


def strategies_of(
    grades: GradesConfig, abc_xyz: Texts, stages: Texts, hit: NDArray[np.bool_]
) -> Strategies:
    """The strategy of each series from its two letters, its life stage and its breakout."""
    parts = [np.where(hit, "hit", ""), stages, abc_xyz, _letter(abc_xyz, 0), _letter(abc_xyz, 1)]
    names = [part.astype(str) for part in parts]
    asked = grades.all_strategies()

    def of(field: str, mode: str | None = None) -> Floats:
        known = {
            name: _number(value)
            for name, each in asked.items()
            if (value := getattr(each, field)) is not None
        }
        chosen = {name for name in known if mode is None or asked[name].mode == mode}
        out = np.full(len(abc_xyz), np.nan)
        for part in reversed(names):
            for name, value in known.items():
                out[part == name] = value if name in chosen else np.nan
        return out

    return Strategies(
        service_level=of("service_level", "cycle"),
        fill_rate=of("service_level", "fill"),
        review_days=of("review_days"),
        most_cover_days=of("most_cover_days"),
        approval=np.nan_to_num(of("approval")).astype(np.int64),
    )


def _letter(abc_xyz: Texts, place: int) -> Texts:
    return np.array([text[place : place + 1] for text in abc_xyz.tolist()], object)


def _number(value: Any) -> float:
    return float(APPROVALS.index(value)) if isinstance(value, str) else float(value)


def approvals(
    strategies: Strategies, series: NDArray[Any], value: Floats, grades: GradesConfig
) -> Texts:
    """Who approves each line, (lines,): the stricter of its grade and of its value."""
    place = strategies.approval[series]
    for name, least in (("planner", grades.planner_value), ("manager", grades.manager_value)):
        if least is not None:
            place = np.where(value >= least, np.maximum(place, APPROVALS.index(name)), place)
    return np.asarray(np.array(APPROVALS, object)[place], object)


def graded(network: Network, asked: Strategies, config: Config) -> Network:
    """The network with the levels, reviews and most cover that the strategies ask for."""
    days, items = DAYS_PER_PERIOD[config.period], network.items
    told = np.isfinite(asked.service_level) | np.isfinite(asked.fill_rate)
    cover = np.where(np.isnan(asked.most_cover_days), np.inf, asked.most_cover_days / days)
    items = replace(
        items,
        service_level=np.where(told, asked.service_level, items.service_level),
        fill_rate=np.where(told, asked.fill_rate, items.fill_rate),
        most_cover=cover,
    )
    return replace(network, items=items, lanes=_reviewed(network.lanes, asked.review_days / days))


def _reviewed(lanes: Lanes, most: Floats) -> Lanes:
    """Lanes with reviews of no more than ``most`` periods, (series,), run on to an order day."""
    asked = np.nan_to_num(np.maximum(most, 1.0)[lanes.series], nan=np.inf)
    capped = np.minimum(lanes.review, np.ceil(asked)).astype(np.int64)
    if len(lanes.order_days):
        ahead = (capped[:, None] - 1 + np.arange(7)) % 7
        capped = capped + np.take_along_axis(lanes.order_days, ahead, axis=1).argmax(axis=1)
    return replace(lanes, review=np.minimum(lanes.review, capped).astype(np.int32))
