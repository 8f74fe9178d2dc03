"""The TOML file of a study: variants, what they are measured on, and what that may cost.

name = "leaves"

[budget]
minutes = 60

[replay]
from = "2025-04-27"
nights = [28, 91]

[grid]
"model.leaves" = [15, 31, 63]

[[variant]]
name = "safer"
[variant.config.service]
cap = 0.99
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.config.load import listed_problems, read_toml
from pipelines.config.variant import Variant, variant_of
from stockwright.errors import ConfigError

#: The shop's own configuration, which every study measures beside its variants.
BASE = "base"
#: Most variants that a grid may spell out.
MOST = 500
_Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
_Counts = Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class BudgetPart(_Part):
    """minutes: after which nothing more is begun; None: no end."""

    minutes: Annotated[float, Field(gt=0.0)] | None = None


class HalvingPart(_Part):
    """keep: share of the variants, the best ones, that a rung drops none of."""

    keep: Annotated[float, Field(gt=0.0, le=1.0)] = 0.5


class ReplayPart(_Part):
    """A replay at each rung: from a first evening over more and more nights."""

    first: Annotated[_Day, Field(alias="from")]
    nights: _Counts
    refit: Annotated[int, Field(ge=1)] = 7
    skus: Annotated[int, Field(ge=1)] | None = None


class BacktestPart(_Part):
    """A backtest at each rung, of more and more origins."""

    origins: _Counts
    last: _Day | None = None
    every: Annotated[int, Field(ge=1)] = 7
    series: Annotated[int, Field(ge=1)] | None = None


class _File(_Part):
    name: str | None = None
    why: str = ""
    budget: BudgetPart = BudgetPart()
    halving: HalvingPart = HalvingPart()
    replay: ReplayPart | None = None
    backtest: BacktestPart | None = None
    grid: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(default_factory=dict)
    variant: list[dict[str, Any]] = Field(default_factory=list)


@dataclass(frozen=True)
class Rung:
    """How much a variant is measured on: nights of a replay, origins of a backtest; 0: none."""

    number: int
    nights: int
    origins: int


@dataclass(frozen=True)
class Study:
    """variants: without the base. replay, backtest: None where not asked for."""

    name: str
    why: str
    variants: tuple[Variant, ...]
    minutes: float | None
    keep: float
    replay: ReplayPart | None
    backtest: BacktestPart | None

    def rungs(self) -> tuple[Rung, ...]:
        """The rungs, the cheapest first; a part with fewer of them stays at its last one."""
        nights = self.replay.nights if self.replay else [0]
        origins = self.backtest.origins if self.backtest else [0]
        count = max(len(nights), len(origins))
        return tuple(
            Rung(n, nights[min(n, len(nights) - 1)], origins[min(n, len(origins) - 1)])
            for n in range(count)
        )


def read_study(path: Path) -> Study:
    """The study in a TOML file. Raises ConfigError that lists every problem."""
    content = read_toml(path, "study")
    try:
        given = _File.model_validate(content)
    except ValidationError as error:
        raise ConfigError(listed_problems(path.name, list(map(_said, error.errors())))) from error
    variants = [variant_of(one, "", path.name) for one in given.variant]
    variants += _from_grid(given.grid, path.name)
    if problems := [*_of_variants(variants), *_of_rungs(given)]:
        raise ConfigError(listed_problems(path.name, problems))
    return Study(
        given.name or path.stem,
        given.why,
        tuple(variants),
        given.budget.minutes,
        given.halving.keep,
        given.replay,
        given.backtest,
    )


def _said(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    return f"{place}: {error['msg']}, got {error['input']!r}"


def _of_variants(variants: list[Variant]) -> Iterator[str]:
    names = [variant.name for variant in variants]
    if not names:
        yield "no variant: write [[variant]] or [grid]"
    if twice := sorted({name for name in names if names.count(name) > 1}):
        yield f"variants that are there twice: {', '.join(twice)}"
    if BASE in names:
        yield f"{BASE!r} is the name of the shop's own configuration"


def _of_rungs(given: _File) -> Iterator[str]:
    if given.replay is None and given.backtest is None:
        yield "nothing to measure on: write [replay] or [backtest]"
    asked: dict[str, list[int]] = {
        "replay.nights": given.replay.nights if given.replay else [],
        "backtest.origins": given.backtest.origins if given.backtest else [],
    }
    for name, counts in asked.items():
        if sorted(set(counts)) != counts:
            yield f"{name}: the rungs must rise, got {counts}"


def _from_grid(grid: Mapping[str, list[Any]], file: str) -> list[Variant]:
    """Every combination of the values of some settings."""
    if not grid:
        return []
    combinations = list(product(*grid.values()))
    if len(combinations) > MOST:
        raise ConfigError(f"{file}: a grid of {len(combinations)} variants, at most {MOST}")
    made = []
    for values in combinations:
        pairs = list(zip(grid, values, strict=True))
        config: dict[str, Any] = {}
        for key, value in pairs:
            _set(config, key.split("."), value)
        name = "_".join(f"{key.rpartition('.')[2]}-{_short(value)}" for key, value in pairs)
        made.append(Variant(re.sub(r"[^a-z0-9._-]+", "-", name.lower())[:64], config))
    return made


def _short(value: Any) -> str:
    return "-".join(map(str, value)) if isinstance(value, list) else str(value)


def _set(config: dict[str, Any], path: list[str], value: Any) -> None:
    for part in path[:-1]:
        config = config.setdefault(part, {})
    config[path[-1]] = value
