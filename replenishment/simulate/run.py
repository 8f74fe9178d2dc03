"""The simulated shop through time: one step, or a whole replay with its books."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from replenishment.simulate.period import run_period
from replenishment.simulate.place import Decisions, place
from replenishment.simulate.state import Closing, Placing, ShopState
from replenishment.simulate.terms import ShopTerms

Floats = NDArray[np.float64]


class Ordering(Protocol):
    """Decides what to order at the close of a period."""

    def __call__(self, period: int, state: ShopState) -> Floats | Decisions:
        """What to order at the close of ``period`` (-1: before the first).

        Units of each row from its own source, (series,) >= 0, or lines.
        """


@dataclass(frozen=True)
class Books:
    """What happened: (series,) in one period of ``step``, (series, period) in a replay.

    The words are those of ``Placing`` and ``Closing``; cost: both charges together. In a replay
    what was placed at the close of period t stands in column t, in a step in the period that
    follows it.
    """

    ordered: Floats
    moved: Floats
    short: Floats
    shipped: Floats
    received: Floats
    waiting: Floats
    sold: Floats
    stood_in: Floats
    elsewhere: Floats
    missed: Floats
    expired: Floats
    left: Floats
    cost: Floats


@dataclass(frozen=True)
class Replay(Books):
    """The books of all periods, (series, period), and the shop at the last close."""

    end: ShopState


def step(
    state: ShopState,
    decisions: Decisions | Floats,
    demand: NDArray[np.floating],
    terms: ShopTerms,
    rng: np.random.Generator | None = None,
) -> tuple[ShopState, Books]:
    """Send off what was decided at the close ``state``, then run the next period.

    demand: (series,) units. Returns the shop at the next close and the period's books.
    """
    state.check(terms)
    sent, placing = place(state, _lines(decisions, terms), terms, rng)
    after, closing = run_period(sent, demand, terms, rng)
    known = {name: value for name, value in _named(placing) + _named(closing) if name != "charge"}
    return after, Books(**known, cost=placing.charge + closing.charge)


def simulate(
    demand: NDArray[np.floating],
    order: Ordering,
    terms: ShopTerms,
    start: ShopState,
    opening: bool = False,
    rng: np.random.Generator | None = None,
) -> Replay:
    """Run the shop through ``demand`` (series, period).

    opening: also order at the close before the first period; its cost is no period's. Raises
    DataError when the pipeline of ``start`` is shorter than the longest lead time plus one, or an
    order is negative.
    """
    n, periods = demand.shape
    start.check(terms)
    names = [field.name for field in fields(Books)]
    log = {name: np.zeros((periods, n)) for name in names}
    state = start
    if opening:
        state, _ = place(state, _lines(order(-1, state), terms), terms, rng)
    for period in range(periods):
        state, closing = run_period(state, demand[:, period], terms, rng)
        state, placing = place(state, _lines(order(period, state), terms), terms, rng)
        for name, value in _named(placing) + _named(closing):
            if name != "charge":
                log[name][period] = value
        log["cost"][period] = closing.charge + placing.charge
    return Replay(**{name: value.T for name, value in log.items()}, end=state)


def _lines(decided: Decisions | Floats, terms: ShopTerms) -> Decisions:
    if isinstance(decided, Decisions):
        return decided
    return Decisions.of_rows(decided, terms)


def _named(part: Placing | Closing) -> list[tuple[str, Floats]]:
    return [(field.name, getattr(part, field.name)) for field in fields(part)]
