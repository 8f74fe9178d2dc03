"""Whether what the model reads has changed: population stability of the inputs.

The population stability index of two samples over the same bins, with shares p and q, is
sum (p - q) ln(p / q) (Siddiqi 2006, Credit Risk Scorecards, ch. 10); .1 and .25 are the customary
borders of a small and of a large change. Without a change it is about chi-squared with bins - 1
degrees of freedom, times 1 / n + 1 / m of the samples (Yurdakul 2018).

Each series is compared with itself: its last 28 days less its 56 days before. The sample of these
changes stands beside those of earlier stretches of 28 days; how much such samples differ in the
ordinary course of the shop, its seasons included, those earlier stretches show one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from stockwright.panel import DemandPanel, Status

Floats = NDArray[np.float64]
#: Days in a stretch; a year holds thirteen.
STRETCH_DAYS, _YEAR = 28, 13
# Stretches before that a change is taken from, earlier changes that are needed, and most of them.
_BEFORE, _LEAST_PAST, _MOST_PAST = 2, 3, 14
_SERIES = 20_000
_BINS = 10
# Added to each count.
_HALF = 0.5


@dataclass(frozen=True)
class InputChange:
    """How one input has changed. psi: of the last stretch. usual: geometric mean of earlier ones.
    year: of the stretch a year before, NaN where not known. score: of psi among the earlier ones,
    as a normal score. chance: psi that chance alone exceeds with the probability asked for. now,
    before: the input itself, in the last stretch and in the two before it.
    """

    measure: str
    psi: float
    usual: float
    year: float
    score: float
    chance: float
    now: float
    before: float


def stability_index(now: Floats, reference: Floats) -> float:
    """Population stability of counts over the same bins; half a count is added to each."""
    p, q = ((x + _HALF) / (x + _HALF).sum() for x in (now, reference))
    return float(((p - q) * np.log(p / q)).sum())


def input_changes(panel: DemandPanel, rate: float) -> list[InputChange]:
    """Changes of what the panel holds. rate: probability of ``InputChange.chance``."""
    length = STRETCH_DAYS // panel.calendar.days
    count = min(panel.n_periods // length, _MOST_PAST + _BEFORE + 1)
    if count < 1 + _BEFORE + _LEAST_PAST:
        return []
    order = np.argsort(panel.index.key_hash(), kind="stable")
    some = panel.take(np.sort(order[:_SERIES]))
    stretches = _Stretches(some, length, count)
    found = [
        sample_change(name, values, ratio, rate)
        for name, (values, ratio) in stretches.samples().items()
    ]
    found += [
        share_change(name, part, whole, rate) for name, (part, whole) in stretches.shares().items()
    ]
    return [each for each in found if each is not None]


def sample_change(measure: str, values: Floats, ratio: bool, rate: float) -> InputChange | None:
    """Change of a number of each series, (series, stretches), newest first, NaN where unknown.

    ratio: changes are ratios, not differences.
    """
    before = np.stack([values[:, lag : values.shape[1] - _BEFORE + lag] for lag in (1, 2)]).mean(0)
    now = values[:, : before.shape[1]]
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.round(np.log(now / before) if ratio else now - before, 6)
    known = np.isfinite(change)
    if known[:, 0].sum() < 2 * _BINS or known[:, 1:].sum() < 2 * _BINS:
        return None
    columns = [change[known[:, k], k] for k in range(change.shape[1])]
    edges = _edges(np.concatenate(columns[1:]))
    counts = np.array([_counts(column, edges) for column in columns], np.float64)
    seen = known & np.isfinite(now) & np.isfinite(before)
    means = [float(part[seen[:, 0], 0].mean()) for part in (now, before)]
    return _judged(measure, counts, rate, means[0], means[1])


def share_change(measure: str, part: Floats, whole: Floats, rate: float) -> InputChange | None:
    """Change of a share of the shop, (stretches,) part and whole, newest first."""
    if not (whole > 0).all() or len(part) < 1 + _LEAST_PAST:
        return None
    counts = np.stack([part, np.maximum(whole - part, 0.0)], axis=1)
    share = part / whole
    return _judged(measure, counts, rate, float(share[0]), float(share[1:3].mean()))


def pooled_change(
    measure: str, values: Floats, stretch: NDArray[np.int64], count: int, rate: float
) -> InputChange | None:
    """Change of the distribution of numbers, each of one of ``count`` stretches, newest 0.

    values, stretch: (n,); NaN and stretches below 0 do not count. A stretch with too few numbers
    ends what is looked at.
    """
    known = np.isfinite(values) & (stretch >= 0)
    values, stretch = values[known], stretch[known]
    size = np.bincount(stretch, minlength=max(count, 1))[:count]
    whole = int(np.argmin(np.append(size >= 2 * _BINS, False)))
    if whole < 1 + _LEAST_PAST:
        return None
    past = values[(stretch > 0) & (stretch < whole)]
    edges = _edges(past)
    counts = np.array([_counts(values[stretch == k], edges) for k in range(whole)], np.float64)
    means = [float(values[stretch == k].mean()) for k in (0, 1, 2)]
    before = (means[1] + means[2]) / 2
    return _judged(measure, counts, rate, means[0], before)


def _edges(reference: Floats) -> Floats:
    """Borders of about ten bins of equal size; a number that many share has a bin of its own."""
    levels = np.linspace(0, 1, _BINS + 1)[1:-1]
    found = np.quantile(reference, levels, method="inverted_cdf")
    shared = found[1:][np.diff(found) == 0]
    return np.unique(np.concatenate([found, np.nextafter(shared, np.inf)]))


def _counts(values: Floats, edges: Floats) -> NDArray[np.int64]:
    return np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)


def _judged(
    measure: str, counts: Floats, rate: float, now: float, before: float
) -> InputChange | None:
    """counts: (stretches, bins), newest first."""
    if len(counts) < 1 + _LEAST_PAST:
        return None
    past = counts[1:].sum(axis=0)
    index = stability_index(counts[0], past)
    earlier = np.array([stability_index(row, past - row) for row in counts[1:]])
    logs = np.log(np.maximum(earlier, 1e-6))
    spread = max(float(logs.std(ddof=1)), 0.3)
    ratio = (np.log(max(index, 1e-6)) - logs.mean()) / (spread * np.sqrt(1 + 1 / len(logs)))
    score = -special.ndtri(special.stdtr(len(logs) - 1, -abs(ratio))) * np.sign(ratio)
    sizes = 1 / max(counts[0].sum(), 1.0) + 1 / max(past.sum(), 1.0)
    year = float(earlier[_YEAR - 1]) if len(earlier) >= _YEAR else np.nan
    return InputChange(
        measure=measure,
        psi=index,
        usual=float(np.exp(logs.mean())),
        year=year,
        score=float(np.clip(score, -8.0, 8.0)),
        chance=float(special.chdtri(counts.shape[1] - 1, rate) * sizes),
        now=now,
        before=before,
    )


class _Stretches:
    """A panel cut into stretches, newest first."""

    def __init__(self, panel: DemandPanel, length: int, count: int) -> None:
        self.panel, self.length, self.count = panel, length, count

    def _cut(self, values: NDArray[Any]) -> NDArray[Any]:
        """(rows, stretches, periods) of a (rows, period) array over the history."""
        history = values[:, : self.panel.n_periods][:, -self.length * self.count :]
        return history.reshape(len(values), self.count, self.length)[:, ::-1]

    def samples(self) -> dict[str, tuple[Floats, bool]]:
        """(series, stretches) by measure, and whether changes are ratios."""
        panel, enough = self.panel, self.length / 4
        status = self._cut(panel.status)
        seen, listed = status == Status.OBSERVED, status <= Status.CENSORED
        periods, offered = seen.sum(axis=2), listed.sum(axis=2)
        units = self._cut(panel.demand)

        def share(part: NDArray[Any], whole: NDArray[np.int64]) -> Floats:
            sums = part.sum(axis=2, dtype=np.float64)
            return np.where(whole >= enough, sums / np.maximum(whole, 1), np.nan)

        return {
            "demand": (share(np.where(seen, units, 0.0), periods) + 1 / self.length, True),
            "zero_share": (share(seen & (units == 0), periods), False),
            "in_stock_share": (
                share(np.where(listed, self._cut(panel.in_stock), 0.0), offered), False
            ),
            "price": (self._mean_of(panel.covariates.price, offered), True),
            "discount": (self._mean_of(panel.covariates.discount, offered), False),
        }  # fmt: skip

    def _mean_of(self, values: NDArray[np.float32], offered: NDArray[np.int64]) -> Floats:
        """Mean of a covariate that is known, of series that were offered."""
        cut = self._cut(values).astype(np.float64)
        known = np.isfinite(cut)
        mean = np.where(known, cut, 0.0).sum(axis=2) / np.maximum(known.sum(axis=2), 1)
        mean = np.where(known.any(axis=2), mean, np.nan)
        return np.where(offered >= self.length / 4, mean, np.nan)

    def shares(self) -> dict[str, tuple[Floats, Floats]]:
        """(stretches,) part and whole by measure."""
        status, launch = self._cut(self.panel.status), self.panel.launch
        first = self.panel.n_periods - self.length * (1 + np.arange(self.count))
        born = (launch[:, None] >= first) & (launch[:, None] < first + self.length)
        there = (status[:, :, 0] <= Status.CENSORED) & (launch[:, None] < first)
        lost = there & (status[:, :, -1] == Status.NOT_LISTED)
        missing = (status == Status.MISSING).any(axis=0).sum(axis=1).astype(np.float64)
        keys = np.maximum(there.sum(axis=0), 1).astype(np.float64)
        return {
            "new_keys": (born.sum(axis=0).astype(np.float64), keys + born.sum(axis=0)),
            "lost_keys": (lost.sum(axis=0).astype(np.float64), keys),
            "missing_days": (missing, np.full(self.count, float(self.length))),
        }
