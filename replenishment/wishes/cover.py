"""How far ahead a line may buy: the most days of cover that a grade allows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from replenishment.wishes.lots import LotTerms, whole_down

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

COVER_LIMIT = "COVER_LIMIT"


def within_cover(
    terms: LotTerms, most_cover: Floats, held: Floats, demand: Floats, free: Bools
) -> tuple[LotTerms, Bools]:
    """Terms under which no order raises a key beyond its cover, and where that is the tighter one.

    most_cover: (keys,) as often as ``demand`` lasts, inf for no limit. held: (keys,) units on hand
    and on order. demand: (keys,) mean of the protection interval. free: (keys,) what a planner
    decided, which is not held to it.
    """
    limited = np.isfinite(most_cover) & ~free & (terms.most > 0)
    room = np.where(limited, np.where(limited, most_cover, 0.0) * demand - held, np.inf)
    most = np.where(limited, whole_down(np.maximum(room, 0.0), terms.lot), terms.most)
    tighter = limited & (most < terms.most)
    return replace(terms, most=np.where(tighter, most, terms.most)), tighter
