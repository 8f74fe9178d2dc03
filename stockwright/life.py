"""Where each series stands in its life, and whether it breaks out."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import frozen, one_each, require

Floats = NDArray[np.float64]


class LifeStage(IntEnum):
    """The stages; the name in lower case is what the published files say."""

    INTRODUCTION = 0  #: launched lately, or too little seen since to tell
    GROWTH = 1  #: demand rises beyond chance
    MATURITY = 2  #: neither rise nor fall
    DECLINE = 3  #: demand falls beyond chance
    ENDED = 4  #: past its end date, out of season, or silent beyond chance


@dataclass(frozen=True)
class LifeStages:
    """Stage and breakout of each series (or SKU) with the evidence, all (n,).

    stage: uint8 of LifeStage. hit: a breakout: the latest demand is beyond what the past, and the
    category's pace, explain.
    trend: logarithm of demand per week, shrunk. trend_error: its standard error before shrinking.
    weeks: since the launch, below 0 before it. lift: latest demand over what was expected of it.
    chance: probability of a lift as large by chance, in [0, 1]; 1 where nothing can be told.
    silence: probability that a living product would not have sold for as long as it has not.
    """

    stage: NDArray[np.uint8]
    hit: NDArray[np.bool_]
    trend: Floats
    trend_error: Floats
    weeks: Floats
    lift: Floats
    chance: Floats
    silence: Floats

    def __post_init__(self) -> None:
        n = len(self.stage)
        object.__setattr__(self, "stage", frozen("stage", self.stage, (n,), np.uint8))
        object.__setattr__(self, "hit", frozen("hit", self.hit, (n,), np.bool_))
        for name in ("trend", "trend_error", "weeks", "lift", "chance", "silence"):
            object.__setattr__(self, name, one_each(name, getattr(self, name), n))
        require(self.stage <= max(LifeStage), "stage", "a LifeStage")
        for name in ("chance", "silence"):
            values = getattr(self, name)
            require((values >= 0) & (values <= 1), name, "in [0, 1]")

    @classmethod
    def untold(cls, n: int) -> LifeStages:
        """Maturity for all, and no evidence of anything else."""
        zeros, ones = np.zeros(n), np.ones(n)
        stage = np.full(n, LifeStage.MATURITY, np.uint8)
        hit = np.zeros(n, np.bool_)
        return cls(stage, hit, zeros, ones, zeros, ones, ones, ones)

    def with_rows(self, rows: NDArray[Any], other: LifeStages) -> LifeStages:
        """These stages with some rows, (n,) bool, as ``other`` has them."""
        parts = (
            np.where(rows, getattr(other, each.name), getattr(self, each.name))
            for each in fields(self)
        )
        return LifeStages(*parts)

    def take(self, rows: NDArray[Any] | slice) -> LifeStages:
        """The stages of some of the series."""
        return LifeStages(*(getattr(self, each.name)[rows] for each in fields(self)))

    def names(self) -> NDArray[np.object_]:
        """The stage of each series as text, (n,)."""
        words = np.array([stage.name.lower() for stage in LifeStage], object)
        return np.asarray(words[self.stage], object)
