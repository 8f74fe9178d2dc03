"""The value-added staircase: what each rung brings beyond the one below it, and how surely."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecasting.blend.rungs import GLOBAL, NAIVE
from forecasting.blend.segments import SEGMENT_NAMES
from forecasting.blend.weights import Sums, tried
from forecasting.spread.spread import Spread, Totals

Floats = NDArray[np.float64]
_LEVELS = np.array([0.5, 0.8, 0.9, 0.95, 0.99])
#: Rows of the staircase of the shop as a whole, and of the totals that an override changed.
SHOP, OVERRIDDEN = "shop", "overridden"
#: The last rung: the blend with the overrides of planners put in its place.
OVERRIDE = "override"
# Standard errors beyond which a loss is no chance, and series from which on they can be trusted.
_SURE, _FEWEST = 2.0, 10


@dataclass(frozen=True)
class Stair:
    """One rung in one segment, on held-out totals.

    segment: a name of ``SEGMENT_NAMES``, "shop" or "overridden". totals, series: their number.
    pinball: mean of twice the pinball loss over .5/.8/.9/.95/.99, wape: absolute misses of the
    median, bias: means less units, all over the units sold. gain: pinball of the rung below less
    this one's; error: its standard error, misses paired by series.
    """

    rung: str
    segment: str
    totals: int
    series: int
    pinball: float
    wape: float
    bias: float
    gain: float
    error: float

    @property
    def harmful(self) -> bool:
        """Whether this rung is worse than the one below it, beyond chance."""
        return self.series >= _FEWEST and self.gain + _SURE * self.error < 0


def staircase(
    sums: Sums,
    totals: Totals,
    spread: Spread,
    available: Sequence[int],
    kept: Sequence[int],
    overridden: Callable[[Floats], Floats] | None = None,
) -> tuple[Stair, ...]:
    """Naive, statistical, global, blend: losses on totals that their weights were not learned on.

    sums, totals: the same totals, row by row. available: rungs that there are; kept: those of the
    blend. overridden: means (totals,) of the blend, with what planners had put in their place;
    where that changes any, it is the last rung, and the totals that it changes are a segment of
    their own. All rungs stand in the same spread, so that what is compared is where they are. ()
    for no totals.
    """
    if not len(sums.units):
        return ()
    simple = [r for r in available if r not in (NAIVE, GLOBAL)]
    means = {"naive": sums.rungs[:, NAIVE], "statistical": tried(sums, simple)}
    if GLOBAL in available:
        means["global"] = sums.rungs[:, GLOBAL]
    means["blend"] = tried(sums, kept)
    groups = {SHOP: np.ones(len(sums.units), np.bool_)}
    groups |= {SEGMENT_NAMES[code]: sums.segment == code for code in np.unique(sums.segment)}
    if overridden is not None:
        said = overridden(means["blend"])
        changed = said != means["blend"]
        if changed.any():
            means[OVERRIDE], groups[OVERRIDDEN] = said, changed
    losses = {name: _losses(totals, mean, spread) for name, mean in means.items()}
    rows: list[Stair] = []
    for segment, here in groups.items():
        rows += _stairs(losses, sums.take(here), segment, here)
    return tuple(rows)


def _losses(totals: Totals, mean: Floats, spread: Spread) -> Floats:
    """Pinball over the levels, absolute miss of the median and mean less units, (3, totals)."""
    scale = mean / np.maximum(totals.mean, 1e-12)
    moved = replace(totals, rate=totals.rate * scale, mean=mean, squares=totals.squares * scale**2)
    quantiles = moved.distribution(spread).quantile(_LEVELS)
    miss = totals.units[:, None] - quantiles
    pinball = 2 * np.maximum(_LEVELS * miss, (_LEVELS - 1) * miss).mean(axis=1)
    return np.stack([pinball, np.abs(miss[:, 0]), mean - totals.units])


def _stairs(
    losses: dict[str, Floats], sums: Sums, segment: str, here: NDArray[np.bool_]
) -> list[Stair]:
    units = max(float(sums.units.sum()), 1e-9)
    names, series = np.unique(sums.series, return_inverse=True)
    rows, below = [], None
    for name, loss in losses.items():
        pinball, miss, over = loss[:, here]
        gain, error = 0.0, 0.0
        if below is not None:
            better = np.bincount(series, below - pinball)
            gain = float(better.sum()) / units
            error = float(np.sqrt(len(better) * better.var())) / units
        rows.append(
            Stair(
                rung=name,
                segment=segment,
                totals=len(pinball),
                series=len(names),
                pinball=float(pinball.sum()) / units,
                wape=float(miss.sum()) / units,
                bias=float(over.sum()) / units,
                gain=gain,
                error=error,
            )
        )
        below = pinball
    return rows
