"""How much of what is sold comes back, and when.

Units sold k periods before come back as Poisson counts with the mean rate * lag_k * units, so that
the returns of a period are a convolution of the sales before it. The rates by lag are found by
expectation maximization, which for this model is the deconvolution of Richardson (1972) and Lucy
(1974): a return is divided among the earlier sales of its own SKU and location in proportion to
what is expected of each. Only returns that could be seen count as exposure, so that sales of the
last days do not pull the rate down.

A lag distribution is a mixture of a few Gamma distributions, so that it is smooth: lags set free
one by one follow the rhythm of the week and of single articles. That of a category is shrunk to
the shop's, its rate to the shop's and that of a channel to its category's, each as a Gamma-Poisson
posterior whose prior is worth a few returns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, special

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Returned units that the prior of a rate, and of a lag distribution, is worth.
RATE_PRIOR, LAG_PRIOR = 10.0, 20.0
#: Rows of returns to learn from; where there are more, the periods with the newest ones.
MOST_ROWS = 20_000
_ROUNDS = 100
# Curves of which a lag distribution is mixed: means as shares of the longest lag, and the shape.
_MEANS = (0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.27, 0.35, 0.45, 0.6, 0.8)
_SHAPE = 8.0


@dataclass(frozen=True)
class Flow:
    """Units by series, channel and period, all (rows,): what was sold, or what came back.

    series, channel: codes, both from 0. period: of the panel. units: > 0.
    """

    series: Ints
    channel: Ints
    period: Ints
    units: Floats


@dataclass(frozen=True)
class ReturnRates:
    """rate: (categories, channels) share of the units that comes back, in [0, 1]. lag:
    (categories, lags) probabilities of 0, 1, ... periods, rows sum to 1."""

    rate: Floats
    lag: Floats


def learn_returns(
    sold: Flow, back: Flow, category: Ints, sizes: tuple[int, int], periods: int, longest: int
) -> ReturnRates | None:
    """Rates and lags of each category (``category`` (series,)) and channel; None without returns.

    sizes: numbers of categories and channels. longest: the longest lag, periods. Returns of the
    first ``longest`` periods are left out, for their sales may lie before the history.
    """
    rows_since = np.cumsum(np.bincount(back.period, minlength=periods)[::-1])[::-1]
    few = min(int(np.sum(rows_since > MOST_ROWS)), periods - 1)
    start = max(min(longest, periods // 3), few)
    cells, before = _matched(sold, back, back.period >= start, longest, periods)
    if not len(cells):
        return None
    curves = _curves(longest)
    before = before @ curves.T
    exposure = _exposure(sold, category, sizes, periods, start, longest) @ curves.T
    units, place = back.units[cells], category[back.series[cells]]
    shop = _by_curve(units, before, exposure.sum(axis=(0, 1)))
    total, weight = min(float(shop.sum()), 1.0), shop / shop.sum()
    shown = exposure @ weight
    seen = np.zeros(sizes)
    matched = (place, back.channel[cells])
    np.add.at(seen, matched, units)
    base = _shrunk(seen.sum(axis=1), shown.sum(axis=1), np.full(sizes[0], total))
    rate = _shrunk(seen, shown, np.broadcast_to(base[:, None], sizes))
    weights = _weights(base, weight, units, before, place, exposure.sum(axis=1))
    return ReturnRates(np.minimum(rate, 1.0), weights @ curves)


def _curves(longest: int) -> Floats:
    """Gamma distributions of the lag cut at ``longest``, (curves, lags); rows sum to 1."""
    mean = np.array(_MEANS) * longest
    edges = np.concatenate([[0.0], np.arange(longest + 1) + 0.5])
    below = special.gammainc(_SHAPE, _SHAPE * edges / mean[:, None])
    return np.asarray(np.diff(below, axis=1) / below[:, -1:], np.float64)


def _matched(
    sold: Flow, back: Flow, recent: NDArray[np.bool_], longest: int, periods: int
) -> tuple[Ints, Floats]:
    """Rows of returns with earlier sales of their series, and these by lag, (rows, lags)."""
    key = sold.series * periods + sold.period
    names, place = np.unique(key, return_inverse=True)
    units = np.append(np.bincount(place, sold.units, len(names)), 0.0)
    cells = np.flatnonzero(recent)
    before = np.zeros((len(cells), longest + 1))
    for lag in range(longest + 1):
        wanted = back.series[cells] * periods + back.period[cells] - lag
        found = np.minimum(np.searchsorted(names, wanted), max(len(names) - 1, 0))
        same = (names[found] == wanted) & (back.period[cells] >= lag) if len(names) else False
        before[:, lag] = np.where(same, units[found], 0.0)
    some = before.sum(axis=1) > 0
    return cells[some], before[some]


def _exposure(
    sold: Flow, category: Ints, sizes: tuple[int, int], periods: int, start: int, longest: int
) -> Floats:
    """Units sold whose return after each lag falls into the periods start ... periods - 1,
    (categories, channels, lags)."""
    groups = sizes[0] * sizes[1]
    group = category[sold.series] * sizes[1] + sold.channel
    flat = np.bincount(group * periods + sold.period, sold.units, groups * periods)
    running = np.concatenate(
        [np.zeros((groups, 1)), np.cumsum(flat.reshape(groups, periods), axis=1)], axis=1
    )
    lags = np.arange(longest + 1)
    first, last = np.maximum(start - lags, 0), np.maximum(periods - lags, 0)
    shown: Floats = running[:, last] - running[:, np.minimum(first, last)]
    return shown.reshape(*sizes, -1)


def _by_curve(units: Floats, before: Floats, exposure: Floats) -> Floats:
    """Returns per unit sold along each curve: the fixed point of expectation maximization."""
    found = np.ones(len(exposure))
    for _ in range(_ROUNDS):
        share = _shares(found[None, :], before)
        count = units @ share
        found = np.divide(count, exposure, out=np.zeros(len(count)), where=exposure > 0)
    return found


def _shares(found: Floats, before: Floats) -> Floats:
    """How each return is divided among the curves, (rows, curves)."""
    likely = found * before
    whole = likely.sum(axis=1, keepdims=True)
    share: Floats = np.divide(likely, whole, out=np.zeros(likely.shape), where=whole > 0)
    return share


def _shrunk(seen: Floats, shown: Floats, parent: Floats) -> Floats:
    """Posterior mean of a rate: a Gamma prior with the parent's mean, worth RATE_PRIOR returns."""
    prior = np.divide(RATE_PRIOR, parent, out=np.ones(parent.shape), where=parent > 0)
    return np.asarray((seen + RATE_PRIOR * (parent > 0)) / (shown + prior), np.float64)


