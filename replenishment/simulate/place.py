"""Orders and transfers leave at a close."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replenishment.simulate.share import first_out, shared, summed
from replenishment.simulate.state import Placing, ShopState
from replenishment.simulate.terms import ShopTerms
from stockwright.arrays import frozen, require
from stockwright.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Decisions:
    """Units to send to rows, (lines,); a row may have several lines.

    to: row that gets them. source: row that sends them, -1: a supplier. units: asked for, >= 0.
    lead_time: periods, -1: by the terms of ``to``. multiple: a source that is short sends a whole
    multiple of this; 0: any quantity.
    """

    to: Ints
    source: Ints
    units: Floats
    lead_time: Ints
    multiple: Floats

    def __post_init__(self) -> None:
        n = len(self.to)
        for name in ("to", "source", "lead_time"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (n,), np.int64))
        for name in ("units", "multiple"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (n,), np.float64))
        require(self.units >= 0, "orders", ">= 0")
        require(self.source != self.to, "source", "another row")

    @classmethod
    def lines(
        cls,
        to: ArrayLike,
        units: ArrayLike,
        source: ArrayLike = -1,
        lead_time: ArrayLike = -1,
        multiple: ArrayLike = 0.0,
    ) -> Decisions:
        """Lines as they come, such as those of a night's plan; one number stands for all."""
        rows = np.atleast_1d(np.asarray(to, np.int64))
        full = [np.broadcast_to(part, rows.shape) for part in (source, units, lead_time, multiple)]
        return cls(rows, *full)

    @classmethod
    def of_rows(cls, units: Floats, terms: ShopTerms) -> Decisions:
        """One line for each row from its own source, raised to its packs."""
        n = len(terms)
        if np.shape(units) != (n,):
            raise DataError(f"orders have shape {np.shape(units)}, expected {(n,)}")
        require(np.asarray(units) >= 0, "orders", ">= 0")
        source, lead = np.asarray(terms.source), np.full(n, -1)
        packed = terms.packed(np.asarray(units, np.float64))
        return cls(np.arange(n), source, packed, lead, np.asarray(terms.multiple))

    @classmethod
    def join(cls, *parts: Decisions) -> Decisions:
        """All lines of several decisions."""
        names = ("to", "source", "units", "lead_time", "multiple")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def place(
    state: ShopState,
    decisions: Decisions,
    terms: ShopTerms,
    rng: np.random.Generator | None = None,
) -> tuple[ShopState, Placing]:
    """Send off what was decided at the close: suppliers deliver all, rows what they have.

    Lines that ask one row for more than it has share it in proportion to what they ask. Raises
    DataError when a lead time is longer than the pipeline.
    """
    n, inner = len(terms), decisions.source >= 0
    lead = _lead_times(state, decisions, terms, rng)
    sent, lots = _sent(state, decisions, terms, lead)
    asked = decisions.units
    ordered = summed(decisions.to, np.where(inner, 0.0, sent), n)
    moved = summed(decisions.to, np.where(inner, sent, 0.0), n)
    short = summed(decisions.to, asked - sent, n)
    shipped = summed(decisions.source[inner], sent[inner], n)
    orders = summed(decisions.to, sent > 0, n)
    charge = terms.fixed_cost * orders + terms.unit_cost * (ordered + moved)
    pipeline = state.pipeline.copy()
    np.add.at(pipeline, (decisions.to, lead), sent)
    after = replace(state, on_hand=state.on_hand - shipped, pipeline=pipeline)
    if state.lots is not None and state.coming is not None and lots is not None:
        coming = state.coming.copy()
        np.add.at(coming, (decisions.to, lead), _on_the_way(decisions, terms, lead, sent, lots))
        gone = np.zeros((n, state.lots[0].size))
        np.add.at(gone, decisions.source[inner], lots[inner])
        left = state.lots - gone.reshape(state.lots.shape)
        after = replace(after, lots=left, coming=coming)
    return after, Placing(ordered, moved, short, shipped, np.asarray(charge))


