"""A bid of a version to decide: for what, against whom, on what evidence, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from experiments.champions.change import (
    Promotion,
    Said,
    check_scope,
    incumbent,
    promote,
    standing_after,
)
from experiments.champions.events import record_change
from experiments.champions.evidence import Rivals, find_evidence
from experiments.champions.gate import Evidence, Limits, Verdict, judge
from experiments.record import is_done, read_record
from pipelines.night.code_version import code_version
from pipelines.night.layout import RunsFolder
from pipelines.store.champions import ChampionFolder, Change, Segment, Standing


@dataclass(frozen=True)
class Bid:
    """A version that asks to decide.

    runs: folder of runs. asked: what it would decide. standing: who decides now. rivals: the
    version, and the champion in its way.
    """

    runs: Path
    asked: Promotion
    standing: Standing
    rivals: Rivals

    @classmethod
    def of(
        cls, runs: Path, name: str, segments: Sequence[Segment] = (), canary: float | None = None
    ) -> Bid:
        """The bid of a version by its name. Raises ConfigError where it cannot decide that."""
        folder = folder_of_champions(runs)
        version, standing = folder.find(name), folder.state().standing
        asked = Promotion(version, tuple(dict.fromkeys(segments)), canary)
        check_scope(folder, asked)
        champion = folder.version(incumbent(standing, asked.segments))
        return cls(runs, asked, standing, Rivals(folder.version(version), champion))

    @property
    def needless(self) -> bool:
        """Whether it decides already."""
        return standing_after(self.standing, self.asked) == self.standing

    def settle(
        self,
        said: Said,
        force: bool = False,
        evidence: Callable[[Path, Rivals], Evidence] = find_evidence,
        limits: Limits | None = None,
    ) -> Decision:
        """Judge it, and promote where the gate or ``force`` lets it.

        evidence: of two rivals in a folder of runs. limits: by default those of ``Limits``, and
        for a canary no gain. Raises ConfigError where the champion changed in the meantime.
        """
        if self.needless:
            return Decision(self, Evidence(), Verdict(), None)
        found = evidence(self.runs, self.rivals)
        limits = limits or Limits(gain=self.asked.canary is None)
        verdict = judge(found, limits, self.asked.segments)
        if not (verdict.passed or force):
            return Decision(self, found, verdict, None)
        told = {one.name: f"{one.measured}; asked: {one.limit}" for one in verdict.criteria}
        asked = replace(
            self.asked,
            forced=not verdict.passed,
            evidence={"places": list(found.places)} | told,
        )
        change = promote(folder_of_champions(self.runs), asked, said, self.standing)
        if change is not None:
            record_change(change, self.runs)
        return Decision(self, found, verdict, change)


@dataclass(frozen=True)
class Decision:
    """What became of a bid. change: None where nothing was promoted."""

    bid: Bid
    evidence: Evidence
    verdict: Verdict
    change: Change | None

    def places(self) -> list[str]:
        """Where the evidence stands, and whether other code than this made it."""
        return [f"{place}{_made(Path(place))}" for place in self.evidence.places]


def folder_of_champions(runs: Path) -> ChampionFolder:
    """The champions of a folder of runs."""
    return ChampionFolder(RunsFolder(runs).champions)


def _made(place: Path) -> str:
    code = read_record(place).tags.get("code", "") if is_done(place) else ""
    mine = code in ("", code_version(), code_version("", "experiments"))
    return "" if mine else " (made by another version of the code)"
