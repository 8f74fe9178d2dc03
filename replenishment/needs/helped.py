"""What a unit short costs where another key may serve the customer.

Of the units that key i is short of, key j is asked for the share s, and each unit so served saves
g of the price p_i of a unit short (all but the freight, or the margin of the article taken
instead). With stocks y against demands D over the protection interval, S = (D_i - y_i)+ and
own customers served first, the pair costs

    (p_i - s g) E[S] + g E[(s S + D_j - y_j)+] + (p_j - g) E[(D_j - y_j)+] + holding,

the two-location newsvendor with transshipment (Krishnan & Rao 1965; Tagaras 1989). A further unit
at i therefore saves as much as one priced at

    p_i - s g P(j has a unit to spare | i is short)
        + g' P(i has a unit to spare, and key k that asks i has none left by i) / P(i is short),

so that help is one more price and nothing else changes. The prices depend on the stocks and the
stocks on the prices; they are found by repeated substitution in the geometric mean. Demand i is
met by quadrature over its upper tail, demand j through normal scores under a Gaussian copula.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from stockwright.distribution import Distribution

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Normal scores at which the quantiles of a demand are taken; between them it is interpolated.
_SCORES = np.linspace(-2.4, 3.2, 15)
# Points in the upper tail of the demand that is short, and rounds of substitution.
_POINTS = 6
_ROUNDS = 20
# A price is lowered to this share of itself at the most: no stock at all is never meant.
_LEAST = 1e-3


@dataclass(frozen=True)
class Pairs:
    """Pairs of keys, all (pairs,).

    key, other: rows of the keys; the other serves customers of the key. share: of the units
    short that it is asked for, in [0, 1]; over the pairs of a key at most 1 together.
    gain: money per unit so served, at most the price of a unit short. closeness: correlation of
    the two demands, in [0, 1).
    """

    key: Ints
    other: Ints
    share: Floats
    gain: Floats
    closeness: Floats


@dataclass(frozen=True)
class Holding:
    """What bounds the stock of each key, all (keys,).

    price: money per unit short. cost: money per unit left at the end of the interval.
    least: units there and on order. most: units that can be there. asked: level that replaces
    the price, NaN where money decides.
    """

    price: Floats
    cost: Floats
    least: Floats
    most: Floats
    asked: Floats

    def stock(self, price: Floats, cap: float, scores: _Scores) -> Floats:
        """The stock that a price buys, within the bounds, (keys,)."""
        whole = price + self.cost
        level = np.divide(price, whole, out=np.zeros_like(whole), where=whole > 0)
        level = np.where(np.isfinite(self.asked), self.asked, np.minimum(level, cap))
        wanted = scores.units(special.ndtri(np.clip(level, 1e-6, 1 - 1e-6)))
        return np.asarray(np.clip(wanted, self.least, np.maximum(self.most, self.least)))


def helped_prices(totals: Distribution, holding: Holding, pairs: Pairs, cap: float) -> Floats:
    """Price of a unit short of each key, (keys,), not above ``holding.price``.

    totals: demand of each key's protection interval. cap: level that money does not pass.
    """
    scores, full = _Scores.of(totals), holding.price
    price = full.copy()
    for _ in range(_ROUNDS):
        saved, lent = _worth(scores, holding.stock(price, cap, scores), pairs, len(full))
        price = np.sqrt(price * np.clip(full - saved + lent, _LEAST * full, full))
    return price


def _worth(scores: _Scores, stock: Floats, pairs: Pairs, n: int) -> tuple[Floats, Floats]:
    """Money per unit short that help saves, and that a unit earns by helping, both (keys,)."""
    at = scores.scores(stock, np.arange(n))
    short = np.maximum(special.ndtr(-at), 1e-12)
    key, other = pairs.key, pairs.other
    loose = np.sqrt(1 - pairs.closeness**2)
    spare, lent = np.zeros(len(key)), np.zeros(len(key))
    for point in range(_POINTS):
        # From above: the lower tail keeps its digits where the upper one has none left.
        score = -special.ndtri(short[key] * (point + 0.5) / _POINTS)
        excess = np.maximum(scores.units(score, key) - stock[key], 0.0) * pairs.share
        left = scores.scores(stock[other] - excess, other)
        still = special.ndtr((left - pairs.closeness * score) / loose)
        spare += still / _POINTS
        lent += (special.ndtr((at[other] - pairs.closeness * score) / loose) - still) / _POINTS
    saved = np.bincount(key, pairs.share * pairs.gain * spare, n)
    earned = np.bincount(other, pairs.gain * lent * short[key], n)
    return np.asarray(saved, np.float64), np.asarray(earned / short, np.float64)


@dataclass(frozen=True)
class _Scores:
    """Demands through their normal scores: ``table`` (keys, scores) units, rising in each row."""

    table: Floats
    half: Floats

    @classmethod
    def of(cls, totals: Distribution) -> _Scores:
        table = totals.quantile(special.ndtr(_SCORES))
        # Ties of a lattice are parted a little, so that every stock has one score.
        table = table + 1e-6 * totals.quantum[:, None] * np.arange(len(_SCORES))
        return cls(table, totals.quantum / 2)

    def units(self, score: Floats, rows: Ints | slice = slice(None)) -> Floats:
        """Units at a normal score of each row, (rows,)."""
        place = (score - _SCORES[0]) / (_SCORES[1] - _SCORES[0])
        low = np.clip(np.floor(place), 0, len(_SCORES) - 2).astype(np.int64)
        table = self.table[rows]
        here = np.take_along_axis(table, low[:, None], axis=1)[:, 0]
        there = np.take_along_axis(table, low[:, None] + 1, axis=1)[:, 0]
        return np.asarray(np.maximum(here + (place - low) * (there - here), 0.0))

    def scores(self, units: Floats, rows: Ints) -> Floats:
        """Normal score of P(demand <= units), (rows,), within what a double can tell."""
        table, level = self.table[rows], units + self.half[rows]
        low = np.clip((table <= level[:, None]).sum(axis=1) - 1, 0, len(_SCORES) - 2)
        here = np.take_along_axis(table, low[:, None], axis=1)[:, 0]
        there = np.take_along_axis(table, low[:, None] + 1, axis=1)[:, 0]
        place = low + (level - here) / (there - here)
        return np.asarray(np.clip(_SCORES[0] + place * (_SCORES[1] - _SCORES[0]), -8.0, 8.0))
