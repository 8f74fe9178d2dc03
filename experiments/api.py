"""What the commands do, in Python: for notebooks and for studies of one's own.

    from experiments.api import backtest, replay, whatif

    found = backtest("demo-shop", variants={"deeper": {"model": {"leaves": 63}}})
    found.table("metrics")
    found

Each function returns a ``Result`` whose folder is the one that the command would have written;
what was done before is read from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from experiments.record import PLOTS, REPORT, Record, read_record
from pipelines.config.variant import Variant, read_variant
from pipelines.night.events import Observer, quiet
from pipelines.night.request import parse_date, usable_cores
from stockwright.errors import DataError, describe

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from experiments.champions.bid import Decision
    from experiments.whatif.scenario import Scenario
    from pipelines.store.champions import Change

#: Changes of the configuration by name: nested settings, a TOML file, or a variant itself.
Variants = Mapping[str, Mapping[str, Any]] | Sequence[Variant | Path | str]
#: A date written as 2026-11-21, or numpy's.
Day: TypeAlias = "str | np.datetime64"


@dataclass(frozen=True)
class Result:
    """The folder of an experiment, ready to be looked at; a notebook shows its report."""

    folder: Path

    @property
    def record(self) -> Record:
        """Parameters, metrics and segments."""
        return read_record(self.folder)

    @property
    def tables(self) -> list[str]:
        """Names of its tables."""
        return sorted(path.stem for path in self.folder.glob("*.parquet"))

    def table(self, name: str) -> pd.DataFrame:
        """One of its tables. Raises DataError where there is none of that name."""
        import pandas as pd

        path = self.folder / f"{name}.parquet"
        if not path.is_file():
            raise DataError(describe(f"no table {name!r}", self.tables, "these are there"))
        return pd.read_parquet(path)

    @property
    def plots(self) -> list[Path]:
        """Its plots, PNG files."""
        return sorted((self.folder / PLOTS).glob("*.png"))

    def _repr_markdown_(self) -> str:
        return (self.folder / REPORT).read_text("utf-8")


def backtest(
    data: str | Path,
    variants: Variants = (),
    *,
    out: str | Path = "runs",
    config: str | Path | None = None,
    last: Day | None = None,
    observe: Observer | None = None,
    **how: Any,
) -> Result:
    """Forecasts of past nights, scored: ``stockwright backtest``.

    variants: held against the settings as they stand. how: origins, every, horizon, series,
    workers, force, as in ``BacktestRequest``.
    """
    from experiments.backtest.request import PLAIN, BacktestRequest
    from experiments.backtest.run import run_backtest

    request = BacktestRequest(
        data=str(data),
        out=Path(out),
        config=_path(config),
        variants=(PLAIN, *variants_of(variants)),
        last=None if last is None else _date(last),
        **{"workers": usable_cores(), **how},
    )
    return Result(run_backtest(request, observe or quiet))


def replay(
    data: str | Path,
    first: Day,
    nights: int,
    variants: Variants = (),
    *,
    out: str | Path = "runs",
    config: str | Path | None = None,
    observe: Observer | None = None,
    **how: Any,
) -> Result:
    """The nightly plan through months of the past, in money: ``stockwright replay``.

    how: warm_up, refit, skus, workers, force, as in ``ReplayRequest``.
    """
    from experiments.replay.request import ReplayRequest
    from experiments.replay.run import run_replay
    from experiments.shop import Shop

    request = ReplayRequest(
        shop=Shop.open(str(data), _path(config)),
        first=_date(first),
        nights=nights,
        variants=variants_of(variants),
        runs=Path(out),
        **{"workers": usable_cores(), **how},
    )
    return Result(run_replay(request, observe or quiet))


def whatif(
    data: str | Path,
    date: Day,
    scenarios: Mapping[str, Mapping[str, Any]] | Sequence[Scenario | Path | str] = (),
    *,
    out: str | Path = "runs",
    config: str | Path | None = None,
    observe: Observer | None = None,
    **how: Any,
) -> Result:
    """The night as it would be if something were different: ``stockwright whatif``.

    scenarios: by name with their parts, or TOML files. how: rehearsal, curve, workers, force, as
    in ``WhatIfRequest``.
    """
    from experiments.whatif.run import WhatIfRequest, run_whatif

    request = WhatIfRequest(
        source=str(data),
        date=_date(date),
        runs=Path(out),
        scenarios=_scenarios(scenarios),
        config=_path(config),
        **{"workers": usable_cores(), **how},
    )
    return Result(run_whatif(request, observe or quiet))


def study(
    data: str | Path,
    file: str | Path,
    *,
    out: str | Path = "runs",
    config: str | Path | None = None,
    observe: Observer | None = None,
    **how: Any,
) -> Result:
    """Many variants through rungs, ranked by money: ``stockwright study``.

    file: TOML. how: workers, force, as in ``StudyRequest``.
    """
    from experiments.studies.plan import read_study
    from experiments.studies.run import StudyRequest, run_study

    request = StudyRequest(
        study=read_study(Path(file)),
        data=str(data),
        runs=Path(out),
        config=_path(config),
        **{"workers": usable_cores(), **how},
    )
    return Result(run_study(request, observe or quiet))


def challenge(
    variant: Variant | Path | str,
    *,
    nights: int = 28,
    out: str | Path = "runs",
    why: str = "",
    by: str | None = None,
) -> str:
    """A variant registered as a version, which is returned: ``stockwright models challenge``."""
    from experiments.champions.bid import folder_of_champions
    from experiments.champions.change import Said
    from experiments.champions.change import challenge as register

    (read,) = variants_of([variant])
    said = Said.now(why or read.why, by)
    return register(folder_of_champions(Path(out)), read, nights, said).id


def promote(
    name: str,
    why: str,
    *,
    segments: Sequence[str] = (),
    canary: float | None = None,
    force: bool = False,
    out: str | Path = "runs",
    by: str | None = None,
) -> Decision:
    """The gate's verdict on a version, and the change if it decides now: ``stockwright models
    promote``. segments: as ``category=Shoes``.
    """
    from experiments.champions.bid import Bid
    from experiments.champions.change import Said
    from pipelines.store.champions import Segment

    parsed = [Segment.parse(text) for text in segments]
    return Bid.of(Path(out), name, parsed, canary).settle(Said.now(why, by), force)


def rollback(
    why: str = "", *, steps: int = 1, out: str | Path = "runs", by: str | None = None
) -> Change:
    """Back to who decided before: ``stockwright models rollback``."""
    from experiments.champions.bid import folder_of_champions
    from experiments.champions.change import Said
    from experiments.champions.change import rollback as go_back
    from experiments.champions.events import record_change

    change = go_back(folder_of_champions(Path(out)), Said.now(why, by), steps)
    record_change(change, Path(out))
    return change


def variants_of(given: Variants) -> tuple[Variant, ...]:
    """Variants in any of the forms that these functions take. Raises ConfigError."""
    if isinstance(given, Mapping):
        return tuple(Variant(name, settings) for name, settings in given.items())
    return tuple(one if isinstance(one, Variant) else read_variant(Path(one)) for one in given)


def _scenarios(
    given: Mapping[str, Mapping[str, Any]] | Sequence[Scenario | Path | str],
) -> tuple[Scenario, ...]:
    from experiments.whatif.scenario import Scenario, read_scenario, scenario_from

    if isinstance(given, Mapping):
        return tuple(scenario_from({"name": name, **parts}, name) for name, parts in given.items())
    return tuple(one if isinstance(one, Scenario) else read_scenario(Path(one)) for one in given)


def _date(given: Day) -> np.datetime64:
    return parse_date(str(given))


def _path(given: str | Path | None) -> Path | None:
    return None if given is None else Path(given)
