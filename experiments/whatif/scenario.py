"""Scenarios as a planner writes them: one TOML file each.

    name = "double-11-bigger"
    why = "the platform gives us the front page"

    [[demand]]                  # demand times a factor
    factor = 3.0
    category = "服饰"
    start = 2025-11-01
    end = 2025-11-12

    [[outage]]                  # a supplier or a location does nothing
    party = "V001"
    days = 14

Further parts: ``event``, ``lead_time``, ``inbound``, ``capacity``, ``budget_factor``, ``config``.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.config.load import listed_problems, nearest, read_toml
from pipelines.config.variant import Variant
from stockwright.errors import ConfigError

Factor = Annotated[float, Field(ge=0.0, le=1000.0)]
Days = Annotated[int, Field(ge=-366, le=366)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class DemandChange(_Part):
    """Demand times ``factor``, of the keys and days that are named; of all where none is."""

    factor: Factor
    category: str = ""
    sku: str = ""
    location: str = ""
    start: datetime.date | None = None
    end: datetime.date | None = None


class EventChange(_Part):
    """Rows of an event that have not begun: moved by ``shift_days``, sold at ``discount_off``."""

    event: str
    phase: str = ""
    shift_days: Days = 0
    discount_off: Annotated[float, Field(ge=0.0, lt=1.0)] | None = None


class LeadTimeChange(_Part):
    """Orders, from a source or to a destination, take so many days more. Not what is on its way."""

    days: Annotated[int, Field(ge=1, le=366)]
    source: str = ""
    destination: str = ""


class Outage(_Part):
    """A supplier or location does nothing: for ``days``, else until further notice.

    The stock at a location cannot be reached meanwhile; what its customers want stays.
    """

    party: str
    days: Annotated[int, Field(ge=1, le=366)] | None = None


class InboundChange(_Part):
    """What is on its way: ``factor`` of the units come, ``delay_days`` later."""

    factor: Factor = 1.0
    delay_days: Annotated[int, Field(ge=0, le=366)] = 0
    source: str = ""
    destination: str = ""


class CapacityChange(_Part):
    """Limits times a factor, where there are any: of a location, or of what a source delivers."""

    location: str = ""
    source: str = ""
    inbound: Factor | None = None
    outbound: Factor | None = None
    storage: Factor | None = None
    units: Factor | None = None

    @model_validator(mode="after")
    def _fits(self) -> CapacityChange:
        of_place = (self.inbound, self.outbound, self.storage)
        if bool(self.location) == bool(self.source):
            raise ValueError("give a location or a source")
        if self.location and (self.units is not None or not any(f is not None for f in of_place)):
            raise ValueError("a location has inbound, outbound or storage")
        if self.source and (self.units is None or any(f is not None for f in of_place)):
            raise ValueError("a source has units")
        return self


class Scenario(_Part):
    """One scenario. budget_factor: of the budget, else of what the plan spends without one.
    config: settings that replace those of the shop.
    """

    name: str = ""
    why: str = ""
    demand: tuple[DemandChange, ...] = ()
    event: tuple[EventChange, ...] = ()
    lead_time: tuple[LeadTimeChange, ...] = ()
    outage: tuple[Outage, ...] = ()
    inbound: tuple[InboundChange, ...] = ()
    capacity: tuple[CapacityChange, ...] = ()
    budget_factor: Factor | None = None
    config: dict[str, Any] = Field(default_factory=dict)

    @property
    def parts(self) -> tuple[BaseModel, ...]:
        """What it changes beside the settings."""
        groups = (self.event, self.lead_time, self.outage, self.inbound, self.capacity)
        return (*self.demand, *(part for group in groups for part in group))

    @property
    def variant(self) -> Variant:
        """Its settings, as a variant of the configuration."""
        return Variant(self.name, self.config, self.why)

    def text(self) -> str:
        """All of it, for a digest."""
        return self.model_dump_json()


def read_scenario(path: Path) -> Scenario:
    """The scenario in a TOML file; without ``name`` it has that of the file.

    Raises ConfigError that lists every problem of it.
    """
    content = read_toml(path, "scenario")
    return scenario_from({"name": path.stem, **content}, path.name)


def scenario_from(content: dict[str, Any], file: str) -> Scenario:
    """A scenario from nested settings. file: for messages. Raises ConfigError."""
    lists = {name: tuple(value) for name, value in content.items() if isinstance(value, list)}
    try:
        found = Scenario.model_validate({**content, **lists})
        _ = found.variant
    except ValidationError as error:
        raise ConfigError(listed_problems(file, list(_problems(error)))) from error
    if not any((found.parts, found.config, found.budget_factor is not None)):
        raise ConfigError(f"{file} changes nothing; see docs/experiments.md for what it may hold")
    return found


def _problems(error: ValidationError) -> Iterator[str]:
    for one in error.errors():
        place = ".".join(str(part) for part in one["loc"])
        if one["type"] == "extra_forbidden":
            yield f"{place}: unknown key{nearest(str(one['loc'][-1]), _known(one['loc']))}"
        else:
            yield f"{place}: {one['msg'][:1].lower()}{one['msg'][1:]}"


_PARTS: dict[str, type[_Part]] = {
    "demand": DemandChange,
    "event": EventChange,
    "lead_time": LeadTimeChange,
    "outage": Outage,
    "inbound": InboundChange,
    "capacity": CapacityChange,
}


def _known(place: tuple[int | str, ...]) -> list[str]:
    part = _PARTS.get(str(place[0])) if len(place) > 1 else Scenario
    return list((part or Scenario).model_fields)
