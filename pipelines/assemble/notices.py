"""Findings and notes that the tables alone give rise to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.keys import Keys
from stockwright.plan import Finding


def findings_of(
    code: str,
    severity: str,
    series: NDArray[Any],
    money: NDArray[np.float64] | float = 0.0,
    **columns: NDArray[Any] | Sequence[Any],
) -> list[Finding]:
    """One finding for each element of ``series``, with the ``columns``' values in its message."""
    amounts = np.broadcast_to(np.asarray(money, np.float64), (len(series),))
    names = list(columns)
    rows = zip(*columns.values(), strict=True) if names else [()] * len(series)
    return [
        Finding(
            code, severity, int(one), float(amount), dict(zip(names, map(_plain, row), strict=True))
        )
        for one, amount, row in zip(series, amounts, rows, strict=True)
    ]


def _plain(value: Any) -> float | str:
    return float(value) if isinstance(value, (int, float, np.number)) else str(value)


def given_findings(found: pd.DataFrame, keys: Keys) -> list[Finding]:
    """The findings of the reading, with the series they belong to."""
    series = keys.series(found)
    columns = ["code", "severity", "sku", "location", "value", "where", "most"]
    rows = zip(*(found[name].astype(object) for name in columns), strict=True)
    return [
        Finding(
            str(code),
            str(severity),
            int(one),
            0.0,
            {"sku": str(sku), "location": str(location), "value": _plain(value)}
            | ({"where": str(where), "most": _plain(most)} if where else {}),
        )
        for one, (code, severity, sku, location, value, where, most) in zip(
            series, rows, strict=True
        )
    ]


def listed(names: Sequence[object], shown: int = 5) -> str:
    """The first few names and how many more: "a, b and 3 more"."""
    first = ", ".join(str(name) for name in names[:shown])
    return first if len(names) <= shown else f"{first} and {len(names) - shown} more"
