"""Hold a canonical frame against the contract: ranges, choices, patterns, spans of dates."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from pipelines.ingest.declare import Column, Table
from pipelines.ingest.table import TableInHand

_DTYPES = {"number": "float64", "integer": "float64", "flag": "bool"}
_DTYPES |= {"date": "datetime64[s]", "moment": "datetime64[s]"}


def check_contract(held: TableInHand) -> None:
    """Set aside the rows, or cells, whose values are out of range, or not one of the choices."""
    try:
        _schema(held.table).validate(held.frame, lazy=True, inplace=True)
    except pa.errors.SchemaErrors as errors:
        _set_aside(held, errors.failure_cases)


def _set_aside(held: TableInHand, cases: pd.DataFrame) -> None:
    bad = np.zeros(len(held.frame), np.bool_)
    # A check of whole rows names the column it blames, and is reported for each column.
    named = cases["check"].str.split(": ", n=1)
    blamed = named.str[0].where(named.str.len() == 2, cases["column"])
    cases = cases[blamed == cases["column"]].assign(reason=named.str[-1])
    for (column, reason), group in cases.groupby(["column", "reason"], sort=True):
        rows = group["index"].to_numpy(dtype=np.int64)
        values = [_text(value) for value in group["failure_case"]]
        held.reject(rows, str(column), values, _reason(str(reason)))
        if held.table.loses_cell(str(column)):
            held.empty(rows, str(column))
        else:
            bad[rows] = True
    held.bad += int(bad.sum())
    held.remember(held.frame, bad)
    held.keep(~bad)


def _text(value: Any) -> str:
    if value is None or value is pd.NaT:
        return ""
    if isinstance(value, pd.Timestamp):
        return str(value.date())
    return f"{value:g}" if isinstance(value, float) else str(value)


def _reason(check: str) -> str:
    return "empty" if check == "not_nullable" else check


@cache
def _schema(table: Table) -> pa.DataFrameSchema:
    columns = {column.name: _column(column) for column in table.carried()}
    if table.extra is not None and table.extra_kind == "number":
        checks = [pa.Check.ge(0.0, error="less than 0")]
        pattern = f"^{table.extra}.*$"
        columns[pattern] = pa.Column(
            "float64", checks, nullable=True, regex=True, required=False, name=pattern
        )
    checks = [_not_before(*span) for span in table.spans]
    checks += [_not_below(table.rising, place) for place in range(1, len(table.rising))]
    return pa.DataFrameSchema(columns, checks=checks, strict=False)


def _column(column: Column) -> pa.Column:
    checks: list[pa.Check] = []
    if column.low is not None:
        checks.append(pa.Check.ge(column.low, error=f"less than {column.low:g}"))
    if column.high is not None:
        checks.append(pa.Check.le(column.high, error=f"more than {column.high:g}"))
    if column.above is not None:
        checks.append(pa.Check.gt(column.above, error=f"not more than {column.above:g}"))
    if column.choices:
        allowed = [*column.choices] if column.required or column.default else ["", *column.choices]
        error = f"not one of {', '.join(column.choices)}"
        checks.append(pa.Check.isin(allowed, error=error))
    if column.pattern:
        form = f"^(?:{column.pattern})?$"
        checks.append(pa.Check.str_matches(form, error="not of the form of the contract"))
    required = column.required and column.kind not in ("text", "choice")
    return pa.Column(_DTYPES.get(column.kind), checks, nullable=not required)


def _not_before(start: str, end: str) -> pa.Check:
    def holds(frame: pd.DataFrame) -> pd.Series:
        return ~(frame[end] < frame[start])

    return pa.Check(holds, error=f"{end}: before {start}")


def _not_below(columns: tuple[str, ...], place: int) -> pa.Check:
    """No value of a column lies below one of the columns before it, where both are given."""
    lower, name = list(columns[:place]), columns[place]

    def holds(frame: pd.DataFrame) -> pd.Series:
        return ~(frame[name] < frame[lower].max(axis=1))

    return pa.Check(holds, error=f"{name}: below a lower quantile")
