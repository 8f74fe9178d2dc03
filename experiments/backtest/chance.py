"""The other guard against leaks: nothing foresees pure chance, no forecast and no signal.

Demand by the piece comes from buyers who know nothing of each other, so that whatever is known of
its mean, its variance is at least that of a Poisson variable, the mean. A forecast whose squared
misses are well below the units sold, where a season ago tells nothing of the kind, knows what was
sold: through a signal that holds demand, or a model that was shown the outcome. The same is asked
of each signal by itself, whether or not a model makes anything of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from experiments.backtest.scores import Scores
from pipelines.assemble import Situation
from stockwright.errors import DataError, describe
from stockwright.panel import Status

# Squared misses over units that nothing but the outcome itself explains, and periods from which on
# they are no accident.
_LEAST, _FEWEST = 0.5, 500
# Series that a signal is tried on, and parts of its range.
_SERIES, _PARTS = 4000, 200

Floats = NDArray[np.float64]


def check_chance(variant: str, scores: Sequence[Scores], every: int) -> None:
    """Raise DataError where a variant misses demand by less than pure chance leaves.

    scores: of all its origins. every: periods of a block of the horizon. Blocks with less than 500
    periods in stock are not judged, nor is demand that is promised, or not counted by the piece.
    """
    width = max(s.steps["units"].shape[1] for s in scores)
    sums = {name: np.zeros(width) for name in ("count", "units", "squared", "season")}
    for one in scores:
        pieces = one.sums["pieces"].astype(np.bool_)
        for name, total in sums.items():
            found = one.steps[f"free_{name}"][pieces].sum(axis=0)
            total[: len(found)] += found
    units = np.maximum(sums["units"], 1e-9)
    share, naive = sums["squared"] / units, sums["season"] / units
    told = (sums["count"] >= _FEWEST) & (sums["units"] > 0)
    known = np.flatnonzero(told & (share < _LEAST) & (naive >= 1))
    if not len(known):
        return
    worst = int(known[np.argmin(share[known])])
    raise DataError(
        f"the forecasts of {variant} from {scores[0].origin} to {scores[-1].origin} know the "
        f"future: over periods {worst * every + 1} to {(worst + 1) * every} ahead their squared "
        f"misses are {share[worst]:.2f} of the units sold, of which pure chance alone leaves 1 and "
        f"a forecast by the season ago {naive[worst]:.1f}; find the signal that holds demand, "
        "though it is called known ahead, or the model that was shown what came"
    )


def check_signals(situation: Situation) -> None:
    """Raise DataError that names the signals from which demand can be read off beyond chance.

    A signal that is known ahead is held against the demand of its own period, another one against
    that of the next. How demand is read off it is learned on one half of the series, and tried on
    the other.
    """
    panel, sold = situation.panel, situation.panel.demand
    rows = np.argsort(panel.index.key_hash(), kind="stable")[:_SERIES]
    rows = rows[(sold[rows] == np.round(sold[rows])).all(axis=1)]
    units, known = sold[rows], panel.status[rows] == Status.OBSERVED
    periods, found = panel.n_periods, []
    for name, values in panel.covariates.signals.items():
        late = 0 if name in panel.covariates.known_ahead else 1
        mine = (values if len(values) == 1 else values[rows])[:, : periods - late]
        signal = np.broadcast_to(mine, (len(rows), periods - late))
        cells = known[:, late:] & np.isfinite(signal)
        half = np.broadcast_to((np.arange(len(rows)) % 2 == 1)[:, None], cells.shape)[cells]
        share = _missed(signal[cells], units[:, late:][cells].astype(np.float64), half)
        if share < _LEAST:
            found.append(f"{name}, squared misses {share:.2f} of the units")
    if found:
        raise DataError(
            describe(
                "signals know the future: demand can be read off them beyond what chance allows",
                found,
                "export them as they were known on each date, or leave them out",
            )
        )


def _missed(signal: Floats, units: Floats, judged: NDArray[np.bool_]) -> float:
    """Squared misses over units where ``judged``, of the better of two readings of the signal that
    are learned elsewhere: a line, and the means of alike signals. Infinite where too little can be
    told, or where the overall mean does as well.
    """
    if min(judged.sum(), (~judged).sum()) < _FEWEST or not units[judged].sum() > 0:
        return np.inf
    learned, came = signal[~judged], units[~judged]
    overall, spread = came.mean(), learned.var()
    slope = ((learned - learned.mean()) * (came - overall)).mean() / max(spread, 1e-12)
    line = overall + slope * (signal[judged] - learned.mean())
    levels = np.unique(np.quantile(learned, np.linspace(0, 1, _PARTS)))
    part = np.searchsorted(levels, signal)
    count = np.bincount(part[~judged], minlength=len(levels) + 1)
    total = np.bincount(part[~judged], came, len(levels) + 1)
    mean = np.where(count > 0, total / np.maximum(count, 1), overall)
    wanted = units[judged]
    if ((wanted - overall) ** 2).sum() < wanted.sum():
        return np.inf
    misses = (((wanted - said) ** 2).sum() for said in (line, mean[part[judged]]))
    return float(min(misses) / wanted.sum())
