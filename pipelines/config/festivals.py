"""The festivals of trade: those that come with the package, and a user's own."""

from __future__ import annotations

import tomllib
from calendar import monthrange
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from stockwright.errors import ConfigError, describe

_Offset = Annotated[int, Field(ge=-180, le=180)]
_PACKAGED = "festivals.toml"
_LEAP_YEAR = 2024
_RULES = ({"month", "day"}, {"month", "weekday", "nth"}, {"lunar_month", "lunar_day"})


class Festival(BaseModel):
    """One festival: a rule for its main day and the phases around it.

    countries: ISO codes, none for everywhere. The main day is ``month`` and ``day``; or the
    ``nth`` (-1: the last) ``weekday`` (1 Monday ... 7 Sunday) of ``month``; or ``lunar_month`` and
    ``lunar_day`` of the Chinese calendar. shift: days added to it. phases: first and last day of
    each phase, counted from the main day; none switches the festival off.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, Field(min_length=1)]
    countries: list[Annotated[str, Field(pattern="^[A-Z]{2}$")]] = Field(default_factory=list)
    month: Annotated[int, Field(ge=1, le=12)] | None = None
    day: Annotated[int, Field(ge=1, le=31)] | None = None
    weekday: Annotated[int, Field(ge=1, le=7)] | None = None
    nth: Literal[-1, 1, 2, 3, 4, 5] | None = None
    lunar_month: Annotated[int, Field(ge=1, le=12)] | None = None
    lunar_day: Annotated[int, Field(ge=1, le=29)] | None = None
    shift: _Offset = 0
    phases: dict[str, tuple[_Offset, _Offset]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _spans_are_pairs(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("phases"), dict):
            return value
        spans = value["phases"].items()
        pairs = {k: tuple(v) if isinstance(v, list) else v for k, v in spans}
        return value | {"phases": pairs}

    @model_validator(mode="after")
    def _has_one_rule(self) -> Festival:
        fields = {name for rule in _RULES for name in rule}
        given = {name for name in fields if getattr(self, name) is not None}
        if given not in _RULES:
            raise ValueError(
                "give month and day, or month, weekday and nth, or lunar_month and lunar_day"
            )
        if self.month and self.day and self.day > monthrange(_LEAP_YEAR, self.month)[1]:
            raise ValueError(f"month {self.month} has no day {self.day} in any year")
        wrong = [name for name, (first, last) in self.phases.items() if last < first]
        if wrong:
            raise ValueError(f"phases end before they start: {', '.join(wrong)}")
        return self


def plain_message(error: Mapping[str, Any]) -> str:
    """What one of pydantic's errors says, without the class of an exception before it."""
    return str(error["msg"]).removeprefix("Value error, ")


def read_festivals(path: Path) -> list[Festival]:
    """The festivals of a user's file. Raises ConfigError that lists all its problems."""
    try:
        return _parsed(path.read_text("utf-8-sig"), path.name)
    except OSError as error:
        raise ConfigError(f"cannot read calendar.festivals {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name} is not UTF-8 text; save it as UTF-8") from error


def festivals_of(country: str, own: list[Festival]) -> list[Festival]:
    """The festivals of a country, by name: a user's own go before those of the package.

    Without a country only the user's own are kept.
    """
    packaged = resources.files("pipelines.config") / _PACKAGED
    known = _parsed(packaged.read_text("utf-8"), _PACKAGED) if country else []
    by_name = {each.name: each for each in [*known, *own]}
    kept = (by_name[name] for name in sorted(by_name))
    return [each for each in kept if not each.countries or country in each.countries]


def _parsed(text: str, name: str) -> list[Festival]:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name} is not valid TOML: {error}") from error
    entries = content.get("festival", [])
    if set(content) - {"festival"} or not isinstance(entries, list):
        raise ConfigError(f"{name} holds tables [[festival]] and nothing else")
    found, problems = [], []
    for place, entry in enumerate(entries, start=1):
        try:
            found.append(Festival.model_validate(entry))
        except ValidationError as error:
            for one in error.errors():
                where = ".".join(str(part) for part in one["loc"])
                problems.append(f"festival {place} {where}".rstrip() + f": {plain_message(one)}")
    names = [each.name for each in found]
    problems += [f"festival {each!r} is there twice" for each in sorted(_twice(names))]
    if problems:
        raise ConfigError(
            describe(f"{name} cannot be read", problems, "docs/contract.md describes the file")
        )
    return found


def _twice(names: list[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}
