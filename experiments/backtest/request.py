"""What a backtest is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.config.variant import Variant
from stockwright.errors import ConfigError

#: The variant that is the configuration as it stands.
PLAIN = Variant("plain")


@dataclass(frozen=True)
class BacktestRequest:
    """One call of the backtest.

    data: folder of tables or URL of a database. config: file of settings, as ``nightly`` takes it.
    out: folder of runs. variants: changes of the configuration that are compared, the first of them
    the one that the others are held against; none: the configuration as it stands.
    last: date of the last origin, None: ``every`` days before the end of the sales.
    origins: nights, each ``every`` days before the next. horizon: periods to forecast at least,
    None: as configured. series: score a stable sample of so many keys, None: all; models are
    fitted on all. workers: processes. force: do it again.
    """

    data: str
    out: Path
    config: Path | None = None
    variants: tuple[Variant, ...] = (PLAIN,)
    last: np.datetime64 | None = None
    origins: int = 12
    every: int = 7
    horizon: int | None = None
    series: int | None = None
    workers: int = 1
    force: bool = False

    def __post_init__(self) -> None:
        problems = [
            f"{name}: {value}, it must be at least {least}"
            for name, value, least in (
                ("origins", self.origins, 1),
                ("every", self.every, 1),
                ("horizon", 1 if self.horizon is None else self.horizon, 1),
                ("series", 1 if self.series is None else self.series, 1),
                ("workers", self.workers, 1),
            )
            if value < least
        ]
        names = [variant.name for variant in self.variants]
        if not names:
            problems.append("variants: there is none")
        if twice := sorted({name for name in names if names.count(name) > 1}):
            problems.append(f"variants: there twice: {', '.join(twice)}; give each its own name")
        if problems:
            raise ConfigError(f"the backtest cannot be done: {'; '.join(problems)}")
