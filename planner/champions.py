"""What the commands of ``stockwright models`` do: change who decides, and show it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from experiments.champions.basis import known_shop
from experiments.champions.bid import Bid
from experiments.champions.change import Said, challenge, rollback
from experiments.champions.events import record_change
from experiments.champions.evidence import (
    Rivals,
    Trial,
    find_evidence,
    make_evidence,
    read_evidence,
)
from experiments.champions.gate import Evidence, Verdict
from experiments.champions.shadow import shadow_weeks
from pipelines.config import load_config
from pipelines.config.variant import read_variant
from pipelines.night.layout import RunsFolder
from pipelines.night.outcome import ExitCode
from pipelines.night.request import parse_date, usable_cores
from pipelines.store.champions import (
    BASE,
    ChampionFolder,
    Change,
    Segment,
    Standing,
    State,
    Version,
)
from planner.progress import watched
from stockwright.errors import ConfigError, counted

_CHANGES_SHOWN = 10


@dataclass(frozen=True)
class PromoteOptions:
    """The options of ``stockwright models promote`` as they were typed."""

    out: Path
    name: str
    why: str
    segments: tuple[str, ...] = ()
    canary: float | None = None
    force: bool = False
    by: str | None = None
    evidence: tuple[Path, ...] = ()
    data: str | None = None
    first: str | None = None
    nights: int | None = None
    skus: int | None = None
    config: Path | None = None
    workers: int | None = None

    def __post_init__(self) -> None:
        if not self.why.strip():
            raise ConfigError("--why is empty; say why, the history keeps it")
        if self.canary is not None and not 0.0 < self.canary < 1.0:
            raise ConfigError(f"--canary is a share between 0 and 1, got {self.canary}")
        if (self.data is None) != (self.first is None):
            raise ConfigError("--data and --from go together: they ask for a replay now")
        if self.data is not None and self.evidence:
            raise ConfigError("--evidence and --data exclude each other; give one of them")


def challenge_and_show(
    out: Path, variant: Path, nights: int, why: str, by: str | None, config: Path | None = None
) -> int:
    """``stockwright models challenge``. config: of the shop, None: as its last night had it."""
    runs = RunsFolder(out)
    runs.prepare()
    read = read_variant(variant)
    shop = known_shop(out) if config is None else load_config(config)
    said = Said.now(why or read.why, by)
    version = challenge(ChampionFolder(runs.champions), read, nights, said, shop)
    print(f"Registered: {version.id}")
    if nights:
        print(f"It plans in the shadow of the next {counted(nights, 'night')}.")
    return ExitCode.PUBLISHED


def promote_and_show(options: PromoteOptions) -> int:
    """``stockwright models promote``."""
    _folder(options.out)
    segments = [Segment.parse(text) for text in options.segments]
    bid = Bid.of(options.out, options.name, segments, options.canary)
    if bid.needless:
        print(f"Unchanged: {bid.asked.version} decides already.")
        return ExitCode.PUBLISHED
    said = Said.now(options.why, options.by)
    decision = bid.settle(said, options.force, partial(_evidence, options))
    Console(highlight=False).print(_verdict(decision.verdict, bid.rivals))
    for place in decision.places():
        print(f"evidence: {place}")
    if decision.change is None:
        print("Not promoted. --force promotes all the same, and the history says so.")
        return ExitCode.GATE
    _show_change(decision.change)
    return ExitCode.PUBLISHED


def _evidence(options: PromoteOptions, runs: Path, rivals: Rivals) -> Evidence:
    if options.evidence:
        return read_evidence(options.evidence, runs, rivals)
    if options.data is None or options.first is None:
        return find_evidence(runs, rivals)
    # LightGBM reads this when it is loaded: waiting threads shall sleep, not spin.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    trial = Trial(
        options.data,
        parse_date(options.first),
        options.nights,
        options.config,
        skus=options.skus,
        workers=options.workers or usable_cores(),
    )
    with watched() as observe:
        return make_evidence(trial, runs, rivals, observe)


def _verdict(verdict: Verdict, rivals: Rivals) -> Table:
    title = f"{rivals.version.id} against {rivals.champion.id}"
    table = Table("criterion", "measured", "limit", "verdict", title=escape(title))
    for one in verdict.criteria:
        word = "passed" if one.passed else "FAILED"
        table.add_row(*map(escape, (one.name, one.measured, one.limit, word)))
    return table


def rollback_and_show(out: Path, steps: int, why: str, by: str | None) -> int:
    """``stockwright models rollback``."""
    change = rollback(_folder(out), Said.now(why, by), steps)
    record_change(change, out)
    _show_change(change)
    return ExitCode.PUBLISHED


def show_versions(out: Path) -> int:
    """``stockwright models list``."""
    folder = _folder(out)
    state = folder.state()
    console = Console(highlight=False)
    table = Table("version", "stands as", "registered", "by", "why")
    table.columns[0].no_wrap = True
    for version in (folder.version(BASE), *folder.versions()):
        name = BASE if version.variant.name == BASE else version.id
        cells = (name, _role(folder, state, name), version.at, version.by, version.variant.why)
        table.add_row(*map(escape, cells))
    console.print(table)
    changes = folder.history()[-_CHANGES_SHOWN:]
    if changes:
        console.print(_changes(changes))
    return ExitCode.PUBLISHED


def show_version(out: Path, name: str) -> int:
    """``stockwright models show``."""
    folder = _folder(out)
    version_name = folder.find(name)
    version, state = folder.version(version_name), folder.state()
    console = Console(highlight=False)
    _print_card(console, version_name, version)
    console.print(f"stands as: {_role(folder, state, version_name) or '-'}", markup=False)
    settings = json.dumps(version.variant.config, ensure_ascii=False, indent=1)
    console.print(f"settings: {settings}", markup=False)
    if state.standing.champion != version_name:
        _print_shadow(console, folder, version_name, state.standing.champion)
    changes = [one for one in folder.history() if one.version == version_name]
    if changes:
        console.print(_changes(changes))
    return ExitCode.PUBLISHED


def _print_card(console: Console, name: str, version: Version) -> None:
    console.print(name, markup=False)
    for what, text in (("why", version.variant.why), ("by", version.by), ("at", version.at)):
        if text:
            console.print(f"{what}: {text}", markup=False)
    if version.code:
        console.print(f"code: {version.code[:16]}", markup=False)


def _print_shadow(console: Console, folder: ChampionFolder, name: str, champion: str) -> None:
    """Its nights beside the champion: the last plan of both, and their forecasts on what sold."""
    weeks = shadow_weeks(folder, name, champion)
    if weeks.money:
        last = weeks.money[-1]
        title = f"the plan of {last.date}, each by its own forecast"
        table = Table("figure", champion, name, title=title)
        for figure, value in last.challenger.items():
            before = last.champion.get(figure)
            if value is not None and before is not None:
                table.add_row(figure, f"{before:,.4g}", f"{value:,.4g}")
        console.print(table)
    if weeks.paired is not None:
        title = f"forecasts of {counted(weeks.nights, 'night')} on what the week after sold"
        table = Table("metric", champion, name, "difference", "95 % interval", title=title)
        for row in weeks.paired[weeks.paired["segment_kind"] == "all"].itertuples():
            span = f"{row.low:+.4f} to {row.high:+.4f}"
            cells = (f"{row.base:.4f}", f"{row.value:.4f}", f"{row.difference:+.4f}", span)
            table.add_row(str(row.metric), *cells)
        console.print(table)


def _show_change(change: Change) -> None:
    print(f"{_spelled(change.before)} -> {_spelled(change.after)}")
    print("The next night uses it; a date that is published takes --force.")


def _role(folder: ChampionFolder, state: State, version: str) -> str:
    standing = state.standing
    roles = ["champion"] if standing.champion == version else []
    roles += [f"champion of {one.segment}" for one in standing.segments if one.version == version]
    if standing.canary is not None and standing.canary.version == version:
        where = f" in {standing.canary.segment}" if standing.canary.segment else ""
        roles.append(f"canary of {standing.canary.share:.1%} of the SKUs{where}")
    for one in state.challengers:
        if one.version == version:
            done = min(len(folder.nights_of(version)), one.nights)
            roles.append(f"challenger, {done} of {one.nights} nights")
    return ", ".join(roles)


def _spelled(standing: Standing) -> str:
    parts = [standing.champion, *(f"{one.version} for {one.segment}" for one in standing.segments)]
    if standing.canary is not None:
        where = f" in {standing.canary.segment}" if standing.canary.segment else ""
        parts.append(
            f"{standing.canary.version} for {standing.canary.share:.1%} of the SKUs{where}"
        )
    return ", ".join(parts)


def _changes(changes: Sequence[Change]) -> Table:
    table = Table("when", "who", "what", "who decides then", "why")
    for one in reversed(changes):
        act = f"{one.act}, forced" if one.forced else one.act
        cells = (one.at, one.by, f"{act} {one.version}", _spelled(one.after), one.why)
        table.add_row(*map(escape, cells))
    return table


def _folder(out: Path) -> ChampionFolder:
    if not out.is_dir():
        raise ConfigError(f"the folder of runs {out} is not there; check --out")
    return ChampionFolder(RunsFolder(out).champions)
