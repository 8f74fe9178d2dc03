"""Kits hold only what is known, and never themselves."""

from __future__ import annotations

from pipelines.ingest.references import Tables, circle_from, set_aside, unknown_articles
from stockwright.errors import describe


def check_kits(tables: Tables) -> None:
    """Set aside the rows of kits whose component no other table knows."""
    if "kits" not in tables:
        return
    kits = tables["kits"]
    unknown = unknown_articles(tables, kits.frame["component"])
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
