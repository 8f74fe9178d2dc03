"""Checks that need more than quantiles: calibration of totals, and the days around a peak."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from ours import Answer, total_of
from rounds import Bools, Floats, Round

from experiments.metrics.calibration import coverage, kaplan_meier, pit_bounds
from experiments.metrics.losses import LEVELS
from stockwright.forecast import Forecast


@dataclass
class Calibration:
    """PIT bounds of our totals over the spans that a case pools.

    The known periods of each interval give the first curve. The Kaplan-Meier curve takes whole
    intervals, a stock-out making the recorded sum a lower bound.
    """

    name: str
    spans: tuple[int, ...]
    below: list[Floats] = field(default_factory=list)
    above: list[Floats] = field(default_factory=list)
    whole_below: list[Floats] = field(default_factory=list)
    whole_above: list[Floats] = field(default_factory=list)
    at_least: list[Bools] = field(default_factory=list)

    def add(self, round_: Round, forecast: Forecast) -> None:
        """Take the totals of one origin."""
        rows = np.flatnonzero(round_.scored & (forecast.mean.sum(axis=1) > 0))
        own, units = forecast.take(rows), round_.units[rows]
        known, bound = round_.known[rows], round_.at_least[rows]
        for span in self.spans:
            some = np.flatnonzero(known[:, :span].any(axis=1))
            seen = np.where(known, units, 0)[some, :span].sum(axis=1)
            below, above = pit_bounds(total_of(own.take(some), span, known[some]), seen)
            self.below.append(below)
            self.above.append(above)
            counted = (known | bound)[:, :span]
            part = np.where(counted, units[:, :span], 0).sum(axis=1)
            below, above = pit_bounds(total_of(own, span, _wide(counted, known)), part)
            self.whole_below.append(below)
            self.whole_above.append(above)
            self.at_least.append(bound[:, :span].any(axis=1))

    def show(self) -> None:
        """Coverage at the levels, and the Kaplan-Meier curve beside it."""
        below, above = np.concatenate(self.below), np.concatenate(self.above)
        whole = np.concatenate(self.whole_below), np.concatenate(self.whole_above)
        at_least = np.concatenate(self.at_least)
        print(f"calibration of {self.name}, totals over {self.spans}, levels {LEVELS}:")
        found = " ".join(f"{coverage(below, above, level):.3f}" for level in LEVELS)
        print(f"  periods in stock: {found}")
        found = " ".join(f"{kaplan_meier(*whole, at_least, level):.3f}" for level in LEVELS)
        print(f"  Kaplan-Meier, {at_least.mean():.0%} cut short: {found}", flush=True)


def _wide(counted: Bools, known: Bools) -> Bools:
    """``counted`` over all steps of ``known``; steps after the interval are not read."""
    out = np.ones(known.shape, np.bool_)
    out[:, : counted.shape[1]] = counted
    return out


#: What is held against what, by day unless said otherwise; each is summed and divided by units.
_MISSES = ("median", "mean", "sum by series", "sum by SKU", "true mean")


@dataclass
class Peaks:
    """Demo shop: misses over named days, by model, and of the mean that demand was drawn around.

    The burst days are forecast two weeks and five days before and at their eve, a fortnight after
    the encore at its end and an ordinary fortnight some weeks before. The true mean shows how
    much of a miss is the draw; by day a median can miss less, for demand is skewed.
    """

    found: dict[str, dict[str, Floats]] = field(default_factory=dict)

    def add(self, round_: Round, answers: dict[str, Answer], rows: np.ndarray) -> None:
        """Take one origin; only those of the demo shop count."""
        if round_.true_mean is None:
            return
        windows = _WINDOWS.get(round_.label.split("-", 1)[1], {})
        scored = np.flatnonzero(round_.scored)[rows]
        sku = np.unique(round_.panel.index.sku[scored], return_inverse=True)[1]
        for what, days in windows.items():
            truth = (round_.units[scored][:, days], round_.true_mean[scored][:, days])
            said = {
                name: (each.steps[rows][:, days, 0], each.mean[rows][:, days])
                for name, each in answers.items()
            }
            said["the true mean"] = (truth[1], truth[1])
            for name, each in said.items():
                sums = self.found.setdefault(what, {})
                sums[name] = sums.get(name, 0.0) + _misses(*each, *truth, sku)

    def show(self) -> None:
        """WAPE in several ways and bias of the means, ours beside each."""
        for what, models in self.found.items():
            print(f"\n{what}: miss over units\n")
            heads = (*_MISSES, "bias", "bias to true mean", "ours/its median", "ours/its SKU sum")
            print("| model | " + " | ".join(heads) + " |\n|" + "---|" * (len(heads) + 1))
            ours = models["stockwright"]
            for name, each in models.items():
                units, mean, true = each[len(_MISSES) :]
                cells = [f"{miss / units:.3f}" for miss in each[: len(_MISSES)]]
                cells += [f"{mean / units - 1:+.1%}", f"{mean / true - 1:+.1%}"]
                cells += [f"{ours[i] / each[i]:.3f}" if each[i] else "" for i in (0, 3)]
                print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def _misses(median: Floats, mean: Floats, units: Floats, true: Floats, sku: np.ndarray) -> Floats:
    """Sums of the misses in ``_MISSES``, of the units, of the mean and of the true mean.

    median, mean, units, true: (series, days). sku: (series,).
    """
    gap = (mean - units).sum(axis=1)
    return np.array(
        [
            np.abs(median - units).sum(),
            np.abs(mean - units).sum(),
            np.abs(gap).sum(),
            np.abs(np.bincount(sku, gap)).sum(),
            np.abs(mean - true).sum(),
            units.sum(),
            mean.sum(),
            true.sum(),
        ]
    )


_WINDOWS = {
    "2024-09-25": {"an ordinary fortnight": slice(0, 14)},
    "2024-10-26": {"burst days, two weeks before": slice(14, 16)},
    "2024-11-05": {"burst days, five days before": slice(4, 6)},
    "2024-11-09": {"burst days, at the eve": slice(0, 2)},
    "2024-11-14": {"the fortnight after the encore": slice(0, 14)},
}
