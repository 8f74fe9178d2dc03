"""Rehearsals before a peak: each extreme in growing strength, and the first limit that breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from experiments.whatif.figures import Figures, figures_of
from experiments.whatif.night import Night, Planned
from experiments.whatif.scenario import DemandChange, InboundChange, Outage, Scenario
from stockwright.network import LocationKind

DEMAND, INBOUND = (1.5, 2.0, 3.0), (0.75, 0.5)
# A limit breaks where it costs this share of the expected sales more than in the plan as it is.
BREAKS = 0.002


@dataclass(frozen=True)
class Extreme:
    """What is rehearsed. name: "demand", "inbound" or "warehouse". steps: from mild to harsh.
    place: the location that is lost, "" for none.
    """

    name: str
    steps: tuple[Scenario, ...]
    place: str = ""


@dataclass(frozen=True)
class Rehearsed:
    """What an extreme did. place: the location that was lost, "" for none. figures: of the harshest
    step. first: code of the limit that broke first, "" for none; at: name of the step in which it
    did; money: what it costs there more than in the plan as it is.
    """

    name: str
    place: str
    step: str
    figures: Figures
    first: str
    at: str
    money: float


def extremes(base: Planned) -> list[Extreme]:
    """Demand of the next event's days times three, inbound halved, the busiest warehouse lost."""
    first, last = next_event(base)
    demand = tuple(
        Scenario(
            name=f"demand-x{factor:g}",
            demand=(DemandChange(factor=factor, start=first, end=last),),
        )
        for factor in DEMAND
    )
    inbound = tuple(
        Scenario(name=f"inbound-x{factor:g}", inbound=(InboundChange(factor=factor),))
        for factor in INBOUND
    )
    found = [Extreme("demand", demand)]
    if len(base.ingested.tables["inbound"]):
        found.append(Extreme("inbound", inbound))
    lost = busiest(base)
    if lost is not None:
        found.append(Extreme("warehouse", (without(lost),), lost))
    return found


def without(place: str) -> Scenario:
    """A location does nothing any more, whatever letters its name has."""
    return Scenario(name="warehouse-lost", outage=(Outage(party=place),))


def next_event(base: Planned) -> tuple[date | None, date | None]:
    """First and last day of the next event within the horizon; None, None for all days."""
    events, panel = base.ingested.tables["events"], base.situation.panel
    start, end = (events[name].to_numpy("datetime64[D]") for name in ("start", "end"))
    tonight = base.situation.as_of
    last = panel.calendar.last_day(panel.origin + panel.horizon)
    ahead = np.flatnonzero((start > tonight) & (start <= last))
    if not len(ahead):
        return None, None
    name = events["event"].iloc[ahead[np.argmin(start[ahead])]]
    same = ahead[np.array(events["event"].iloc[ahead] == name, np.bool_)]
    return start[same].min().item(), min(end[same].max(), last).item()


def busiest(base: Planned) -> str | None:
    """The location, of those that others feed, whose expected demand is worth most; or None."""
    index, network = base.situation.panel.index, base.situation.network
    worth = base.forecast.expected.sum(axis=1, dtype=np.float64) * network.items.unit_cost
    by_place = np.bincount(index.location, worth, len(index.locations))
    kinds = network.locations.kind
    by_place[(kinds == LocationKind.CENTRAL) | ~network.locations.sells] = 0.0
    place = int(np.argmax(by_place))
    return index.locations[place] if by_place[place] > 0 and len(index.locations) > 1 else None


def rehearse(night: Night) -> Iterator[Rehearsed]:
    """Every extreme, step by step."""
    before = figures_of(night.base, night.base)
    for extreme in extremes(night.base):
        yield _rehearsed(extreme, night, before)


def _rehearsed(extreme: Extreme, night: Night, before: Figures) -> Rehearsed:
    steps: list[tuple[str, Figures]] = []
    for scenario in extreme.steps:
        steps.append((scenario.name, figures_of(night.under(scenario), night.base)))
    name, figures = steps[-1]
    return Rehearsed(extreme.name, extreme.place, name, figures, *first_broken(steps, before))


def first_broken(steps: Sequence[tuple[str, Figures]], before: Figures) -> tuple[str, str, float]:
    """The limit that costs most more than before in the mildest step in which any breaks.

    Returns its code, the step and the money; "", "" and 0 where none does.
    """
    least = BREAKS * max(before.values["served_sales"], 1e-9)
    for name, figures in steps:
        more = {
            code: money - before.broken.get(code, 0.0) for code, money in figures.broken.items()
        }
        code = max(more, key=lambda each: more[each], default="")
        if code and more[code] > least:
            return code, name, more[code]
    return "", "", 0.0
