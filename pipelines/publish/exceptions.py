"""exceptions.csv: what a person should look at, ranked by the money at stake."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.ingest.ingested import Ingested
from pipelines.publish.cells import Table, money, numbers_of, read_csv
from pipelines.publish.condense import Row, condensed
from pipelines.publish.drift import drift_findings
from pipelines.publish.night import Night, short_hash, text_array
from pipelines.publish.plan_findings import plan_findings
from pipelines.publish.slow_stock import slow_findings
from pipelines.publish.staircase import override_findings
from stockwright.plan import Finding

FILE = "exceptions.csv"
SEVERITIES = ("high", "medium", "low")


def exception_table(
    night: Night, ingested: Ingested, substitutes: Sequence[Finding], lines: Sequence[Table]
) -> Table:
    """The rows of exceptions.csv: highest money first, then severity, code, SKU, location."""
    rows = sorted(condensed(_all_rows(night, ingested, substitutes)), key=_rank)
    series = np.array([row.series for row in rows], np.int64)
    ids = _ids(rows)
    first_seen, nights_open = _history(night, ids)
    return {
        "exception_id": text_array(ids),
        "severity": text_array(row.severity for row in rows),
        "code": text_array(row.code for row in rows),
        "sku": text_array(row.sku for row in rows),
        "location": text_array(row.location for row in rows),
        "line_id": _line_ids(rows, lines),
        "money_at_stake": money([row.money for row in rows]),
        "message": text_array(_message(night, row) for row in rows),
        "suggestion": text_array(_suggestion(night, row) for row in rows),
        "first_seen": first_seen,
        "nights_open": nights_open,
        "planner": night.planners(series),
    }


def _all_rows(night: Night, ingested: Ingested, substitutes: Sequence[Finding]) -> list[Row]:
    """Every source of findings; of several rows of one code and line the first source is kept."""
    drifted = drift_findings(night.situation.drift, night.texts)
    given = [*night.situation.findings, *night.plan.findings, *substitutes, *drifted]
    rows = _rows_of(night, given)
    seen = {_subject(row) for row in rows}
    told = [*plan_findings(night), *slow_findings(night), *override_findings(night.stairs)]
    derived = _rows_of(night, told)
    return rows + [
        row for row in [*_ingested_rows(ingested), *derived] if _subject(row) not in seen
    ]


def _subject(row: Row) -> tuple[str, str, str, str]:
    """What a row is about: its code, key and, where the key has several, line."""
    return row.code, row.sku, row.location, str(row.message.get("way", ""))


def _rows_of(night: Night, findings: Sequence[Finding]) -> list[Row]:
    series = np.array([finding.series for finding in findings], np.int64)
    skus, locations = night.skus(series).tolist(), night.locations(series).tolist()
    return [
        Row(
            finding.code,
            finding.severity,
            finding.series,
            sku or str(finding.message.get("sku", "")),
            location or str(finding.message.get("location", "")),
            finding.money if np.isfinite(finding.money) else 0.0,
            dict(finding.message),
        )
        for finding, sku, location in zip(findings, skus, locations, strict=True)
    ]


def _ingested_rows(ingested: Ingested) -> list[Row]:
    names = ("code", "severity", "sku", "location", "value")
    columns = [ingested.findings[name].tolist() for name in names]
    return [
        Row(str(code), str(severity), -1, str(sku), str(location), 0.0, {"value": value})
        for code, severity, sku, location, value in zip(*columns, strict=True)
    ]


def _rank(row: Row) -> tuple[float, int, str, str, str, str]:
    place = SEVERITIES.index(row.severity) if row.severity in SEVERITIES else len(SEVERITIES)
    return -round(row.money, 2), place, row.code, row.sku, row.location, repr(row.message)


def _ids(rows: Iterable[Row]) -> list[str]:
    """Names that stay the same from night to night: of code, key and order, line or group.

    Where all of these repeat, a number counts on.
    """
    count: dict[tuple[str, str, str, str], int] = {}
    ids = []
    for row in rows:
        named = (row.message.get(name) for name in ("order_id", "line_id", "group", "where", "way"))
        document = str(next(filter(None, named), ""))
        key = (row.code, row.sku, row.location, document)
        count[key] = count.get(key, 0) + 1
        ids.append("E-" + short_hash(*key, str(count[key])))
    return ids


def _history(night: Night, ids: list[str]) -> tuple[NDArray[np.datetime64], NDArray[np.int64]]:
    """first_seen and nights_open, carried on from the published night before."""
    before: dict[str, tuple[str, int]] = {}
    if night.previous is not None and (night.previous / FILE).is_file():
        table = read_csv(night.previous / FILE)
        nights = numbers_of(table["nights_open"]).astype(np.int64).tolist()
        history = zip(table["first_seen"], nights, strict=True)
        before = dict(zip(table["exception_id"], history, strict=True))
    today = (night.date, 0)
    seen = [before.get(each, today) for each in ids]
    dates = np.array([date for date, _ in seen], "datetime64[D]")
    return dates, np.array([nights + 1 for _, nights in seen], np.int64)


def _line_ids(rows: list[Row], lines: Sequence[Table]) -> NDArray[np.object_]:
    by_key: dict[tuple[str, str], str] = {}
    for table in lines:
        keys = zip(table["sku"].tolist(), table["destination"].tolist(), strict=True)
        by_key.update(zip(keys, table["line_id"].tolist(), strict=True))
    return text_array(by_key.get((row.sku, row.location), "") for row in rows)


def _message(night: Night, row: Row) -> str:
    values = {name: number_text(value) for name, value in row.message.items()}
    for name in ("limit", "cut_by"):
        values[name] = night.texts.of("limits", values.get(name, ""))
    for name in ("own_act", "kept_act"):
        values[name] = night.texts.of("acts", values.get(name, ""))
    values |= {"sku": row.sku, "location": row.location, "money": number_text(row.money)}
    values["way"] = night.texts.of("ways", values.get("way") or "line")
    ago = {"0": "today", "1": "yesterday"}.get(values.get("days", ""), "earlier")
    values["ago"] = night.texts.fill("ago", ago, values)
    values["fate"] = night.texts.fill("fates", values.get("fate", ""), values)
    if night.texts.knows("messages", row.code):
        return night.texts.fill("messages", row.code, values)
    return row.code + ": " + ", ".join(f"{name} {value}" for name, value in values.items())


def _suggestion(night: Night, row: Row) -> str:
    limit = str(row.message.get("limit", ""))
    if night.texts.knows("limit_suggestions", limit):
        return night.texts.of("limit_suggestions", limit)
    known = night.texts.knows("suggestions", row.code)
    return night.texts.of("suggestions", row.code if known else "OTHER")


def number_text(value: object) -> str:
    """A value of a finding as text, numbers with at most two decimals."""
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        text = f"{float(value):.2f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text
    return str(value)


def rows_by_code(table: Table) -> tuple[dict[str, int], dict[str, float]]:
    """Rows, and money at stake, of each code."""
    codes, place = np.unique(table["code"].astype(str), return_inverse=True)
    names, count = codes.tolist(), len(codes)
    rows = np.bincount(place, minlength=count)
    stake = money(np.bincount(place, table["money_at_stake"], minlength=count))
    return (
        dict(zip(names, rows.tolist(), strict=True)),
        dict(zip(names, stake.tolist(), strict=True)),
    )
