"""Tiers that the configuration names must be tiers that locations have."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.config.load import nearest
from pipelines.config.model import Config
from pipelines.ingest.table import TableInHand


def unknown_tiers(config: Config, tables: Mapping[str, TableInHand]) -> list[str]:
    """A problem for each tier of ``tiers`` and ``service.tier`` that no location has."""
    known: set[str] = set()
    if "locations" in tables:
        known = {str(name) for name in tables["locations"].frame["tier"].unique() if name}
    named = [("tiers", name) for name in config.tiers]
    named += [("service.tier", name) for name in config.service.tier]
    return [
        f"{section}.{name}: no row of locations has this tier{nearest(name, known)}"
        for section, name in named
        if name not in known
    ]
