"""What a model's answers cost against what came, gathered over the rounds of a case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from ours import Answer
from rounds import Bools, Floats, Round

from experiments.metrics.bootstrap import interval
from experiments.metrics.losses import pinball


@dataclass
class Sums:
    """Outcomes of one span, one entry for each series and origin.

    key: of the series. origin: number of the round. units: demand of the known periods. whole: all
    periods were in stock. mean: forecast of the known periods. loss, median, covered: by way.
    """

    key: list[np.ndarray] = field(default_factory=list)
    origin: list[np.ndarray] = field(default_factory=list)
    units: list[Floats] = field(default_factory=list)
    whole: list[Bools] = field(default_factory=list)
    mean: list[Floats] = field(default_factory=list)
    loss: dict[str, list[Floats]] = field(default_factory=dict)
    median: dict[str, list[Floats]] = field(default_factory=dict)
    covered: dict[str, list[Floats]] = field(default_factory=dict)


@dataclass
class Tally:
    """A model in a case: its losses, seconds and the number of rounds that it answered."""

    name: str
    spans: dict[int, Sums] = field(default_factory=dict)
    step_loss: float = 0.0
    step_units: float = 0.0
    recovered: dict[int, tuple[float, float]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    rounds: int = 0
    megabytes: float = 0.0

    def add(self, number: int, round_: Round, answer: Answer, rows: np.ndarray) -> None:
        """Score an answer on the elements ``rows`` of its series (those that all answered)."""
        self.rounds += 1
        self.megabytes = max(self.megabytes, answer.megabytes)
        place = np.flatnonzero(round_.scored)[rows]
        units, known = round_.units[place], round_.known[place]
        key = round_.keys()[place]
        mean = answer.mean[rows]
        loss = np.where(known, pinball(answer.steps[rows], units), 0)
        self.step_loss += float(loss.sum())
        self.step_units += float(units[known].sum())
        made_good = round_.recovered[place]
        sure = np.isfinite(made_good)
        self.recovered[number] = (float(mean[sure].sum()), float(made_good[sure].sum()))
        for name, value in answer.seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + value
        for span in round_.spans:
            self._add_span(number, span, key, units, known, mean, answer, rows)

    def _add_span(
        self,
        number: int,
        span: int,
        key: np.ndarray,
        units: Floats,
        known: Bools,
        mean: Floats,
        answer: Answer,
        rows: np.ndarray,
    ) -> None:
        sums = self.spans.setdefault(span, Sums())
        some = known[:, :span].any(axis=1)
        total = np.where(known, units, 0)[:, :span].sum(axis=1)[some]
        sums.key.append(key[some])
        sums.origin.append(np.full(int(some.sum()), number))
        sums.units.append(total)
        sums.whole.append(known[some, :span].all(axis=1))
        sums.mean.append(np.where(known, mean, 0)[some, :span].sum(axis=1))
        for way, quantiles in answer.sums[span].items():
            found = quantiles[rows][some]
            sums.loss.setdefault(way, []).append(pinball(found, total))
            sums.median.setdefault(way, []).append(found[:, 0])
            sums.covered.setdefault(way, []).append(total[:, None] <= found)


@dataclass(frozen=True)
class Summary:
    """Figures of a model in a case; all pinballs are scaled by the demand."""

    name: str
    way: str
    pooled: float
    by_span: dict[int, float]
    steps: float
    wape: float
    bias: float
    bias_interval: tuple[float, float]
    bias_by_origin: tuple[float, ...]
    recovered_bias: float
    whole: float
    covered: tuple[float, ...]
    loss_by_series: Floats
    units_by_series: Floats
    seconds: dict[str, float]
    megabytes: float


def ratio_interval(top: Floats, bottom: Floats) -> tuple[float, float, float]:
    """sum(top) / sum(bottom) with its 95 % bootstrap interval over the elements."""
    return interval(np.stack([top, bottom], axis=1), np.arange(len(top)), draws=500)


def by_series(keys: np.ndarray, *values: Floats) -> list[Floats]:
    """Sums of values over all outcomes of the same series."""
    _, place = np.unique(keys, return_inverse=True)
    return [np.bincount(place, each) for each in values]


def _joined(parts: list[Floats]) -> Floats:
    return np.concatenate(parts)


def best_way(sums: Sums) -> str:
    """The way to the quantiles of a sum that costs least in the case."""
    cost = {way: sum(float(part.sum()) for part in parts) for way, parts in sums.loss.items()}
    return min(cost, key=lambda way: (cost[way], way))


def summarized(tally: Tally, pooled: tuple[int, ...]) -> Summary:
    """Figures over all origins; bias and WAPE are those of the pooled sums."""
    way = {span: best_way(sums) for span, sums in tally.spans.items()}

    def gathered(parts: Callable[[Sums, str], list[np.ndarray]]) -> np.ndarray:
        return _joined([each for span in pooled for each in parts(tally.spans[span], way[span])])

    key, origin = gathered(lambda s, _: s.key), gathered(lambda s, _: s.origin)
    units, mean = gathered(lambda s, _: s.units), gathered(lambda s, _: s.mean)
    loss, median = gathered(lambda s, w: s.loss[w]), gathered(lambda s, w: s.median[w])
    whole, covered = gathered(lambda s, _: s.whole), gathered(lambda s, w: s.covered[w])
    by_span = {
        span: float(_joined(sums.loss[way[span]]).sum() / _joined(sums.units).sum())
        for span, sums in tally.spans.items()
    }
    loss_of, units_of, mean_of = by_series(key, loss, units, mean)
    each = [
        float(mean[origin == number].sum() / units[origin == number].sum() - 1)
        for number in np.unique(origin)
    ]
    forecast, came = (sum(pair[i] for pair in tally.recovered.values()) for i in (0, 1))
    _, low, high = ratio_interval(mean_of, units_of)
    return Summary(
        name=tally.name,
        way=" ".join(way[span] for span in pooled),
        pooled=float(loss.sum() / units.sum()),
        by_span=by_span,
        steps=tally.step_loss / tally.step_units,
        wape=float(np.abs(median - units).sum() / units.sum()),
        bias=float(mean.sum() / units.sum() - 1),
        bias_interval=(low - 1, high - 1),
        bias_by_origin=tuple(each),
        recovered_bias=forecast / came - 1,
        whole=float(loss[whole].sum() / units[whole].sum()) if whole.any() else float("nan"),
        covered=tuple(float(share) for share in covered.mean(axis=0)),
        loss_by_series=loss_of,
        units_by_series=units_of,
        seconds=tally.seconds,
        megabytes=tally.megabytes,
    )
