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
    of the lateral transfers, and the sources are shared out anew; see ``detours``.
    """
    good = replace(first, needs=first.needs.in_good_units())
    moves, gone = rebalance(good, evening)
    while True:
        moved = _with(moves, gone, first, evening, rush)
        sent = np.where(first.transfer, moved.down.quantity, 0.0)

        def room(kept: Moves, sent: Floats = sent) -> list[Limit]:
            return room_left(first, kept.after(first, evening), sent)

        vain = detours(moves, first, evening, sent, room)
        if not (vain > 0).any():
            return moved
        moves = moves.without(vain)


def _with(moves: Moves, gone: Moves, first: Wishes, evening: Evening, rush: Emergencies) -> Moved:
    """The night with some lateral transfers."""
    after, wishes = _once_moved(moves, first, rush, evening)
    wishes = built_up(with_shelf_cut(wishes, after, rush.wishes), after)
    return Moved(moves, gone, move_stock(wishes, after, moves.leaving(first)), after, wishes)


def _once_moved(
    moves: Moves, wishes: Wishes, rush: Emergencies, evening: Evening
) -> tuple[Evening, Wishes]:
    """The evening with lateral transfers under way, and the wishes of the SKUs they move anew."""
    if not len(moves):
        return evening, wishes
    evening, sku = moves.after(wishes, evening), evening.forecast.index.sku
    touched = np.isin(sku, sku[wishes.series[moves.target]])
    anew = rush.wishes(evening.only(touched))
    return evening, wishes.renewed(np.flatnonzero(touched[wishes.series]), anew)
