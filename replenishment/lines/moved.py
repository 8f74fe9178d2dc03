"""All transfers of a night, sideways and from above, decided so that neither undoes the other."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from replenishment.allocation.detours import detours
from replenishment.allocation.rebalance import rebalance
from replenishment.allocation.room import Moves
from replenishment.limits.prices import Limit
from replenishment.lines.emergency import Emergencies
from replenishment.lines.lateral import lateral_lines
from replenishment.lines.outcome import Outcome
from replenishment.lines.transfers import move_stock, room_left
from replenishment.network.evening import Evening
from replenishment.peaks.tonight import built_up
from replenishment.wishes.find import Wishes
from replenishment.wishes.perishing import with_shelf_cut
from stockwright.network import Network
from stockwright.plan import Lines, Policy

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moved:
    """moves: lateral transfers. gone: those that a limit cuts to nothing. down: transfers from
    above. evening, wishes: with the lateral transfers under way.
    """

    moves: Moves
    gone: Moves
    down: Outcome
    evening: Evening
    wishes: Wishes

    def lines(self, first: Wishes, network: Network, policy: Policy) -> Lines:
        """The plan lines of all transfers; first: the wishes before anything moved."""
        sideways = lateral_lines(self.moves, first, network, policy)
        return self.down.lines(self.wishes, policy).joined(sideways)


def move_all(first: Wishes, evening: Evening, rush: Emergencies) -> Moved:
    """Lateral transfers, then what sources send down with these under way.

    Units that would reach a place by a detour, from the source over another place, are taken out
    of the lateral transfers, and the sources are shared out anew; see ``detours``. That goes on
    with the SKUs which it changes, and ends when the transfers of all SKUs have no detours left.
    """
    good = replace(first, needs=first.needs.in_good_units())
    moves, gone = rebalance(good, evening)
    after = moves.after(first, evening)
    plain = _anew(moves, first, rush, after)
    while True:
        wishes = built_up(with_shelf_cut(plain, after, rush.wishes), after)
        down = move_stock(wishes, after, moves.leaving(first))
        sent = np.where(first.transfer, down.quantity, 0.0)
        vain = _in_vain(moves, first, evening, sent)
        if not (vain > 0).any():
            return Moved(moves, gone, down, after, wishes)
        while (vain > 0).any():
            changed, moves = moves.take(np.flatnonzero(vain > 0)), moves.without(vain)
            after = moves.after(first, evening)
            plain = _anew(changed, plain, rush, after)
            mine = _of_skus(changed, plain, evening)
            few = replace(plain, quantity=np.where(mine, plain.quantity, 0.0))
            part = move_stock(few, after, moves.leaving(first)).quantity
            sent = np.where(first.transfer & mine, part, sent)
            vain = np.zeros(len(moves))
            again = np.flatnonzero(mine[moves.target])
            vain[again] = _in_vain(moves.take(again), first, evening, sent)


def _in_vain(moves: Moves, first: Wishes, evening: Evening, sent: Floats) -> Floats:
    """Units of each move that go by a detour while ``sent``, (keys,), goes down, (moves,)."""

    def room(kept: Moves) -> list[Limit]:
        return room_left(first, kept.after(first, evening), sent)

    return detours(moves, first, evening, sent, room)


def _of_skus(moves: Moves, wishes: Wishes, evening: Evening) -> NDArray[np.bool_]:
    """Whether each key of the wishes is of a SKU that the moves move, (keys,)."""
    sku = evening.forecast.index.sku[wishes.series]
    return np.isin(sku, sku[moves.target])


def _anew(moves: Moves, wishes: Wishes, rush: Emergencies, evening: Evening) -> Wishes:
    """The wishes with those of the SKUs of some lateral transfers found anew."""
    if not len(moves):
        return wishes
    mine = _of_skus(moves, wishes, evening)
    touched = np.zeros(evening.forecast.index.n_series, np.bool_)
    touched[wishes.series[mine]] = True
    return wishes.renewed(np.flatnonzero(mine), rush.wishes(evening.only(touched)))
