"""Channels that the configuration names must be channels that take part in clearance."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.config.load import nearest
from pipelines.config.model import Config
from pipelines.ingest.table import TableInHand

_COLUMNS = ("clearance_capacity", "clearance_cost", "clearance_reach")


def unknown_channels(config: Config, tables: Mapping[str, TableInHand]) -> list[str]:
    """A problem for each channel of ``clearance.channels`` that sells no slow stock."""
    known: set[str] = set()
    if "channels" in tables:
        frame = tables["channels"].frame
        known = {
            str(name) for name in frame.loc[frame[list(_COLUMNS)].notna().any(axis=1), "channel"]
        }
    return [
        f"clearance.channels.{name}: no row of channels with a figure of clearance"
        f" ({', '.join(_COLUMNS)}) has this name{nearest(name, known)}"
        for name in config.clearance.channels
        if name not in known
    ]
