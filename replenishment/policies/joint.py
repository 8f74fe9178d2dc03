"""Items that share the fixed cost of an order: a common cycle and each item's multiple of it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stockwright.arrays import one_each, require

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class JointTerms:
    """Items of one or many groups, each group ordered together.

    group: (items,) number of its group, 0 ... groups - 1. shared_fixed_cost: (groups,) money per
    order of the group, >= 0. fixed_cost: (items,) per order that holds the item, >= 0, and
    some cost > 0 in each group. holding_cost: (items,) per unit and time, > 0. demand_rate:
    (items,) units per time, > 0.
    """

    group: Ints
    shared_fixed_cost: Floats
    fixed_cost: Floats
    holding_cost: Floats
    demand_rate: Floats

    def __post_init__(self) -> None:
        group = np.asarray(self.group, np.int64)
        shared = np.atleast_1d(np.asarray(self.shared_fixed_cost, np.float64))
        require((group >= 0) & (group < len(shared)), "group", "0 ... groups - 1")
        for each in fields(self)[2:]:
            value = one_each(each.name, getattr(self, each.name), len(group))
            require(value >= 0, each.name, ">= 0")
            object.__setattr__(self, each.name, value)
        require(self.holding_cost * self.demand_rate > 0, "holding_cost x demand_rate", "> 0")
        paid = shared + np.bincount(group, self.fixed_cost, minlength=len(shared))
        require(shared >= 0, "shared_fixed_cost", ">= 0")
        require(paid > 0, "fixed costs of a group together", "> 0")
        object.__setattr__(self, "group", group)
        object.__setattr__(self, "shared_fixed_cost", shared)

    @classmethod
    def of_one_group(
        cls, shared: float, fixed: ArrayLike, holding: ArrayLike, rate: ArrayLike
    ) -> JointTerms:
        """All items in one group."""
        n = len(np.atleast_1d(np.asarray(rate)))
        values = (np.asarray(v, np.float64) for v in (shared, fixed, holding, rate))
        return cls(np.zeros(n, np.int64), *values)

    def summed(self, value: Floats) -> Floats:
        """Totals by group, (groups,)."""
        return np.asarray(np.bincount(self.group, value, minlength=len(self.shared_fixed_cost)))


@dataclass(frozen=True)
class JointCycle:
    """cycle: (groups,) time between orders. multiples: (items,) of the cycle at which the item is
    ordered, >= 1. cost: (groups,) money per time.
    """

    cycle: Floats
    multiples: Ints
    cost: Floats


def _cycle_of(terms: JointTerms, multiples: Ints) -> JointCycle:
    """The best cycle for given multiples."""
    paid = terms.shared_fixed_cost + terms.summed(terms.fixed_cost / multiples)
    held = terms.summed(terms.holding_cost * terms.demand_rate * multiples)
    return JointCycle(np.sqrt(2 * paid / held), multiples, np.sqrt(2 * paid * held))


def silver_cycle(terms: JointTerms) -> JointCycle:
    """Silver's (1976) rule: the item with the least fixed cost for its holding sets the pace."""
    pace = terms.fixed_cost / (terms.holding_cost * terms.demand_rate)
    order = np.lexsort((pace, terms.group))
    groups, first = np.unique(terms.group[order], return_index=True)
    leader = np.zeros(len(terms.shared_fixed_cost), np.int64)
    leader[groups] = order[first]
    own = terms.holding_cost[leader] * terms.demand_rate[leader]
    scale = own / (terms.shared_fixed_cost + terms.fixed_cost[leader])
    exact = np.sqrt(pace * scale[terms.group])
    multiples = np.maximum(np.floor(exact + 0.5), 1).astype(np.int64)
    multiples[leader[groups]] = 1
    return _cycle_of(terms, multiples)


def goyal_cycle(terms: JointTerms) -> JointCycle:
    """The best of all plans with one cycle and whole multiples (Goyal 1974).

    For a given cycle each item's best multiple is k with k (k - 1) <= 2 K / (h d T^2) <= k (k +
    1), so the multiples change at known cycles only; between two of them the cost has a closed
    form. All changes between the shortest cycle that can pay and the longest are tried, group by
    group.
    """
    best = silver_cycle(terms)
    multiples = best.multiples.copy()
    for group in np.unique(terms.group):
        at = np.flatnonzero(terms.group == group)
        shared = terms.shared_fixed_cost[group]
        if shared > 0:
            multiples[at] = _enumerated(terms, at, float(shared), float(best.cost[group]))
        else:
            multiples[at] = best.multiples[at]
    return _cycle_of(terms, multiples)


def _enumerated(terms: JointTerms, at: Ints, shared: float, cost: float) -> Ints:
    """Best multiples of one group whose cost is at most ``cost``."""
    fixed = terms.fixed_cost[at]
    held = terms.holding_cost[at] * terms.demand_rate[at]
    longest = np.sqrt(2 * (shared + fixed.sum()) / held.sum())
    shortest = shared / cost
    most = int(np.ceil(np.sqrt(2 * fixed / held).max(initial=0.0) / shortest)) + 1
    steps = np.arange(1, most + 1)
    changes = np.sqrt(2 * fixed[:, None] / (held[:, None] * steps * (steps + 1)))
    inside = np.unique(changes[(changes > shortest) & (changes < longest)])
    edges = np.concatenate([[shortest], inside, [longest]])
    middle = np.sqrt(edges[:-1] * edges[1:])[:, None]
    multiples = np.ceil(-0.5 + np.sqrt(0.25 + 2 * fixed / (held * middle**2))).astype(np.int64)
    multiples = np.maximum(multiples, 1)
    paid = shared + (fixed / multiples).sum(axis=1)
    total = paid * (held * multiples).sum(axis=1)
    return np.asarray(multiples[total.argmin()], np.int64)
