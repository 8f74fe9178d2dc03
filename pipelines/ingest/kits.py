"""Kits hold only what is known, and never themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.ingest.references import Tables, circle_from, set_aside
from stockwright.errors import describe

_NAMED = (
    ("products", "sku"),
    ("sales", "sku"),
    ("inventory", "sku"),
    ("inbound", "sku"),
    ("commitments", "sku"),
    ("kits", "kit"),
)


def check_kits(tables: Tables) -> None:
    """Set aside the rows of kits whose component no other table knows."""
    if "kits" not in tables:
        return
    kits = tables["kits"]
    asked = pd.Index(kits.frame["component"].unique())
    known = np.zeros(len(asked), np.bool_)
    for table, column in _NAMED:
        if table in tables:
            names = tables[table].frame[column].unique()
            known |= asked.isin(pd.Index(names).astype("str"))
    unknown = kits.frame["component"].isin(asked[~known]).to_numpy(dtype=bool)
    set_aside(kits, unknown, "component", "unknown article; no table names it")


def kit_cycles(tables: Tables) -> list[str]:
    """A problem where a kit is, by way of its components, in itself."""
    if "kits" not in tables:
        return []
    links = tables["kits"].frame[["kit", "component"]]
    while len(links):
        inner = links["component"].isin(links["kit"].unique())
        if inner.all():
            break
        links = links[inner]
    if links.empty:
        return []
    first = links.drop_duplicates("kit").sort_values("kit")
    steps = dict(zip(first["kit"], first["component"], strict=True))
    circle = circle_from(steps, str(first["kit"].iloc[0]))
    return [
        describe(
            "kits: articles that are in themselves",
            [" -> ".join([*circle, circle[0]])],
            "take one of these rows out",
        )
    ]