def _weights(
    base: Floats, shop: Floats, units: Floats, before: Floats, place: Ints, exposure: Floats
) -> Floats:
    """(categories, curves) weights, shrunk to the shop's; ``exposure`` like them."""
    rows = np.arange(len(place) + 1)
    member = sparse.csr_array((units, place, rows), (len(place), len(base))).T.tocsr()
    found = base[:, None] * shop
    bottom = exposure + np.where(base > 0, LAG_PRIOR / np.maximum(base, 1e-12), 0.0)[:, None]
    for _ in range(_ROUNDS):
        top = member @ _shares(found[place], before) + LAG_PRIOR * shop
        found = np.divide(top, bottom, out=np.zeros(found.shape), where=bottom > 0)
    total = found.sum(axis=1, keepdims=True)
    return np.where(total > 0, found / np.where(total > 0, total, 1.0), shop)


def past_returns(
    sold: Flow, rates: ReturnRates, category: Ints, periods: int, horizon: int
) -> tuple[Floats, Floats]:
    """What comes back of past sales, (series, horizon), and the rate of each series' recent sales,
    (series,): over the channels that it sold on, else the mean of its category's channels."""
    n, longest = len(category), rates.lag.shape[1] - 1
    age = periods - 1 - sold.period
    recent = age <= longest
    series, units = sold.series[recent], sold.units[recent]
    rate = rates.rate[category[series], sold.channel[recent]]
    due = np.zeros((n, longest + 1))
    np.add.at(due, (series, age[recent]), units * rate)
    out = np.zeros((n, horizon))
    lag = rates.lag[category]
    for step in range(1, min(horizon, longest) + 1):
        # A unit of age a comes back in this step after a + step periods.
        out[:, step - 1] = np.einsum("ij,ij->i", due[:, : longest + 1 - step], lag[:, step:])
    whole = np.bincount(series, units, n)
    mean = rates.rate.mean(axis=1)[category]
    return out, np.divide(due.sum(axis=1), whole, out=mean, where=whole > 0)
