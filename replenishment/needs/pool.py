"""What keys share with others: stock of one source, and what sending it early costs.

Units that a source has sent to one key serve no other any more. Two things follow, and both are
kept here per key.

For a key that is fed: with q units sent to it tonight, and ``room`` left to the others until the
source gets more, the others miss a unit of the q as soon as their demand T exceeds room - q. So a
unit beyond

    max(own threshold, room - T)

that lies idle here while it is missed there costs ``price``; sold here, it costs what they would
have paid more for it. In the long run this is the price of imbalance that the balance assumption
of Eppen & Schrage (1981) and Federgruen & Zipkin (1984) leaves out; Cao & Silver (2005) weigh a
unit kept in the same way, by what it may still save elsewhere.

For a key that feeds others: ``apart`` is the variance that demand has beyond its pooled variance
because what serves the last steps has been sent before them. Where the last allocation gives all
the same level, the quantiles of these steps add up, so their standard deviations do (Eppen &
Schrage 1981, equation 13; Snyder & Shen 2019, section 7.2).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from stockwright.distribution import Distribution
from stockwright.lattice import keyed_uniforms

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Pool:
    """All (keys,).

    last: last step that the shared stock serves before more of it comes, 0 where none is shared.
    room: units of it that are neither at the key nor on the way to it.
    mean, variance: demand of all others until ``last``, units.
    correlation: of their demand with the key's own, in [0, 1).
    price: money per unit that they miss.
    apart: variance of the protection interval's demand beyond the pooled one, units squared.
    """

    last: Ints
    room: Floats
    mean: Floats
    variance: Floats
    correlation: Floats
    price: Floats
    apart: Floats

    @classmethod
    def none(cls, n: int) -> Pool:
        """Nothing shared by ``n`` keys."""
        return cls(np.zeros(n, np.int64), *(np.zeros(n) for _ in fields(cls)[1:]))

    def take(self, keys: NDArray[Any] | slice) -> Pool:
        """Those of some of the keys."""
        return Pool(*(getattr(self, each.name)[keys] for each in fields(self)))

    def left_by_others(
        self, demand: Floats, quantum: Floats, salt: NDArray[np.uint64], seed: int
    ) -> Floats:
        """Units of the shared stock that the others do not need in each future, (keys, paths).

        demand: (keys, paths) the key's own, whose ranks the others' demand follows as far as both
        are correlated. quantum: (keys,) lattice of the demand. The draw depends on the key's
        ``salt`` (keys,) and ``seed``.
        """
        paths = demand.shape[1]
        uniforms = keyed_uniforms(salt, seed, paths)
        rising = Distribution(self.mean, self.variance, quantum).stratified(uniforms[:, 0], paths)
        score = special.ndtri((np.arange(paths) + 0.5) / paths)
        own, noise = score[_ranks(demand, "stable")], score[_ranks(uniforms)]
        part = self.correlation[:, None]
        mixed = part * own + np.sqrt(1 - part**2) * noise
        out: Floats = self.room[:, None] - np.take_along_axis(rising, _ranks(mixed), axis=1)
        return out


def _ranks(values: Floats, kind: Literal["stable"] | None = None) -> NDArray[np.intp]:
    """Rank of each value in its row; kind: "stable" where some may be equal, else the faster."""
    order = np.argsort(values, axis=1, kind=kind)
    out = np.empty_like(order)
    np.put_along_axis(out, order, np.broadcast_to(np.arange(values.shape[1]), values.shape), axis=1)
    return out
