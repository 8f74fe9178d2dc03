"""The watch: forecasts of earlier nights against the sales since, and the inputs of the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecasting.drift import quiet
from forecasting.watch.alerts import ALERT, forecast_alerts, input_alerts
from forecasting.watch.inputs import (
    STRETCH_DAYS,
    InputChange,
    input_changes,
    pooled_change,
    share_change,
)
from forecasting.watch.report import INPUT, Before, DriftReport, DriftRow, falls_back
from forecasting.watch.scores import BLOCKS, Scores, all_scores
from forecasting.watch.sums import LEVELS, PARTS, DaySums, Segments, day_sums
from pipelines.assemble.segments import segment_names
from pipelines.assemble.situation import Situation
from pipelines.config.drift import DriftConfig
from pipelines.publish.accuracy import forecast_of, periods_between, stretches
from pipelines.publish.cells import read_csv
from stockwright.panel import Status

FILE = "drift.csv"
Key = tuple[str, str, str]
Floats = NDArray[np.float64]
_WEEK = 7
_MOST_STRETCHES = 14
_COLUMNS = ("mean", *(f"q{round(level * 100)}" for level in LEVELS))


def watched(
    situation: Situation,
    tables: Mapping[str, pd.DataFrame],
    config: DriftConfig,
    earlier: Sequence[Path],
) -> DriftReport:
    """What drifts tonight; nothing on a night without an earlier one.

    tables: as ingested. earlier: folders published before tonight, ascending.
    """
    if not config.use or not earlier:
        return DriftReport()
    panel = situation.panel
    segments = Segments.of(segment_names(panel.index, situation.catalog), panel.n_series)
    length = _WEEK // panel.calendar.days
    days = judged_days(situation, segments, length, earlier)
    found = all_scores(days, length, config.bias)
    words = forecast_alerts(found, config.false_alarms, config.bias)
    before = _before(earlier[-1])
    watch = _Watch(segments, days, found, words, before, config)
    rows = [row for place in range(len(segments.name)) for row in watch.rows(place)]
    fallen = {(row.kind, row.segment) for row in rows if row.fallback}
    names = zip(segments.kind, segments.name, strict=True)
    down = np.array([name in fallen for name in names], np.bool_)
    inputs = _input_rows(situation, tables, config, before)
    fallback = segments.series(down) if fallen else np.zeros(0, np.bool_)
    return DriftReport((*rows, *inputs), fallback)


@dataclass(frozen=True)
class _Watch:
    """Scores of a night, and what the night before said."""

    segments: Segments
    days: DaySums
    found: Mapping[str, Scores]
    words: Mapping[str, list[str]]
    before: Mapping[Key, Before]
    config: DriftConfig

    def rows(self, place: int) -> Iterator[DriftRow]:
        """Of one segment: every measure that is known, and a bias that holds the segment back."""
        kind, segment = self.segments.kind[place], self.segments.name[place]
        for measure, scores in self.found.items():
            last = self.before.get((kind, segment, measure))
            if np.isfinite(scores.score[place]) or (last and last.fallback):
                yield self._row(kind, segment, measure, scores, place, last)

    def _row(
        self,
        kind: str,
        segment: str,
        measure: str,
        scores: Scores,
        place: int,
        last: Before | None,
    ) -> DriftRow:
        word, blocks = self.words[measure][place], int(scores.blocks[place])
        nights = Before.after(last, word == ALERT)
        length = self.days.parts.shape[2] // BLOCKS
        newest = slice(0, max(blocks, 1) * length)
        sums = {n: float(self.days.part(n)[place, newest].sum()) for n in ("units", "mean", "gap")}
        least = self.config.fallback_nights if measure == "bias" else 0
        return DriftRow(
            kind=kind,
            segment=segment,
            measure=measure,
            value=float(scores.value[place]),
            low=float(scores.low[place]),
            high=float(scores.high[place]),
            usual=float(scores.usual[place]),
            score=float(scores.score[place]),
            periods=blocks * length,
            alert=word,
            nights=nights,
            fallback=falls_back(last, word == ALERT, nights, least),
            money=abs(sums["gap"]),
            told={"days": blocks * _WEEK, "units": sums["units"], "mean": sums["mean"]},
        )


def judged_days(
    situation: Situation, segments: Segments, length: int, earlier: Sequence[Path]
) -> DaySums:
    """Sums of the last 56 days, newest first.

    A day is judged by the newest forecast that is at least a week older than the end of its
    stretch (see ``accuracy``), in what was in stock and without an event.
    """
    panel, items = situation.panel, situation.network.items
    price = np.where(np.isnan(items.price), items.unit_cost, items.price)
    parts = np.zeros((len(PARTS), len(segments.name), BLOCKS * length))
    for folder, first, last in stretches(situation.as_of, earlier):
        span = periods_between(panel, first, last)
        if span.stop <= span.start:
            continue
        told = forecast_of(folder, panel, span, _COLUMNS)
        target = np.broadcast_to(np.arange(span.start, span.stop), told.shape[1:])
        known = (panel.status[:, span] == Status.OBSERVED) & np.isfinite(told[0])
        known &= quiet(panel, np.arange(panel.n_series), target)
        units = situation.sold[:, span]
        sums = day_sums(segments, units, np.nan_to_num(told), known, price)
        back = panel.origin - np.arange(span.start, span.stop)
        inside = back < parts.shape[2]
        parts[:, :, back[inside]] = sums[:, :, inside]
    return DaySums(parts)


def _input_rows(
    situation: Situation,
    tables: Mapping[str, pd.DataFrame],
    config: DriftConfig,
    before: Mapping[Key, Before],
) -> list[DriftRow]:
    rate = config.false_alarms
    changes = input_changes(situation.panel, rate)
    changes += [each for each in _table_changes(tables, situation.as_of, rate) if each]
    words = input_alerts(changes, rate, config.stability)
    rows = []
    for change, word in zip(changes, words, strict=True):
        last = before.get((INPUT, change.measure, "stability"))
        rows.append(
            DriftRow(
                kind=INPUT,
                segment=change.measure,
                measure="stability",
                value=change.psi,
                low=np.nan,
                high=np.nan,
                usual=change.usual,
                score=change.score,
                periods=STRETCH_DAYS // situation.panel.calendar.days,
                alert=word,
                nights=Before.after(last, word == ALERT),
                told={
                    "days": STRETCH_DAYS,
                    "now": change.now,
                    "before": change.before,
                    "year": change.year,
                },
            )
        )
    return rows


def _table_changes(
    tables: Mapping[str, pd.DataFrame], as_of: np.datetime64, rate: float
) -> list[InputChange | None]:
    """Lead times by the stretch in which goods came, and the share of units that came back."""
    receipts, sales = tables["receipts"], tables["sales"]
    ordered, received = (_days(receipts[name]) for name in ("ordered_on", "received_on"))
    lead = (received - ordered).astype(np.float64)
    units = sales["units"].to_numpy(np.float64)
    back = ((sales["order_type"] == "return") | (units < 0)).to_numpy(bool)
    stretch, count = _stretch(_days(sales["date"]), as_of)
    inside = stretch >= 0
    sold = (sales["order_type"] == "sale").to_numpy(bool) & ~back
    part, kept = (_sums(stretch, np.abs(units), inside & rows, count) for rows in (back, sold))
    whole = part + kept
    returned = share_change("returns", part, whole, rate) if part.any() else None
    return [pooled_change("lead_time", lead, *_stretch(received, as_of), rate), returned]


def _sums(stretch: NDArray[np.int64], units: Floats, rows: NDArray[np.bool_], n: int) -> Floats:
    return np.asarray(np.bincount(stretch[rows], units[rows], n), np.float64)


def _days(dates: pd.Series) -> NDArray[np.datetime64]:
    return np.asarray(dates.to_numpy().astype("datetime64[D]"))


def _stretch(days: NDArray[np.datetime64], as_of: np.datetime64) -> tuple[NDArray[np.int64], int]:
    """Stretch of 28 days that each date lies in, newest 0, -1 for none; and their number."""
    back = np.where(np.isnat(days), -1, (as_of - days).astype(np.int64))
    stretch = np.where(back >= 0, back // STRETCH_DAYS, -1)
    whole = (int(back.max(initial=-1)) + 1) // STRETCH_DAYS
    count = max(min(whole, _MOST_STRETCHES), 0)
    return np.where(stretch < count, stretch, -1), count


def _before(folder: Path) -> dict[Key, Before]:
    """What the night before said; nothing where it has no such file."""
    if not (folder / FILE).is_file():
        return {}
    table = read_csv(folder / FILE)
    keys = zip(table["segment_kind"], table["segment"], table["measure"], strict=True)
    said = zip(table["alert"], table["nights"], table["fallback"], strict=True)
    return {
        key: Before(alert == ALERT, int(nights), fallback == "yes")
        for key, (alert, nights, fallback) in zip(keys, said, strict=True)
    }
