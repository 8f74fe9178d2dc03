"""Checks that need more than quantiles: calibration of totals, and the days around a peak."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from ours import Answer, total_of
from rounds import Bools, Floats, Round
from score import LEVELS, coverage, kaplan_meier, pit_bounds

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


@dataclass
class Peaks:
    """Demo shop: daily misses of the median over named days, by model.

    The burst days are forecast at their eve, a fortnight after the encore at its end and an
    ordinary fortnight some weeks before.
    """

    found: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, round_: Round, answers: dict[str, Answer], rows: np.ndarray) -> None:
        """Take one origin; only those of the demo shop count."""
        if round_.case != "demo":
            return
        date = round_.label.split("-", 1)[1]
        windows = _WINDOWS.get(date, {})
        units = round_.units[np.flatnonzero(round_.scored)[rows]]
        for name, each in answers.items():
            for what, days in windows.items():
                median = each.steps[rows][:, days, 0]
                miss = np.abs(median - units[:, days]).sum()
                sums = self.found.setdefault(what, {}).setdefault(name, [0.0, 0.0, 0.0])
                total = each.mean[rows][:, days].sum()
                for i, value in enumerate((miss, units[:, days].sum(), total)):
                    sums[i] += float(value)

    def show(self) -> None:
        """WAPE of the daily medians and bias of the means."""
        for what, models in self.found.items():
            ours = models["stockwright"]
            print(f"{what}:")
            for name, (miss, units, mean) in models.items():
                ratio = (ours[0] / ours[1]) / (miss / units)
                print(f"  {name}: WAPE {miss / units:.4f} (ours/its {ratio:.3f})", end="")
                print(f", bias {mean / units - 1:+.1%}", flush=True)


_WINDOWS = {
    "2024-09-25": {"an ordinary fortnight": slice(0, 14)},
    "2024-10-26": {"burst days, two weeks before": slice(14, 16)},
    "2024-11-05": {"burst days, five days before": slice(4, 6)},
    "2024-11-09": {"burst days, at the eve": slice(0, 2)},
    "2024-11-14": {"the fortnight after the encore": slice(0, 14)},
}
