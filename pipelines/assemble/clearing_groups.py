"""The price groups of tonight: which articles are looked at with the slow ones of their group."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipelines.assemble.situation import Situation
from replenishment.clearance.holdings import Holdings
from stockwright.forecast import Forecast
from stockwright.life import LifeStages

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def with_groups(
    holdings: Holdings,
    slow: Bools,
    left_alone: Bools,
    situation: Situation,
    forecast: Forecast,
    life: LifeStages,
    whole: bool,
) -> tuple[Holdings, Ints]:
    """The holdings with the groups that may change their price, and the rows to plan for: what is
    slow and not left alone, and all else of the groups of such.

    slow, left_alone: (items,). The price of a group stays where any of its articles is a hit or
    promised to customers, with or without stock, or is left alone. Where locations have prices of
    their own, so has the group at each of them.
    """
    wanted = slow & ~left_alone
    terms = situation.clearing
    if terms is None or not (holdings.price_group >= 0).any():
        return holdings, np.flatnonzero(wanted)
    group = terms.price_group
    if not whole:
        each = group * len(forecast.index.locations) + forecast.index.location
        group = np.where(group >= 0, np.unique(each, return_inverse=True)[1], -1)
    held = group[holdings.series]
    stays, asked = np.zeros((2, int(group.max()) + 1), np.bool_)
    bound = life.hit | (forecast.committed > 0).any(axis=1)
    stays[group[bound & (group >= 0)]] = True
    stays[held[left_alone & (held >= 0)]] = True
    asked[held[wanted & (held >= 0)]] = True
    asked &= ~stays
    member = held >= 0
    rows = wanted | (member & asked[held])
    code = np.where(member & stays[held], -2, held)
    return replace(holdings, price_group=code), np.flatnonzero(rows)
