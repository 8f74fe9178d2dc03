"""The watch: forecasts of earlier nights against the sales since, and the inputs of the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecasting.watch.alerts import ALERT, forecast_alerts, input_alerts
from forecasting.watch.inputs import (
    STRETCH_DAYS,
    InputChange,
    input_changes,
    pooled_change,
    share_change,
)
from forecasting.watch.report import (
    INPUT,
    Before,
    DriftReport,
    DriftRow,
    goes_on,
    may_begin,
    misses_less,
)
from forecasting.watch.scores import BLOCKS, RECENT, Scores, all_scores
from forecasting.watch.sums import DaySums, Segments
from pipelines.assemble.segments import segment_names
from pipelines.assemble.situation import Situation
from pipelines.config.drift import DriftConfig
from pipelines.publish.accuracy import dated
from pipelines.publish.cells import read_csv
from pipelines.publish.judged import Plain, judged_days, plain_days

FILE = "drift.csv"
Key = tuple[str, str, str]
Floats = NDArray[np.float64]
_WEEK = 7
_MOST_STRETCHES = 14


def watched(
    situation: Situation,
    tables: Mapping[str, pd.DataFrame],
    config: DriftConfig,
    earlier: Sequence[Path],
    plain: Plain,
) -> DriftReport:
    """What drifts tonight; nothing on a night without an earlier one.

    tables: as ingested. earlier: folders published before tonight, ascending. plain: what a
    fallback would have forecast; it is asked only on a night on which one may begin.
    """
    if not config.use or not earlier:
        return DriftReport()
    panel = situation.panel
    segments = Segments.of(segment_names(panel.index, situation.catalog), panel.n_series)
    length = _WEEK // panel.calendar.days
    days = judged_days(situation, segments, length, earlier)
    found = all_scores(days, length, config.bias)
    words = forecast_alerts(found, config.false_alarms, config.bias)
    history = _History.of(situation, earlier)
    least = config.fallback_nights
    last = [history.before.get((*name, "bias")) for name in segments.names]
    down = np.array([goes_on(one, least) for one in last], np.bool_)
    alerts = [word == ALERT for word in words["bias"]]
    asked = np.array([may_begin(*one, least) for one in zip(last, alerts, strict=True)], np.bool_)
    if asked.any():
        rows = np.flatnonzero(segments.series(asked))
        instead = plain_days(situation, segments, length, earlier, plain, rows)
        down |= asked & misses_less(instead, days, RECENT * length)
    watch = _Watch(segments, days, found, words, history, down)
    of_segments = [row for place in range(len(segments.name)) for row in watch.rows(place)]
    inputs = _input_rows(situation, tables, config, history)
    fallback = segments.series(down) if down.any() else np.zeros(0, np.bool_)
    return DriftReport((*of_segments, *inputs), fallback)


@dataclass(frozen=True)
class _History:
    """What the night before said of each row. dates: of tonight and of earlier nights, newest
    first."""

    before: Mapping[Key, Before]
    dates: tuple[np.datetime64, ...]

    @classmethod
    def of(cls, situation: Situation, earlier: Sequence[Path]) -> _History:
        nights = dated(situation.as_of, earlier)
        return cls(_before(earlier[-1]), (situation.as_of, *(date for date, _ in nights)))

    def since(self, nights: int) -> np.datetime64:
        """The first of some nights in a row, or the oldest that is known."""
        return self.dates[min(nights, len(self.dates)) - 1]


@dataclass(frozen=True)
class _Watch:
    """Scores of a night, and what the nights before said. down: (segments,) fallen back."""

    segments: Segments
    days: DaySums
    found: Mapping[str, Scores]
    words: Mapping[str, list[str]]
    history: _History
    down: NDArray[np.bool_]

    def rows(self, place: int) -> Iterator[DriftRow]:
        """Of one segment: every measure that is known, and a bias that holds the segment back."""
        kind, segment = self.segments.kind[place], self.segments.name[place]
        for measure, scores in self.found.items():
            down = measure == "bias" and bool(self.down[place])
            if np.isfinite(scores.score[place]) or down:
                yield self._row(kind, segment, measure, scores, place, down)

    def _row(
        self,
        kind: str,
        segment: str,
        measure: str,
        scores: Scores,
        place: int,
        down: bool,
    ) -> DriftRow:
        word, blocks = self.words[measure][place], int(scores.blocks[place])
        last = self.history.before.get((kind, segment, measure))
        nights = Before.after(last, word == ALERT, down)
        length = self.days.parts.shape[2] // BLOCKS
        newest = slice(0, max(blocks, 1) * length)
        sums = {n: float(self.days.part(n)[place, newest].sum()) for n in ("units", "mean", "gap")}
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
            fallback=down,
            money=abs(sums["gap"]),
            told={"days": blocks * _WEEK, "units": sums["units"], "mean": sums["mean"]},
            since=self.history.since(nights),
        )


def _input_rows(
    situation: Situation,
    tables: Mapping[str, pd.DataFrame],
    config: DriftConfig,
    history: _History,
) -> list[DriftRow]:
    rate = config.false_alarms
    changes = input_changes(situation.panel, rate)
    changes += [each for each in _table_changes(tables, situation.as_of, rate) if each]
    words = input_alerts(changes, rate, config.stability)
    rows = []
    for change, word in zip(changes, words, strict=True):
        last = history.before.get((INPUT, change.measure, "stability"))
        nights = Before.after(last, word == ALERT)
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
                nights=nights,
                since=history.since(nights),
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
