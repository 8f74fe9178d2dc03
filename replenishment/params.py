"""What a plan may be told from outside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stockwright.errors import ConfigError


@dataclass(frozen=True)
class Receiving:
    """Money for taking goods in, >= 0: a loose unit, a case, a layer, a pallet.

    inf: such a piece costs what it holds.
    """

    unit: float = 0.0
    case: float = np.inf
    layer: float = np.inf
    pallet: float = np.inf

    def __post_init__(self) -> None:
        broken = [name for name, price in vars(self).items() if not price >= 0]
        if broken or np.isinf(self.unit):
            raise ConfigError(f"receiving must be >= 0, and unit finite: {vars(self)}")


@dataclass(frozen=True)
class PlanParams:
    """Settings of ``plan_night``; money in the currency of the costs, time in periods.

    budget: most money tonight's orders may cost together, >= 0, inf for no limit.
    paths: sampled futures per key, >= 16. seed: of the sampled futures.
    level_cap: no money makes the engine buy a higher quantile than this one, in (0.5, 1). It
        does not forbid a first unit, nor service levels that are asked for.
    close_points: most closes of one review interval at which holding is counted one by one; a
        longer interval is counted at this many evenly spread closes.
    lifetime: demand further ahead than this many periods is no reason to buy tonight; an MOQ
        above it is too large.
    cells: most sampled numbers held in memory at once.
    core_lots: most lots that the integer program weighs one by one.
    solver_effort: CP-SAT deterministic time, a measure of work and not of the clock.
    ahead: order tonight what a peak will need and later arrival periods have no room for.
    pooling: weigh what locations share through the one that feeds them: what a unit sent may cost
        the others, and how much is bought because what has been sent is no longer shared.
    markdown_rate: share of the unit cost lost with a bought unit that is not sold
        ``markdown_after`` periods after its protection interval, in [0, 1]. markdown_after: >= 0.
    handling: money per unit of a lateral transfer beside its freight, >= 0.
    least_gain: money that a line of a lateral transfer must gain at least, >= 0.
    receiving: what it costs to take goods in.
    floor: share of what it wants that every location gets of a source that is short, in [0, 1].
    lines_only: find the same orders and transfers, and leave out what a plan tells beside them
        where that takes time: the needs of keys that nothing can move tonight, reorder points,
        what sources keep back, what shelf life takes from an order.
    """

    budget: float = np.inf
    paths: int = 256
    seed: int = 20_260_101
    level_cap: float = 0.98
    close_points: int = 8
    lifetime: int = 730
    cells: int = 6_000_000
    core_lots: int = 1500
    solver_effort: float = 4.0
    ahead: bool = True
    pooling: bool = True
    markdown_rate: float = 0.0
    markdown_after: int = 28
    handling: float = 0.0
    least_gain: float = 0.0
    floor: float = 0.0
    receiving: Receiving = Receiving()
    lines_only: bool = False

    def __post_init__(self) -> None:
        rules = {
            "budget must be >= 0": self.budget >= 0,
            "paths must be >= 16": self.paths >= 16,
            "level_cap must be in (0.5, 1)": 0.5 < self.level_cap < 1,
            "close_points must be >= 1": self.close_points >= 1,
            "lifetime must be >= 1": self.lifetime >= 1,
            "cells must be >= 1": self.cells >= 1,
            "core_lots must be >= 0": self.core_lots >= 0,
            "solver_effort must be > 0": self.solver_effort > 0,
            "markdown_rate must be in [0, 1]": 0 <= self.markdown_rate <= 1,
            "markdown_after must be >= 0": self.markdown_after >= 0,
            "handling must be >= 0": self.handling >= 0,
            "least_gain must be >= 0": self.least_gain >= 0,
            "floor must be in [0, 1]": 0 <= self.floor <= 1,
        }
        broken = [rule for rule, kept in rules.items() if not kept]
        if broken:
            raise ConfigError("; ".join(broken))
