"""drift.csv: forecasts of earlier nights beside the sales since, and the inputs of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from forecasting.watch.alerts import ALERT, WATCH
from forecasting.watch.report import INPUT, DriftReport, DriftRow
from forecasting.watch.sums import ALL
from pipelines.publish.cells import Table, rounded
from pipelines.publish.drift_schema import DRIFT
from pipelines.publish.night import text_array
from pipelines.publish.texts import Texts
from stockwright.plan import Finding

COLUMNS = DRIFT.column_names()
_NUMBERS = ("value", "low", "high", "usual", "score")
# Measures that are shares or ratios less 1, as a person reads them.
_SIGNED = ("bias",)


def drift_table(report: DriftReport, texts: Texts) -> Table:
    """The rows of drift.csv: segments of the forecast, then inputs."""
    rows = report.rows
    table: Table = {
        "segment_kind": text_array(row.kind for row in rows),
        "segment": text_array(row.segment for row in rows),
        "measure": text_array(row.measure for row in rows),
    }
    table |= {name: rounded([getattr(row, name) for row in rows]) for name in _NUMBERS}
    return table | {
        "periods": np.array([row.periods for row in rows], np.int64),
        "alert": text_array(row.alert for row in rows),
        "nights": np.array([row.nights for row in rows], np.int64),
        "fallback": text_array("yes" if row.fallback else "no" for row in rows),
        "evidence": text_array(_evidence(row, texts) for row in rows),
    }


def drift_findings(report: DriftReport, texts: Texts) -> list[Finding]:
    """FORECAST_DRIFT for every segment in alert, by the measure that says most, INPUT_DRIFT for
    every input, and FORECAST_FALLBACK for every segment that takes the plain forecast.
    """
    worst: dict[tuple[str, str], DriftRow] = {}
    for row in report.alerts:
        known = worst.get((row.kind, row.segment))
        if known is None or abs(row.score) > abs(known.score):
            worst[row.kind, row.segment] = row
    found = [
        Finding("INPUT_DRIFT", "medium", -1, 0.0, _message(row, texts))
        if row.kind == INPUT
        else Finding("FORECAST_DRIFT", "medium", -1, row.money, _message(row, texts))
        for row in worst.values()
    ]
    return found + [
        Finding("FORECAST_FALLBACK", "medium", -1, row.money, _message(row, texts))
        for row in report.fallbacks
    ]


def drift_summary(report: DriftReport) -> dict[str, Any]:
    """Alerts and watches, alerts by measure, and the segments and keys that take the plain
    forecast."""
    by: dict[str, int] = {}
    for row in report.alerts:
        name = row.segment if row.kind == INPUT else row.measure
        by[name] = by.get(name, 0) + 1
    return {
        "alerts": sum(row.alert == ALERT for row in report.rows),
        "watches": sum(row.alert == WATCH for row in report.rows),
        "alerts_by_measure": dict(sorted(by.items())),
        "fallback": fallback_names(report),
        "fallback_keys": int(report.fallback.sum()),
    }


def fallback_names(report: DriftReport) -> list[str]:
    """Kind and name of each segment that takes the plain forecast."""
    return [f"{row.kind} {row.segment}" for row in report.fallbacks]


def drift_problems(table: Mapping[str, Sequence[str]], said: Mapping[str, Any]) -> list[str]:
    """Ways in which drift.csv, as texts, disagrees with itself or with summary.json."""
    rows = list(zip(table["segment_kind"], table["segment"], table["measure"], strict=True))
    problems = []
    if len({*rows}) < len(rows):
        problems.append("drift.csv: rows of one segment and measure occur more than once")
    counted = {"alerts": table["alert"].count(ALERT), "watches": table["alert"].count(WATCH)}
    counted["fallback"] = table["fallback"].count("yes")
    told = {"alerts": said["alerts"], "watches": said["watches"], "fallback": len(said["fallback"])}
    if counted != told:
        problems.append(f"drift.csv counts {counted}, summary.json says {told}")
    return problems


def _message(row: DriftRow, texts: Texts) -> dict[str, float | str]:
    """location is the column of exceptions.csv; group tells one row from the others."""
    return {
        "evidence": _evidence(row, texts),
        "nights": row.nights,
        "location": row.segment if row.kind == "location" else "",
        "group": f"{row.kind} {row.segment}",
    }


def _evidence(row: DriftRow, texts: Texts) -> str:
    """What the row says, as a sentence in numbers."""
    of_input = row.kind == INPUT
    form = ".2f" if of_input else "+.1%" if row.measure in _SIGNED else ".1%"
    shown = {name: format(getattr(row, name), form) for name in _NUMBERS if name != "score"}
    told = {
        name: format(value, ".4g" if of_input else ".0f")
        for name, value in row.told.items()
        if np.isfinite(value)
    }
    named = {
        "year": texts.of("drift", "no_year"),
        "subject": _subject(row, texts),
        "score": f"{row.score:+.1f}",
    }
    return texts.fill("drift", _sentence(row), named | shown | told)


def _subject(row: DriftRow, texts: Texts) -> str:
    if row.kind == INPUT:
        return texts.of("inputs", row.segment)
    kind = texts.of("segment_kinds", row.kind)
    return kind if row.kind == ALL else f"{kind} {row.segment}"


def _sentence(row: DriftRow) -> str:
    if not np.isfinite(row.score):
        return "unknown"
    if row.kind == INPUT:
        return "input"
    return row.measure if np.isfinite(row.usual) else f"{row.measure}_new"
