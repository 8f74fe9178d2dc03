"""Successive halving: all variants on little, those that are left on more (Jamieson & Talwalkar
2016), with a clock that decides how much is run and never who is ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from experiments.studies.plan import BASE, Rung
from experiments.studies.scores import Scores, dropped, ranked


class Evaluate(Protocol):
    """Scores of some variants at a rung, in their order."""

    def __call__(self, names: Sequence[str], rung: Rung) -> Iterable[Scores]:
        """The same name and rung give the same scores, whatever else is asked."""


@dataclass(frozen=True)
class Course:
    """How a study went.

    scores: of each rung by name, of the last one perhaps not of all. complete: rungs that all who
    were to run it have run; the order is that of the last of them, or of a first one that is not.
    dropped: rung after which a variant was. begun: names in the order of the file, base first.
    """

    names: tuple[str, ...]
    scores: tuple[Mapping[str, Scores], ...]
    complete: int
    dropped: Mapping[str, int]

    @property
    def judged(self) -> int:
        """The rung that the order of those that are left is told by."""
        return max(self.complete - 1, 0)

    def order(self) -> list[str]:
        """Names of all that ran, the best first.

        The first rung places them; those that ran a later one change places among themselves, so
        that two variants stand as the last rung that both ran has them, or one between them has.
        """
        if not self.scores:
            return []
        out = ranked(self.scores[0])
        for scores in self.scores[1 : self.judged + 1]:
            places = [place for place, name in enumerate(out) if name in scores]
            for place, name in zip(places, ranked(scores), strict=True):
                out[place] = name
        return out

    def rung_of(self, name: str) -> int | None:
        """The last judged rung that a variant ran; None for one that did not run."""
        for rung in range(min(self.judged, len(self.scores) - 1), -1, -1):
            if name in self.scores[rung]:
                return rung
        return None

    def not_run(self) -> list[str]:
        """Names that there was no time for."""
        return [name for name in self.names if self.rung_of(name) is None]


def halve(
    names: Sequence[str],
    rungs: Sequence[Rung],
    keep: float,
    evaluate: Evaluate,
    in_time: Callable[[], bool],
    at_a_time: int = 1,
) -> Course:
    """Run the rungs; see ``Course``.

    names: variants without the base, which runs first at every rung and is never dropped. in_time:
    asked before variants are begun. at_a_time: how many are given to ``evaluate`` together.
    """
    left = [BASE, *names]
    found: list[dict[str, Scores]] = []
    gone: dict[str, int] = {}
    for rung in rungs:
        scores: dict[str, Scores] = {}
        for some in _batches(left, at_a_time):
            if not in_time():
                return _course(names, found, scores, gone)
            scores |= dict(zip(some, evaluate(some, rung), strict=True))
        found.append(scores)
        if rung is not rungs[-1]:
            hopeless = dropped(scores, keep, (BASE,))
            gone |= dict.fromkeys(hopeless, rung.number)
            left = [name for name in left if name not in hopeless]
    return Course((BASE, *names), tuple(found), len(found), gone)


def _course(
    names: Sequence[str],
    found: list[dict[str, Scores]],
    partly: dict[str, Scores],
    gone: dict[str, int],
) -> Course:
    """A course that the clock ended: a rung that not all have run judges nobody but at the first
    rung, where nothing else does.
    """
    every = (*found, partly) if partly else tuple(found)
    return Course((BASE, *names), every, len(found), gone)


def _batches(names: Sequence[str], size: int) -> Iterable[list[str]]:
    """The base by itself, whose work others share; then so many at a time."""
    yield list(names[:1])
    for first in range(1, len(names), size):
        yield list(names[first : first + size])
