"""How good one night's forecast was, series by series: sums that any segment can add up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.backtest.fans import Fan, fans_of
from experiments.backtest.naive import Naive, last_value, season_ago
from experiments.backtest.outcome import Came, Outcome, matched
from experiments.metrics.calibration import pit_bounds
from experiments.metrics.losses import LEVELS, crps, pinball
from experiments.metrics.scaled import VALUE_DAYS, naive_scale
from forecasting.blend.staircase import Stair
from pipelines.assemble import Situation
from pipelines.assemble.segments import segment_names
from replenishment.network.lanes import choose_lanes
from stockwright.distribution import Distribution
from stockwright.forecast import Forecast
from stockwright.panel import Status

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Table = dict[str, NDArray[Any]]
# Series whose quantiles are in memory at a time.
_BLOCK = 2000
_NARROW = (0.9,)


@dataclass(frozen=True)
class Scores:
    """The scored series of one origin.

    place: (series,) of each in the outcome. segments: label of each by kind of segment.
    steps: (series, block) sums over the steps of a block by name, see ``_of_steps``.
    sums: (series,) by name, see ``_of_sums``. scale: (series,) squared naive error, NaN for none.
    value: (series,) money sold in the last 28 days. ahead: (series, block) forecast of each whole
    block of steps, its mean and its .9 quantile. horizon: steps of the forecast.
    stairs: what each rung of the model's forecast brought on held-out origins. fans: of a few
    series, to be drawn. notes: what did not go as on a good night.
    """

    origin: np.datetime64
    place: Ints
    segments: Mapping[str, NDArray[np.object_]]
    steps: Table
    sums: Table
    scale: Floats
    value: Floats
    ahead: Table
    horizon: int
    stairs: tuple[Stair, ...] = ()
    fans: tuple[Fan, ...] = ()
    notes: tuple[str, ...] = ()

    def take(self, rows: NDArray[Any]) -> Scores:
        """Some of the series."""
        return replace(
            self,
            place=self.place[rows],
            segments=_taken(self.segments, rows),
            steps=_taken(self.steps, rows),
            sums=_taken(self.sums, rows),
            ahead=_taken(self.ahead, rows),
            scale=self.scale[rows],
            value=self.value[rows],
        )


def _taken(table: Mapping[str, NDArray[Any]], rows: NDArray[Any]) -> Table:
    return {name: values[rows] for name, values in table.items()}


def scored(
    situation: Situation,
    forecast: Forecast,
    rows: Ints,
    outcome: Outcome,
    every: int,
) -> Scores:
    """Score a night's forecast of some of its series.

    forecast: of the series ``rows`` of the situation, in their order. every: periods from
    one origin to the next, the length of a block of steps.
    """
    panel = situation.panel
    segments = segment_names(panel.index, situation.catalog)
    spans = protection(situation)[rows]
    parts = [
        _of_block(situation, forecast, rows, some, spans, outcome, every)
        for some in _blocks(len(rows))
    ]
    steps, sums, ahead = (
        {name: np.concatenate([part[kind][name] for part in parts]) for name in parts[0][kind]}
        for kind in range(3)
    )
    place = matched(panel.index.take(rows), outcome.index)
    demand = situation.sold[rows]
    weeks = max(VALUE_DAYS // panel.calendar.days, 1)
    recent = demand[:, -weeks:].sum(axis=1, dtype=np.float64)
    return Scores(
        origin=situation.as_of,
        place=place,
        segments=_taken(segments, rows),
        steps=steps,
        sums=sums | {"span": spans},
        scale=naive_scale(demand, panel.status[rows] == Status.OBSERVED),
        value=recent * np.nan_to_num(situation.network.items.price[rows]),
        ahead=ahead,
        horizon=forecast.horizon,
        fans=fans_of(situation, forecast, rows, outcome, recent * (place >= 0)),
    )


def protection(situation: Situation) -> Ints:
    """Periods of each series' protection interval, lead time and review of the lane that tonight's
    order would take, (series,); the horizon where nothing supplies it.
    """
    lanes, horizon = situation.network.lanes, situation.panel.horizon
    lane = choose_lanes(situation.network, situation.panel.index).lane
    whole = np.append(lanes.lead_time + lanes.review, horizon).astype(np.int64)
    return np.asarray(np.clip(whole[lane], 1, horizon), np.int64)


def _blocks(n: int) -> Iterator[slice]:
    for first in range(0, max(n, 1), _BLOCK):
        yield slice(first, min(first + _BLOCK, n))


def _of_block(
    situation: Situation,
    forecast: Forecast,
    rows: Ints,
    some: slice,
    spans: Ints,
    outcome: Outcome,
    every: int,
) -> tuple[Table, Table, Table]:
    """Steps, sums and blocks ahead of a block of series."""
    mine, horizon = rows[some], forecast.horizon
    part, few = forecast.take(some), situation.panel.take(mine)
    came = outcome.after(situation.panel, mine, horizon)
    sold = situation.sold[mine]
    naive = last_value(few, sold, horizon), season_ago(few, sold, horizon)
    edges = np.arange(0, horizon, every)
    steps = _of_steps(part, came, naive)
    binned = {name: np.add.reduceat(values, edges, axis=1) for name, values in steps.items()}
    return binned, _of_sums(part, came, naive, spans[some]), _ahead(part, every)


def _of_steps(forecast: Forecast, came: Came, naive: tuple[Naive, Naive]) -> Table:
    """By step, 0 where the period was not in stock: count, units, mean, misses of the median and of
    the mean squared, twice the mean pinball loss over levels, both of the naive forecasts too;
    and the mean and the recovered demand wherever that is known.
    """
    known, units = came.known, np.where(came.known, came.units, 0.0)
    quantile, mean = forecast.quantile(LEVELS), forecast.expected.astype(np.float64)
    sure = np.isfinite(came.recovered)
    found = {
        "count": known,
        "units": units,
        "mean": mean,
        "absolute": np.abs(quantile[..., 0] - units),
        "squared": (mean - units) ** 2,
        "pinball": _scaled_pinball(quantile, units),
    }
    for name, each in zip(("last", "season"), naive, strict=True):
        found[f"{name}_absolute"] = np.abs(each.mean - units)
        found[f"{name}_pinball"] = _scaled_pinball(each.quantile(LEVELS), units)
    kept = {name: np.where(known, values, 0.0).astype(np.float64) for name, values in found.items()}
    kept["recovered"] = np.where(sure, came.recovered, 0.0)
    kept["recovered_mean"] = np.where(sure, mean, 0.0)
    return kept | _left_to_chance(forecast, kept, naive[1])


def _left_to_chance(forecast: Forecast, steps: Table, season: Naive) -> Table:
    """Count, units and squared misses, the naive ones too, of periods without promised units."""
    free = np.asarray(forecast.committed == 0) & (steps["count"] > 0)
    squared = {"squared": steps["squared"], "season": (season.mean - steps["units"]) ** 2}
    found = {"count": free, "units": steps["units"]} | squared
    return {f"free_{name}": np.where(free, values, 0.0) for name, values in found.items()}


def _scaled_pinball(quantile: Floats, units: Floats) -> Floats:
    """Twice the mean over levels, so that a point forecast loses its absolute miss at level .5."""
    return np.asarray(pinball(quantile, units) * (2 / len(LEVELS)), np.float64)


def _of_sums(forecast: Forecast, came: Came, naive: tuple[Naive, Naive], spans: Ints) -> Table:
    """Of the demand of the periods in stock of each protection interval: whether there are any,
    units, mean, loss, and the bounds of its PIT value. ``whole_``: of all periods, a stock-out
    making the sum a lower bound. ``first_``: of the first period alone. pieces: the series is
    sold by the piece.
    """
    inside = np.arange(forecast.horizon) < spans[:, None]
    seen, counted = came.known & inside, (came.known | came.at_least) & inside
    units = np.where(seen, came.units, 0.0).sum(axis=1)
    total = _total(forecast, seen)
    quantile = total.quantile(LEVELS)
    below, above = pit_bounds(total, units)
    whole = _total(forecast, counted)
    whole_below, whole_above = pit_bounds(whole, np.where(counted, came.units, 0.0).sum(axis=1))
    first = forecast.total(1, 1)
    first_below, first_above = pit_bounds(first, came.units[:, 0])
    some: Bools = np.asarray(seen.any(axis=1))
    found: Table = {
        "units": units,
        "mean": total.mean,
        "absolute": np.abs(quantile[:, 0] - units),
        "pinball": _scaled_pinball(quantile, units),
        "crps": crps(total, units),
    }
    for name, each in zip(("last", "season"), naive, strict=True):
        found[f"{name}_absolute"] = np.abs(np.where(seen, each.mean, 0.0).sum(axis=1) - units)
    rest: Table = {
        "count": some,
        "seen_judged": some & (total.mean > 0),
        "seen_below": below,
        "seen_above": above,
        "seen_at_least": np.zeros(len(some), np.bool_),
        "whole_judged": np.asarray(counted.any(axis=1) & (whole.mean > 0)),
        "whole_below": whole_below,
        "whole_above": whole_above,
        "whole_at_least": np.asarray((came.at_least & inside).any(axis=1)),
        "first_judged": (came.known | came.at_least)[:, 0] & (first.mean > 0),
        "first_below": first_below,
        "first_above": first_above,
        "first_at_least": came.at_least[:, 0],
        "pieces": forecast.quantum == 1,
    }
    return {name: np.where(some, values, 0.0) for name, values in found.items()} | rest


def _total(forecast: Forecast, seen: Bools) -> Distribution:
    """Distribution of the demand of the steps ``seen``, (series, step)."""
    left: dict[str, Any] = {"mean": np.where(seen, forecast.mean, np.float32(0))}
    if forecast.has_committed:
        for name in ("committed", "committed_variance"):
            left[name] = np.where(seen, getattr(forecast, name), np.float32(0))
    return replace(forecast, parts=None, **left).total(1, forecast.horizon)


def _ahead(forecast: Forecast, every: int) -> Table:
    """Mean and .9 quantile of the demand of each whole block of steps, (series, block)."""
    blocks = forecast.horizon // every
    totals = [forecast.total(k * every + 1, (k + 1) * every) for k in range(blocks)]
    blank = np.zeros((forecast.index.n_series, 0))
    return {
        "mean": np.stack([each.mean for each in totals], axis=1) if totals else blank,
        "high": np.stack([each.quantile(_NARROW)[:, 0] for each in totals], axis=1)
        if totals
        else blank,
    }
