"""The units that each channel may still sell of the stock that all of them share.

What may be sold is divided so that at no time more is promised than is there. A channel that was
told ``old`` units and is now told ``new`` may sell the larger of the two, for nobody knows when it
takes up the new figure. So a quota may fall at once, but rises only out of stock that no quota of
before still holds: at every pulse

    sum over channels of max(old, new) <= units that may be sold,

and units that one channel gives back reach another with the next pulse, not with this one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import require

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Claims:
    """What channels hold or have sold; all (keys, channels) units >= 0 but ``share``.

    sold: today. outstanding: of the quota told before, not yet sold. locked: set apart for the
    channel alone at the start of the day. buffer: kept back on the channel's account.
    share: of what is free to all, in any unit; a key without shares is divided evenly among the
    channels with ``sells``, which is False where a channel gets nothing.
    """

    sold: Floats
    outstanding: Floats
    locked: Floats
    buffer: Floats
    share: Floats
    sells: NDArray[np.bool_]

    def __post_init__(self) -> None:
        for name in ("sold", "outstanding", "locked", "buffer", "share"):
            value = getattr(self, name)
            require(np.isfinite(value) & (value >= 0), name, "finite and >= 0")


@dataclass(frozen=True)
class Quotas:
    """The division, whole units. may_sell, locked, buffer, wanted: (keys, channels).

    locked: what is left of the locks, part of ``wanted``. buffer: what is kept back. wanted: what
    a channel would get if nothing were outstanding; ``may_sell`` is less where a rise has to wait.
    """

    may_sell: Floats
    locked: Floats
    buffer: Floats
    wanted: Floats


def divide(stock: Floats, claims: Claims, passed: float) -> Quotas:
    """Divide ``stock`` (keys,) among channels when the share ``passed`` of the day is over.

    Locks go first, less what their channel sold today, then buffers are kept back, the rest is
    the pool. Of the pool and what was sold, each channel is sure of its share for the rest of the
    day; what channels left unsold of their share so far goes back to the pool and follows the
    sales of the day. Fractions of units go to the largest remainders.
    """
    units = np.floor(np.maximum(stock, 0.0) + 1e-9)
    locked = within(np.floor(np.maximum(claims.locked - claims.sold, 0.0)), units)
    free = units - locked.sum(axis=1)
    buffer = within(np.ceil(claims.buffer), free)
    pool = free - buffer.sum(axis=1)
    wanted = locked + _pooled(pool, claims, passed)
    kept = np.minimum(wanted, np.floor(claims.outstanding))
    room = np.maximum(pool + locked.sum(axis=1) - np.ceil(claims.outstanding).sum(axis=1), 0.0)
    return Quotas(kept + within(wanted - kept, room), locked, buffer, wanted)


def _pooled(pool: Floats, claims: Claims, passed: float) -> Floats:
    """Whole units of the pool by channel, (keys, channels)."""
    share = np.where(claims.sells, claims.share, 0.0)
    told = share.sum(axis=1, keepdims=True)
    share = np.where(told > 0, share, claims.sells)
    total = share.sum(axis=1, keepdims=True)
    share = np.divide(share, total, out=np.zeros_like(share), where=total > 0)
    open_sold = np.where(claims.sells, np.maximum(claims.sold - claims.locked, 0.0), 0.0)
    day = pool + open_sold.sum(axis=1)
    sure = np.minimum((1.0 - passed) * day, pool)
    back = (pool - sure)[:, None]
    pace = open_sold.sum(axis=1, keepdims=True)
    follows = np.divide(open_sold, pace, out=share.copy(), where=pace > 0)
    exact = share * sure[:, None] + follows * back
    return whole_parts(exact, np.where(total[:, 0] > 0, pool, 0.0))


def within(wanted: Floats, most: Floats) -> Floats:
    """``wanted`` whole units (keys, channels), cut in proportion where they exceed ``most``."""
    total = wanted.sum(axis=1)
    over = total > most
    if not over.any():
        return wanted
    cut = wanted.copy()
    factor = most[over] / total[over]
    cut[over] = whole_parts(wanted[over] * factor[:, None], np.floor(most[over]))
    return cut


def whole_parts(exact: Floats, total: Floats) -> Floats:
    """Whole numbers near ``exact`` (keys, channels) with sums ``total`` (keys,).

    Largest remainders (Hamilton); of equal ones the first channel. ``exact`` sums to ``total``.
    """
    low = np.floor(exact + 1e-9)
    missing = total - low.sum(axis=1)
    rank = np.argsort(np.argsort(low - exact, axis=1, kind="stable"), axis=1, kind="stable")
    return np.asarray(low + (rank < np.round(missing)[:, None]))
