"""The tables of a backtest: metrics by segment, by series and by origin, and pairs of variants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.backtest.outcome import Outcome
from experiments.backtest.rows import CURVES, Pairs, Rows
from experiments.metrics.bootstrap import (
    Blocks,
    Interval,
    paired_ratio_intervals,
    ratio_intervals,
)
from experiments.metrics.calibration import kaplan_meier_curve
from experiments.metrics.losses import LEVELS

DRAWS = 500
#: The segment of the whole shop.
ALL = "all"
# Metrics of a single series; others need many.
_OF_SERIES = (
    *("wape", "bias", "bias_recovered", "rmsse", "pinball", "sum_wape", "sum_bias"),
    *("sum_pinball", "sum_crps", "stability", "coverage_80", "coverage_90", "coverage_95"),
)


def metrics_table(variant: str, rows: Rows, outcome: Outcome, every: int) -> pd.DataFrame:
    """Every metric of every segment with its 95 % interval over blocks of SKU and origin.

    Columns variant, segment_kind, segment, metric, value, low, high, and ``rows``: how many series
    at how many origins. The curve of lower bounds has no interval.
    """
    parts = []
    for kind, segment, part, pairs in segments_of(rows, every):
        found = ratio_intervals(_blocks(part, outcome), *_columns(pairs))
        each = dict(zip(pairs, found, strict=True))
        if kind != "horizon":
            each |= _lower_bounds(part)
        frame = pd.DataFrame(each.values(), columns=["value", "low", "high"])
        frame.insert(0, "metric", list(each))
        frame.insert(0, "segment", segment)
        frame.insert(0, "segment_kind", kind)
        parts.append(frame.assign(rows=len(part.place)))
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "variant", variant)
    return table


def paired_table(
    base: tuple[str, Rows], value: tuple[str, Rows], outcome: Outcome, every: int
) -> pd.DataFrame:
    """What a variant has more than another one, in each metric of each segment.

    Columns variant, against, segment_kind, segment, metric, base, value, difference, low, high;
    both on the rows that both have, in the segments of ``base``.
    """
    first, second = shared(base[1], value[1])
    others = segments_of(second, every, first.labels)
    parts = []
    for (kind, segment, part, pairs), (_, _, _, theirs) in zip(
        segments_of(first, every), others, strict=True
    ):
        ours, given = _columns(pairs), _columns(theirs)
        found = paired_ratio_intervals(_blocks(part, outcome), ours, given)
        frame = pd.DataFrame(found, columns=["difference", "low", "high"])
        levels = [_ratio(*each) for each in (ours, given)]
        for place, (name, column) in enumerate(zip(("base", "value"), levels, strict=True)):
            frame.insert(place, name, column)
        frame.insert(0, "metric", list(pairs))
        frame.insert(0, "segment", segment)
        frame.insert(0, "segment_kind", kind)
        parts.append(frame)
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "against", base[0])
    table.insert(0, "variant", value[0])
    return table


def series_table(variant: str, rows: Rows, outcome: Outcome) -> pd.DataFrame:
    """Metrics of each SKU at each location over all origins, with its segments of the last one."""
    place, first = np.unique(rows.place[::-1], return_index=True)
    last = len(rows.place) - 1 - first
    _, at = np.unique(rows.place, return_inverse=True)
    index = outcome.index.take(place)
    columns: dict[str, object] = {"sku": index.sku_names(), "location": index.location_names()}
    columns |= {k: v[last] for k, v in rows.labels.items() if k != "location"}
    columns |= {"origins": np.bincount(at), "units": np.bincount(at, rows.pairs["wape"][1])}
    for name in _OF_SERIES:
        top, bottom = (np.bincount(at, part) for part in rows.pairs[name])
        columns[name] = np.where(bottom != 0, top / np.where(bottom != 0, bottom, 1.0), np.nan)
    table = pd.DataFrame(columns)
    table.insert(0, "variant", variant)
    return table


def origins_table(variant: str, rows: Rows) -> pd.DataFrame:
    """Every metric at each origin: columns variant, origin, metric, value."""
    parts = []
    for number, date in enumerate(rows.origins):
        part = rows.take(np.flatnonzero(rows.origin == number))
        values = _ratio(*_columns(part.pairs))
        frame = pd.DataFrame({"metric": list(part.pairs), "value": values})
        frame.insert(0, "origin", str(date))
        parts.append(frame)
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "variant", variant)
    return table


def segments_of(
    rows: Rows, every: int, labels: Mapping[str, NDArray[np.object_]] | None = None
) -> Iterator[tuple[str, str, Rows, Pairs]]:
    """Kind, name, rows and ratios of each segment, the shop as a whole first; rows of no known name
    are in none of their kind.

    every: periods of a block of the horizon. labels: those of other rows, where they decide.
    """
    yield ALL, ALL, rows, rows.pairs
    for kind, names in (rows.labels if labels is None else labels).items():
        order = np.argsort(names.astype(str), kind="stable")
        found, starts = np.unique(names[order].astype(str), return_index=True)
        for name, some in zip(found.tolist(), np.split(order, starts[1:]), strict=True):
            if name:
                part = rows.take(np.sort(some))
                yield kind, name, part, part.pairs
    for number, pairs in enumerate(rows.blocks):
        last = min((number + 1) * every, rows.horizon)
        yield "horizon", f"{number * every + 1}-{last}", rows, pairs


def shared(base: Rows, value: Rows) -> tuple[Rows, Rows]:
    """Both on the origins and series that both have, in one order."""
    width = max(int(r.place.max(initial=0)) for r in (base, value)) + 1
    keys = [r.origin * width + r.place for r in (base, value)]
    _, first, second = np.intersect1d(keys[0], keys[1], return_indices=True)
    blocks = min(len(base.blocks), len(value.blocks))
    return base.take(first).nearest(blocks), value.take(second).nearest(blocks)


def _blocks(rows: Rows, outcome: Outcome) -> Blocks:
    return Blocks((outcome.index.sku[rows.place], rows.origin), DRAWS)


def _columns(pairs: Pairs) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    tops, bottoms = zip(*pairs.values(), strict=True)
    return np.stack(tops, axis=1), np.stack(bottoms, axis=1)


def _ratio(top: NDArray[np.float64], bottom: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ratios of the sums of columns."""
    over, under = top.sum(axis=0), bottom.sum(axis=0)
    return np.asarray(np.where(under != 0, over / np.where(under != 0, under, 1.0), np.nan))


def _lower_bounds(rows: Rows) -> dict[str, Interval]:
    """Coverage with stock-outs as lower bounds, and the share of intervals that one cut short."""
    found: dict[str, float] = {}
    for of, metric in CURVES.items():
        judged = np.flatnonzero(rows.calibration[f"{of}_judged"])
        below, above, cut = (
            rows.calibration[f"{of}_{what}"][judged] for what in ("below", "above", "at_least")
        )
        at_least = cut.astype(np.bool_)
        curve = kaplan_meier_curve(below, above, at_least, np.array(LEVELS))
        names = [f"{metric}_{100 * level:.0f}" for level in LEVELS]
        found |= dict(zip(names, curve.tolist(), strict=True))
        found[f"cut_short_{of}"] = float(at_least.mean()) if len(at_least) else np.nan
    return {name: Interval(value, np.nan, np.nan) for name, value in found.items()}


def compared(
    variants: Sequence[tuple[str, Rows]], outcome: Outcome, every: int
) -> pd.DataFrame | None:
    """Each variant against the first one; None for one alone."""
    if len(variants) < 2:
        return None
    return pd.concat(
        [paired_table(variants[0], each, outcome, every) for each in variants[1:]],
        ignore_index=True,
    )