def _lead_times(
    state: ShopState,
    decisions: Decisions,
    terms: ShopTerms,
    rng: np.random.Generator | None,
) -> Ints:
    law, steps = terms.random_lead, state.pipeline.shape[1]
    told = terms.lead_time[decisions.to]
    if law is not None:
        if rng is None:
            raise DataError("random lead times need a random generator: give rng")
        told = law.draw(decisions.to, rng)
    lead = np.where(decisions.lead_time >= 0, decisions.lead_time, told)
    if law is not None and not law.crossing:
        under_way = state.pipeline > 0
        last = np.where(under_way.any(axis=1), steps - 1 - under_way[:, ::-1].argmax(axis=1), 0)
        lead = np.maximum(lead, last[decisions.to])
    if lead.max(initial=0) >= steps:
        raise DataError(f"a lead time of {lead.max()} needs a pipeline of {lead.max() + 1} periods")
    return np.asarray(lead, np.int64)


def _sent(
    state: ShopState, decisions: Decisions, terms: ShopTerms, lead: Ints
) -> tuple[Floats, Floats | None]:
    """Units of each line, and from which lots of their source, (lines, receipt * life)."""
    inner = np.flatnonzero(decisions.source >= 0)
    source, asked = decisions.source[inner], decisions.units[inner]
    there, lots = np.maximum(state.on_hand, 0.0), None
    if state.lots is not None:
        lots = _alive_on_arrival(state.lots, terms, source, lead[inner])
        there = lots.sum(axis=1)
    got = shared(asked, source, there, terms.whole)
    lot = decisions.multiple[inner]
    cut = (got < asked) & (lot > 0)
    got = np.where(cut, np.floor(got / np.where(lot > 0, lot, 1.0)) * lot, got)
    sent = decisions.units.copy()
    sent[inner] = got
    if lots is None:
        return sent, None
    taken = np.zeros((len(sent), lots.shape[1]))
    order = np.argsort(source, kind="stable")
    running = np.cumsum(got[order])
    first = np.diff(source[order], prepend=-1) > 0
    before = running - got[order]
    before -= np.maximum.accumulate(np.where(first, before, 0.0))
    mine = lots[source[order]]
    taken[inner[order]] = first_out(mine, before + got[order]) - first_out(mine, before)
    return sent, taken


def _alive_on_arrival(lots: Floats, terms: ShopTerms, source: Ints, lead: Ints) -> Floats:
    """Lots of each row that outlast the longest way it sends anything, (series, receipt * life)."""
    n, _, classes = lots.shape
    way = np.zeros(n, np.int64)
    np.maximum.at(way, source, lead)
    if terms.shelf_life is not None:
        way[terms.shelf_life.lasting()] = 0
    alive = np.arange(classes) >= way[:, None]
    return np.asarray((lots * alive[:, None, :]).reshape(n, -1))


def _on_the_way(
    decisions: Decisions, terms: ShopTerms, lead: Ints, sent: Floats, lots: Floats
) -> Floats:
    """Units of each line by their life on arrival, (lines, life)."""
    life = terms.shelf_life
    if life is None:
        raise DataError("stock by lots needs the shelf life in the terms")
    receipts, classes = life.classes()
    out = np.zeros((len(sent), classes))
    bought = np.flatnonzero(decisions.source < 0)
    out[bought, life.whole()[decisions.to[bought]]] = sent[bought]
    inner = np.flatnonzero(decisions.source >= 0)
    by_life = lots[inner].reshape(len(inner), receipts, classes).sum(axis=1)
    spent = np.where(life.lasting()[decisions.source[inner]], 0, lead[inner])
    line, left = np.nonzero(by_life)
    np.add.at(out, (inner[line], left - spent[line]), by_life[line, left])
    return out
