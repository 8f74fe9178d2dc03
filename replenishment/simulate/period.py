"""A period of the simulated shop: receive, sell, take something else, expire, close."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replenishment.simulate.share import first_out, shared, summed
from replenishment.simulate.state import Closing, ShopState
from replenishment.simulate.terms import ShelfLife, ShopTerms
from stockwright.errors import DataError

Floats = NDArray[np.float64]


def run_period(
    state: ShopState,
    demand: NDArray[np.floating],
    terms: ShopTerms,
    rng: np.random.Generator | None = None,
) -> tuple[ShopState, Closing]:
    """The period after the close ``state``, with ``demand`` (series,) units."""
    asked = np.asarray(demand, np.float64)
    received, waiting, later, lots, coming = _receive(state, terms)
    there = np.maximum(state.on_hand, 0.0) + received
    owed = np.maximum(-state.on_hand, 0.0)
    wanted = asked + owed
    sold = np.minimum(wanted, there)
    missed = wanted - sold
    stood_in = elsewhere = np.zeros(len(asked))
    if terms.substitutes is not None:
        elsewhere, stood_in = _take_another(missed, asked, there - sold, terms, rng)
        missed, sold = missed - elsewhere, sold + stood_in
    left, expired = there - sold, np.zeros(len(asked))
    if lots is not None and terms.shelf_life is not None:
        lots, expired = _issue_and_age(lots, sold, terms.shelf_life)
        left = left - expired
    charge = terms.holding * left + terms.shortage * missed
    if terms.shelf_life is not None:
        charge = charge + terms.shelf_life.cost * expired
    on_hand = left if terms.lost_sales else left - missed
    after = ShopState(on_hand, later, state.period + 1, lots, coming)
    return after, Closing(
        received, waiting, sold, stood_in, elsewhere, missed, expired, left, np.asarray(charge)
    )


def _receive(
    state: ShopState, terms: ShopTerms
) -> tuple[Floats, Floats, Floats, Floats | None, Floats | None]:
    """Units received and waiting, and pipeline, lots and life under way after that."""
    due, n = state.pipeline[:, 0], len(terms)
    received, dock = due, terms.receiving
    if dock is not None:
        received = shared(due, dock.location, dock.room(state.period), terms.whole)
    waiting = due - received
    later = np.concatenate([state.pipeline[:, 1:], np.zeros((n, 1))], axis=1)
    if dock is not None:
        later[:, 0] += waiting
    if state.lots is None or state.coming is None:
        return received, waiting, later, None, None
    arrived = first_out(state.coming[:, 0], received)
    lots = state.lots.copy()
    lots[:, -1] += arrived
    coming = np.concatenate([state.coming[:, 1:], np.zeros((n, 1, lots.shape[2]))], axis=1)
    coming[:, 0] += state.coming[:, 0] - arrived
    return received, waiting, later, lots, coming


def _take_another(
    missed: Floats,
    demand: Floats,
    spare: Floats,
    terms: ShopTerms,
    rng: np.random.Generator | None,
) -> tuple[Floats, Floats]:
    """Customers of each row that took another one, and units each row gave to such customers.

    Only today's customers look for something else; those who wait for owed units do not.
    """
    told = terms.substitutes
    if told is None:
        return np.zeros(len(missed)), np.zeros(len(missed))
    rows = np.flatnonzero((told.row >= 0) & (missed > 0))
    today = np.minimum(missed[rows], demand[rows])
    if terms.whole:
        if rng is None:
            raise DataError("substitution in whole units needs a random generator: give rng")
        asks = rng.binomial(today.astype(np.int64), told.share[rows]).astype(np.float64)
    else:
        asks = today * told.share[rows]
    elsewhere = np.zeros(len(missed))
    elsewhere[rows] = shared(asks, told.row[rows], spare, terms.whole)
    return elsewhere, summed(told.row[rows], elsewhere[rows], len(missed))


def _issue_and_age(lots: Floats, sold: Floats, life: ShelfLife) -> tuple[Floats, Floats]:
    """Lots at the close, a period older, and units that expired."""
    flat = lots.reshape(len(lots), -1)
    left = (flat - first_out(flat, sold)).reshape(lots.shape)
    lasts = life.lasting()
    expired = np.where(lasts, 0.0, left[:, :, 0].sum(axis=1))
    aged = np.zeros_like(left)
    aged[:, :, :-1] = left[:, :, 1:]
    aged[lasts] = left[lasts]
    if lots.shape[1] > 1:
        older = np.zeros_like(aged)
        older[:, :-1] = aged[:, 1:]
        older[:, 0] += aged[:, 0]
        aged = older
    return aged, expired
