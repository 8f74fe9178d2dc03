"""The other guard against leaks: no forecast foresees pure chance.

Demand by the piece comes from buyers who know nothing of each other, so that whatever is known of
its mean, its variance is at least that of a Poisson variable, the mean. A forecast whose squared
misses are well below the units sold, where a season ago tells nothing of the kind, knows what was
sold: through a signal that holds demand, or a model that was shown the outcome.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments.backtest.scores import Scores
from stockwright.errors import DataError

# Squared misses over units that nothing but the outcome itself explains, and periods from which on
# they are no accident.
_LEAST, _FEWEST = 0.5, 500


def check_chance(variant: str, scores: Sequence[Scores], every: int) -> None:
    """Raise DataError where a variant misses demand by less than pure chance leaves.

    scores: of all its origins. every: periods of a block of the horizon. Blocks with less than 500
    periods in stock are not judged, nor is demand that is not counted by the piece.
    """
    width = max(s.steps["units"].shape[1] for s in scores)
    sums = {name: np.zeros(width) for name in ("count", "units", "squared", "season_squared")}
    for one in scores:
        pieces = one.sums["pieces"].astype(np.bool_)
        for name, total in sums.items():
            found = one.steps[name][pieces].sum(axis=0)
            total[: len(found)] += found
    units = np.maximum(sums["units"], 1e-9)
    share, naive = sums["squared"] / units, sums["season_squared"] / units
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
