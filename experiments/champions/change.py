"""Change who decides: one change at a time, whole or not at all, and each one written down.

The state is replaced in one step and holds the change that led to it; then the change is added to
the history. A kill between the two leaves the history one line short, and the next change adds it.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from filelock import FileLock, Timeout

from pipelines.config import Config
from pipelines.config.variant import Variant
from pipelines.night.code_version import code_version
from pipelines.store.champions import (
    BASE,
    Act,
    Canary,
    Challenger,
    ChampionFolder,
    Change,
    Holder,
    Segment,
    Standing,
    State,
    Version,
    source_of,
)
from pipelines.store.files import sync_folder, written_whole
from stockwright.errors import ConfigError, LockedError, describe

_PATIENCE = 20.0


@dataclass(frozen=True)
class Said:
    """Who changes something, when (UTC, ISO 8601) and why."""

    by: str
    at: str
    why: str

    @classmethod
    def now(cls, why: str, by: str | None = None) -> Said:
        """Said now, by the user of this system if nobody is named."""
        return cls(by or getpass.getuser(), datetime.now(UTC).isoformat(timespec="seconds"), why)


@dataclass(frozen=True)
class Promotion:
    """What is to decide what.

    version: as registered. segments: parts of the shop that it decides for, empty for all of it.
    canary: share of the SKUs, None for all of them. forced: against the gate, or without it.
    evidence: what the gate measured.
    """

    version: str
    segments: tuple[Segment, ...] = ()
    canary: float | None = None
    forced: bool = False
    evidence: Mapping[str, Any] = field(default_factory=dict)


def challenge(
    folder: ChampionFolder, variant: Variant, nights: int, said: Said, shop: Config | None = None
) -> Version:
    """Register a variant and let it plan in the shadow for ``nights`` nights, 0 for none.

    The same settings under the same name are the same version; its nights so far stay, and the new
    ones come on top. shop: its own configuration, None where that is not known. Raises ConfigError
    for settings that do not fit it, or that no version may have.
    """
    if variant.name == BASE:
        raise ConfigError(
            f"{BASE!r} is the shop's own configuration; give the variant another name"
        )
    variant.check(shop)
    version = Version(variant, said.by, said.at, code_version(), source_of(variant))
    with _changing(folder) as state:
        place = folder.version_file(version.id)
        place.parent.mkdir(exist_ok=True)
        if not place.is_file():
            with written_whole(place) as file:
                file.write(version.to_json().encode())
        others = [one for one in state.challengers if one.version != version.id]
        done = len(folder.nights_of(version.id))
        told = [Challenger(version=version.id, nights=done + nights)] if nights else []
        changed = state.model_copy(update={"challengers": (*others, *told)})
        _commit(folder, state, changed, "challenge", version.id, said)
    return version


def promote(
    folder: ChampionFolder, asked: Promotion, said: Said, judged_against: Standing | None = None
) -> Change | None:
    """Let a version decide; None where it does already.

    judged_against: the standing that the evidence was held against. A version promoted to the
    whole shop ends its own canary; segments keep their champions. The shop's champion promoted to
    a segment takes the segment back. Raises ConfigError where the standing is another one by now,
    or where a version that changes more than the forecast is to share a night.
    """
    folder.version(asked.version).check_source()
    check_scope(folder, asked)
    with _changing(folder) as state:
        if judged_against is not None and state.standing != judged_against:
            by = state.change.by if state.change else "somebody"
            raise ConfigError(
                f"{by} changed the champions in the meantime; nothing was promoted. Look at them "
                "with `stockwright models list` and promote again"
            )
        after = standing_after(state.standing, asked)
        if after == state.standing:
            return None
        changed = state.model_copy(
            update={"standing": after, "stack": (*state.stack, state.standing)}
        )
        return _commit(folder, state, changed, "promote", asked.version, said, asked)


def rollback(folder: ChampionFolder, said: Said, steps: int = 1) -> Change:
    """Go back to who decided before the last promotion, or before the last ``steps`` of them.

    Raises ConfigError where there were fewer.
    """
    with _changing(folder) as state:
        if steps > len(state.stack):
            raise ConfigError(
                f"there is no standing {steps} promotions back: {len(state.stack)} can be undone; "
                "see `stockwright models list`"
            )
        back = state.stack[-steps]
        for version in versions_in(back):
            folder.version(version)
        changed = state.model_copy(update={"standing": back, "stack": state.stack[:-steps]})
        return _commit(folder, state, changed, "rollback", back.champion, said)


def standing_after(standing: Standing, asked: Promotion) -> Standing:
    """Who decides once a promotion is done."""
    segments, canary = standing.segments, standing.canary
    if asked.canary is not None:
        segment = asked.segments[0] if asked.segments else None
        trial = Canary(version=asked.version, share=asked.canary, segment=segment)
        return standing.model_copy(update={"canary": trial})
    if canary is not None and canary.version == asked.version:
        canary = None
    if not asked.segments:
        kept = tuple(one for one in segments if one.version != asked.version)
        return Standing(champion=asked.version, segments=kept, canary=canary)
    rest = [one for one in segments if one.segment not in asked.segments]
    if asked.version != standing.champion:
        rest += [Holder(segment=one, version=asked.version) for one in asked.segments]
    return Standing(champion=standing.champion, segments=tuple(rest), canary=canary)


def incumbent(standing: Standing, segments: Sequence[Segment]) -> str:
    """The version that decides for some segments now, or for the whole shop.

    Raises ConfigError where it is not the same one for all of them.
    """
    held = {one.segment: one.version for one in standing.segments}
    found = sorted({held.get(one, standing.champion) for one in segments} or {standing.champion})
    if len(found) > 1:
        raise ConfigError(describe("segments of several champions", found, "promote one by one"))
    return found[0]


def versions_in(standing: Standing) -> list[str]:
    """The versions that decide something, the champion first."""
    canary = [standing.canary.version] if standing.canary else []
    found = [standing.champion, *(one.version for one in standing.segments), *canary]
    return list(dict.fromkeys(found))


def check_scope(folder: ChampionFolder, asked: Promotion) -> None:
    """Raise ConfigError where a version cannot decide for what it is asked to decide for."""
    if not asked.segments and asked.canary is None:
        return
    if asked.canary is not None and len(asked.segments) > 1:
        raise ConfigError("a canary is of the whole shop or of one segment; give one --segment")
    beyond = folder.version(asked.version).variant.beyond_forecast()
    if beyond:
        advice = (
            "segments and canaries share one plan with the champion and differ in the forecast "
            "alone, so promote it to the whole shop, or challenge without these settings"
        )
        raise ConfigError(
            describe(f"{asked.version} changes more than the forecast", beyond, advice)
        )


@contextlib.contextmanager
def _changing(folder: ChampionFolder) -> Iterator[State]:
    """The state, held against other changes for the length of the block. Raises LockedError."""
    folder.root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.root / ".lock")
    try:
        lock.acquire(timeout=_PATIENCE)
    except Timeout as error:
        raise LockedError(
            f"another process changes the champions in {folder.root}; try again"
        ) from error
    try:
        yield folder.state()
    finally:
        lock.release()


def _commit(
    folder: ChampionFolder,
    state: State,
    changed: State,
    act: Act,
    version: str,
    said: Said,
    asked: Promotion | None = None,
) -> Change:
    change = Change(
        revision=state.revision + 1,
        act=act,
        version=version,
        by=said.by,
        at=said.at,
        why=said.why,
        forced=asked is not None and asked.forced,
        evidence=dict(asked.evidence) if asked else {},
        before=state.standing,
        after=changed.standing,
    )
    new = changed.model_copy(update={"revision": change.revision, "change": change})
    _add(folder, [state])
    with written_whole(folder.state_file) as file:
        file.write(new.model_dump_json(indent=1).encode())
    _add(folder, [new])
    return change


def _add(folder: ChampionFolder, states: Sequence[State]) -> None:
    """Add changes to the history, but for those that stand there."""
    place = folder.history_file
    content = place.read_bytes() if place.is_file() else b""
    there = {_revision(line) for line in content.splitlines()}
    for state in states:
        if state.change is None or state.change.revision in there:
            continue
        whole = state.model_dump(mode="json", exclude={"change"})
        line = {"change": state.change.model_dump(mode="json"), "state": whole}
        # A line that a crash cut off must not run on.
        start = b"" if content.endswith(b"\n") or not content else b"\n"
        text = json.dumps(line, ensure_ascii=False).encode() + b"\n"
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(handle, start + text)
            os.fsync(handle)
        finally:
            os.close(handle)
        sync_folder(place.parent)


def _revision(line: bytes) -> int | None:
    try:
        return int(json.loads(line)["change"]["revision"])
    except (ValueError, KeyError, TypeError):
        return None
