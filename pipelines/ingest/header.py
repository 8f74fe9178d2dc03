"""Match the columns of a source to those of the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from pipelines.config.model import Config
from pipelines.ingest.declare import Column, Table
from pipelines.ingest.movement_tables import KNOWN_SINCE
from pipelines.ingest.raw import UnreadableError


def columns_of(table: Table, matched: Mapping[str, str]) -> tuple[Column, ...]:
    """The columns of the canonical frame; further ones that the table keeps come last."""
    declared = set(table.column_names())
    extra = sorted(name for name in matched if name not in declared)
    kind = table.extra_kind
    return (*table.carried(), *(Column(name, kind, "kept as it is") for name in extra))


def match_columns(
    table: Table, file: str, names: Sequence[str], config: Config
) -> tuple[dict[str, str], list[str]]:
    """Source column of each contract column, and the source columns that are ignored.

    A mapped name goes before the column's own name and that before an alias; upper and lower
    case are one. Raises UnreadableError that lists the required columns not found.
    """
    wanted = config.map.get(table.name, {})
    folded = {name.strip().casefold(): name for name in reversed(names) if name.strip()}
    matched: dict[str, str] = {}
    for column in table.columns:
        tries = (wanted.get(column.name), column.name, *column.aliases)
        found = next((folded[t.casefold()] for t in tries if t and t.casefold() in folded), None)
        if found is not None:
            matched[column.name] = found
    matched |= _extra(table, names, wanted, folded)
    missing = [c.name for c in table.columns if c.required and c.name not in matched]
    if missing:
        raise UnreadableError(_missing(table, file, missing, names))
    used = set(matched.values())
    return matched, [name for name in names if name and name not in used]


def absent_columns(table: Table, headers: Sequence[Sequence[str]], config: Config) -> list[str]:
    """Mapped source columns that no part of the table has, each with the nearest one it has."""
    names = {name.strip().casefold(): name for header in headers for name in header}
    carried = [column.name for column in table.columns if column.carried]
    return [
        f"{name} = {source!r}{_nearest(source, names)}"
        for name, source in config.map.get(table.name, {}).items()
        if source.casefold() not in names and (name in carried or table.takes_extra(name))
    ]


def _nearest(source: str, names: Mapping[str, str]) -> str:
    close = get_close_matches(source.casefold(), names, n=1, cutoff=0.5)
    return f" (did you mean {names[close[0]]!r}?)" if close else ""


def _extra(
    table: Table, names: Sequence[str], wanted: Mapping[str, str], folded: Mapping[str, str]
) -> dict[str, str]:
    found = {name: name for name in names if table.takes_extra(name)}
    for name, source in wanted.items():
        if table.takes_extra(name) and source.casefold() in folded:
            found[name] = folded[source.casefold()]
    return found


def _missing(table: Table, file: str, missing: Sequence[str], names: Sequence[str]) -> str:
    word = "column" if len(missing) == 1 else "columns"
    has = ", ".join(name for name in names if name) or "none"
    return (
        f"{file} lacks the {word} {', '.join(missing)} (it has {has});"
        f" add them, or name them in [map.{table.name}]"
    )


def hides_future(table: Table) -> str | None:
    """Name of the column that says since when a row was known, if the table has one."""
    return KNOWN_SINCE.name if table.known_ahead else None
