"""Overrides that can hold: a field of their table, a value in its range, and names that exist."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from pipelines.ingest.references import (
    Mask,
    Tables,
    among,
    known_locations,
    known_suppliers,
    set_aside,
    unknown_articles,
)

#: The fields that each table of an override takes.
FIELDS = {
    "forecast": ("mean", "factor"),
    "order": ("units", "frozen"),
    "transfer": ("units", "frozen"),
    "clearance": ("units", "frozen"),
    "policy": ("service_level", "target", "blocked"),
}


def check_overrides(tables: Tables) -> None:
    """Set aside the overrides that no night could honour, each with the column to blame.

    They do not count for the gate: a planner's slip of the pen is no broken export, and stops no
    night.
    """
    if "overrides" not in tables:
        return
    checks: list[tuple[str, Callable[[pd.DataFrame], Mask], str]] = [
        ("field", _strange(table), f"no field of {table}, which takes {', '.join(fields)}")
        for table, fields in FIELDS.items()
    ]
    parties = known_locations(tables) | known_suppliers(tables)
    checks += [
        ("value", lambda f: (f["value"] < 0).to_numpy(), "less than 0"),
        ("value", _no_probability, "a service level lies above 0 and below 1"),
        (
            "sku",
            lambda f: unknown_articles(tables, f["sku"]) & (f["sku"] != "").to_numpy(),
            "unknown article; no table names it",
        ),
        (
            "location",
            lambda f: ~among(f["location"], known_locations(tables) | {""}),
            "unknown location",
        ),
    ]
    if "lanes" in tables:
        checks.append(
            (
                "source",
                lambda f: ~among(f["source"], parties | {""}),
                "unknown supplier or location",
            )
        )
    held = tables["overrides"]
    for column, is_bad, reason in checks:
        set_aside(held, is_bad(held.frame), column, reason, gated=False)


def _strange(table: str) -> Callable[[pd.DataFrame], Mask]:
    """Whether a row of ``table`` names a field that belongs to another."""
    return lambda f: (f["table"] == table).to_numpy() & ~f["field"].isin(FIELDS[table]).to_numpy()


def _no_probability(frame: pd.DataFrame) -> Mask:
    value = frame["value"].to_numpy(np.float64)
    level = (frame["field"] == "service_level").to_numpy(dtype=bool)
    return np.asarray(level & ~((value > 0) & (value < 1)), np.bool_)
