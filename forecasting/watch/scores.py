"""How unusual the newest forecasts have missed, beside those before them.

Periods are put into blocks (a week of days, one week), newest first. Misses of one block hang
together: they share a forecast's level, the weather, an outage. So blocks are compared, not days. A
block's variance is between what successive blocks of the segment's past differ by (von Neumann
1941: a level that moved counts once) and a prior: what independent days give, and what blocks of
all segments differ beyond that.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy import special

from forecasting.watch.sums import LEVELS, DaySums

Floats = NDArray[np.float64]
#: Blocks that are judged, and all that are looked at.
RECENT, BLOCKS = 2, 8
# Degrees of freedom of the prior variance, and its part that does not fall with the units.
_PRIOR, _COMMON = 12.0, 0.02**2
# Mean of the median of half the squared successive differences of 2, 3, ... 6 standard normal
# variables (simulated).
_MEDIANS = np.array([1.0, 1.0, 1.0, 0.81, 0.78, 0.67])
# Cells of a block below which a share of them says nothing, and units below which a ratio does not.
_LEAST_CELLS, _LEAST_UNITS = 20.0, 20.0
# Beyond this a normal score is no longer a number to be believed.
_MOST = 8.0


@dataclass(frozen=True)
class Scores:
    """Of every segment, (segments,) each.

    value: over the recent blocks. low, high: its 95 % interval. usual: what it is held against.
    score: value less usual over its standard error, as a normal score; NaN where nothing can be
    told. blocks: how many of the newest ones were looked at for ``value``.
    """

    value: Floats
    low: Floats
    high: Floats
    usual: Floats
    score: Floats
    blocks: Floats

    def mapped(self, forward: np.ufunc) -> Scores:
        """Value, interval and usual on another, rising scale."""
        same = ("score", "blocks")
        return Scores(
            *(
                getattr(self, each.name) if each.name in same else forward(getattr(self, each.name))
                for each in fields(self)
            )
        )


def bias_scores(days: DaySums, length: int, least: float) -> Scores:
    """Units sold over the mean forecast, less 1.

    least: a bias beyond it is never usual, however long it has lasted.
    """
    blocks = days.blocks(length)
    units, mean = blocks.part("units"), blocks.part("mean")
    seen = (units + mean >= 2 * _LEAST_UNITS) & _whole(blocks)
    ratio = np.where(seen, np.log((units + 1.0) / (mean + 1.0)), np.nan)
    usual, past = _past(ratio)
    held = np.clip(past / (past + 1.0) * usual, np.log1p(-least), np.log1p(least))
    size = np.maximum(np.maximum(units, mean), 1.0)
    alone = _independent(days.part("units") - days.part("mean"), length, size)
    return _scored(ratio, held, alone + _COMMON).mapped(np.expm1)


def wape_scores(days: DaySums, length: int) -> Scores:
    """Absolute error of the median over units sold; held against its own past alone."""
    blocks = days.blocks(length)
    units, error = blocks.part("units"), blocks.part("error")
    enough = (units >= _LEAST_UNITS) & (blocks.part("cells") >= _LEAST_CELLS)
    seen = enough & (error > 0) & _whole(blocks)
    ratio = np.log(np.where(seen, error, np.nan) / np.where(seen, units, 1.0))
    usual, past = _past(ratio)
    each = days.part("error") - days.part("units") * _of_days(np.exp(usual))
    alone = _independent(each, length, np.maximum(error, 1.0))
    return _scored(ratio, np.where(past >= 2, usual, np.nan), alone + _COMMON).mapped(np.exp)


def share_scores(days: DaySums, length: int, level: float) -> Scores:
    """Share of the cells that sold more than a quantile.

    Counts lie above it in less than 1 - level of the cells even under a perfect forecast, so the
    past is what is usual, and never more than that.
    """
    blocks = days.blocks(length)
    cells = blocks.part("cells")
    seen = (cells >= _LEAST_CELLS) & _whole(blocks)
    above = blocks.part(f"above_{level}")
    share = np.where(seen, above / np.maximum(cells, 1.0), np.nan)
    usual, past = _past(share)
    held = np.where(past >= 2, np.minimum(usual, 1.0 - level), np.nan)
    rate = np.clip(_of_days(np.nan_to_num(usual, nan=1.0 - level)), 0.01, 0.99)
    each = days.part(f"above_{level}") - days.part("cells") * rate
    alone = _independent(each, length, np.maximum(cells, 1.0))
    least = rate * (1 - rate) / np.maximum(cells, 1.0)
    return _scored(share, held, np.maximum(alone, least) + 0.01**2)


def _whole(blocks: DaySums) -> NDArray[np.bool_]:
    """Blocks with at least half the cells of the fullest one: not the rest of a week."""
    cells = blocks.part("cells")
    return np.asarray(cells >= cells.max(axis=1, keepdims=True, initial=0.0) / 2)


def _of_days(values: Floats) -> Floats:
    return np.asarray(np.nan_to_num(values)[:, None])


def _past(values: Floats) -> tuple[Floats, Floats]:
    """Mean of the blocks before the recent ones, 0 without one, and their number."""
    past = values[:, RECENT:BLOCKS]
    seen = np.isfinite(past)
    count = seen.sum(axis=1).astype(np.float64)
    return np.where(seen, past, 0.0).sum(axis=1) / np.maximum(count, 1.0), count


def _independent(each: Floats, length: int, size: Floats) -> Floats:
    """Variance of each block's sum over ``size``, were its periods independent, (segments, blocks).

    each: (segments, periods) misses. Half the squares of their successive differences count, so
    that a level which moved does not, and the recent blocks only where there are no others.
    """
    end, start = BLOCKS * length, RECENT * length

    def ratio(first: int) -> Floats:
        steps = np.diff(each[:, first:end], axis=1) ** 2 / 2
        whole = size[:, first // length : BLOCKS].sum(axis=1)
        total = steps.mean(axis=1) * (end - first) if steps.size else np.zeros(len(each))
        return np.asarray(total / np.maximum(whole, 1e-9))

    seen = (each[:, start:end] != 0).any(axis=1)
    return np.asarray(np.where(seen, ratio(start), ratio(0))[:, None] / size)


def _scored(values: Floats, usual: Floats, alone: Floats) -> Scores:
    """The newest block, and the recent ones together, against ``usual``: whichever says more.

    alone: variance of a block of independent periods, (segments, blocks). What blocks of the past
    differ beyond it is taken from all segments together for a prior.
    """
    known = np.isfinite(values)
    prior = np.where(known, alone, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    steps = np.diff(values[:, RECENT:BLOCKS], axis=1) ** 2
    moves = np.isfinite(steps).sum(axis=1)
    weight = moves / 2.0
    ranked = np.sort(np.where(np.isfinite(steps), steps, np.inf), axis=1)
    middle = np.where(moves > 0, _median(ranked, moves), 0.0) / (2 * _MEDIANS[moves])
    prior = prior + max(_mean(middle - prior, moves), 0.0)
    variance = np.maximum((_PRIOR * prior + weight * middle) / (_PRIOR + weight), prior / 2)
    past = known[:, RECENT:BLOCKS].sum(axis=1).astype(np.float64)
    looks = [
        _look(values[:, :recent], usual, variance, _PRIOR + weight, past) for recent in (1, RECENT)
    ]
    more = np.nan_to_num(np.abs(looks[0].score)) >= np.nan_to_num(np.abs(looks[1].score))
    return Scores(
        *(
            np.where(more, getattr(looks[0], each.name), getattr(looks[1], each.name))
            for each in fields(Scores)
        )
    )


def _mean(values: Floats, weight: NDArray[np.int64]) -> float:
    return float((values * weight).sum() / max(weight.sum(), 1))


def _median(ranked: Floats, count: NDArray[np.int64]) -> Floats:
    """Median of the first ``count`` of each row of rising numbers."""
    if not ranked.shape[1]:
        return np.zeros(len(ranked))
    rows, last = np.arange(len(ranked)), np.maximum(count - 1, 0)
    return np.asarray((ranked[rows, last // 2] + ranked[rows, (last + 1) // 2]) / 2)


def _look(recent: Floats, usual: Floats, variance: Floats, freedom: Floats, past: Floats) -> Scores:
    """Mean of some blocks against ``usual``."""
    seen = np.isfinite(recent)
    count = seen.sum(axis=1)
    mean = np.where(seen, recent, 0.0).sum(axis=1) / np.maximum(count, 1)
    now = np.where(count > 0, mean, np.nan)
    own = np.sqrt(variance / np.maximum(count, 1))
    error = np.sqrt(variance * (1 / np.maximum(count, 1) + 1 / (past + 1.0)))
    ratio = np.divide(now - usual, error, out=np.full_like(now, np.nan), where=error > 0)
    score = np.sign(ratio) * -special.ndtri(special.stdtr(freedom, -np.abs(ratio)))
    reach = special.stdtrit(freedom, 0.975) * own
    shown = np.where(past > 0, usual, np.nan)
    clipped = np.clip(score, -_MOST, _MOST)
    looked = np.full(len(now), float(recent.shape[1]))
    return Scores(now, now - reach, now + reach, shown, clipped, looked)


#: Measures of a forecast, in the order of the published rows.
SHARES = tuple((f"above_q{round(level * 100)}", level) for level in LEVELS)
MEASURES = ("bias", "wape", *(name for name, _ in SHARES))


def all_scores(days: DaySums, length: int, least: float) -> dict[str, Scores]:
    """Scores of every segment by measure."""
    shares = {name: share_scores(days, length, level) for name, level in SHARES}
    return {
        "bias": bias_scores(days, length, least),
        "wape": wape_scores(days, length),
        **shares,
    }
