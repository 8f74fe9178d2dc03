"""Read every table of a source, or say everything that is wrong with it at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.config.as_of import check_as_of
from pipelines.config.load import FILE_NAME, listed_problems
from pipelines.config.model import Config
from pipelines.config.tracking import masked
from pipelines.ingest.adjust import findings_of, net_prices, unreadable_stock
from pipelines.ingest.channels import unknown_channels
from pipelines.ingest.contract import check_contract
from pipelines.ingest.discover import Found, discover
from pipelines.ingest.ingested import Ingested, RowCount, Source, TablesError
from pipelines.ingest.kits import check_kits, kit_cycles
from pipelines.ingest.overrides import check_overrides
from pipelines.ingest.plausible import implausible
from pipelines.ingest.raw import UnreadableError
from pipelines.ingest.read_one import OpenTable, open_table
from pipelines.ingest.references import check_references, duplicate_keys, lane_cycles
from pipelines.ingest.row_keys import replaced_rows
from pipelines.ingest.schema import TABLES
from pipelines.ingest.table import TableInHand, empty_frame, joined_rejected, used_categories
from pipelines.ingest.terms import terms_too_high
from pipelines.ingest.tiers import unknown_tiers
from stockwright.errors import ConfigError, counted

_SHOWN = 3


def read_tables(source: str, config: Config, as_of: np.datetime64) -> Ingested:
    """The tables of a folder or database URL as known at the close of ``as_of``.

    Raises ConfigError: no such folder or database, ``as_of`` does not close a period, or the
    configuration names a tier that no location has, or a channel that no row has.
    TablesError (a DataError): every problem of every table.
    """
    return validate(source, config, as_of).accepted()


@dataclass(frozen=True)
class Report:
    """What ``stockwright validate`` shows.

    source: as it may be shown, without a password. ingested: None where there are problems.
    rows: where the rows of each table went. sources: files that were read.
    """

    source: str
    as_of: np.datetime64
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    rows: tuple[RowCount, ...]
    sources: tuple[Source, ...]
    rejected: pd.DataFrame
    ingested: Ingested | None

    @property
    def ok(self) -> bool:
        """Whether a night could run on the tables."""
        return self.ingested is not None

    def accepted(self) -> Ingested:
        """The tables; raises TablesError where there are problems."""
        if self.ingested is None:
            raise TablesError(self.problems, self.rejected)
        return self.ingested


def validate(source: str, config: Config, as_of: np.datetime64 | None = None) -> Report:
    """Hold the tables of a source against the contract.

    as_of: the night to check for; None: the last possible date before which everything counts
    as known. Raises ConfigError: no such folder or database, ``as_of`` closes no period, or
    the configuration names tiers that no location, or channels that no row of them, has.
    """
    day = as_of if as_of is None else check_as_of(as_of, config)
    return _reported(OpenSource.of(source, config), day, last=True)


@dataclass(frozen=True)
class OpenSource:
    """The tables of a source, read once, from which any night takes what it knows.

    location: as it may be shown, without a password. fault: why the source cannot be opened at all,
    "" where it can. problems: of its tables. notes: of the source. tables: those that it has.
    """

    config: Config
    location: str
    fault: str
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    tables: dict[str, OpenTable]

    @classmethod
    def of(cls, source: str, config: Config) -> OpenSource:
        """The tables of a folder or database URL. Raises ConfigError: there is none such."""
        try:
            found = discover(source)
        except UnreadableError as error:
            return cls(config, masked(source), str(error), (), (), {})
        try:
            tables, problems = _open_all(found, config)
        finally:
            found.close()
        return cls(config, found.location, "", tuple(problems), tuple(found.notes), tables)

    def known(self, as_of: np.datetime64) -> Ingested:
        """The tables as ``read_tables`` gives them. Raises as it does."""
        return _reported(self, check_as_of(as_of, self.config), last=False).accepted()


def _reported(source: OpenSource, as_of: np.datetime64 | None, last: bool) -> Report:
    """What ``validate`` says of a date that closes a period. last: ``source`` is empty afterwards,
    which spares memory.
    """
    day = _no_cut() if as_of is None else as_of
    if source.fault:
        empty = joined_rejected([])
        return Report(source.location, day, (source.fault,), (), (), (), empty, None)
    held = {}
    for name in tuple(source.tables):
        table = source.tables.pop(name) if last else source.tables[name]
        held[name] = table.known(day, again=not last)
        check_contract(held[name])
    problems = [*source.problems, *_problems(held, source.config, day)]
    if as_of is not None and "sales" in held:
        problems += _stale(held["sales"], day, source.config)
    if strange := [*unknown_tiers(source.config, held), *unknown_channels(source.config, held)]:
        if not problems:
            raise ConfigError(listed_problems(FILE_NAME, strange))
        problems += strange
    return _report(source, day, held, problems)


def _problems(held: dict[str, TableInHand], config: Config, day: np.datetime64) -> list[str]:
    """What is wrong with the rows that a night knows; bad ones are taken out."""
    check_references(held)
    check_kits(held)
    check_overrides(held)
    problems: list[str] = []
    for table in held.values():
        _keep_last(table)
        problems += [*duplicate_keys(table), *gate_problems(table, config), *_no_rows(table, day)]
    return [*problems, *lane_cycles(held), *kit_cycles(held)]


def _no_cut() -> np.datetime64:
    return np.datetime64("9999-12-31", "D")


def _open_all(found: Found, config: Config) -> tuple[dict[str, OpenTable], list[str]]:
    problems = list(found.problems)
    tables: dict[str, OpenTable] = {}
    for name, table in TABLES.items():
        if name not in found.tables:
            if table.required:
                problems.append(f"the table {name} is missing; {found.location} must hold it")
            continue
        try:
            tables[name] = open_table(table, found.tables[name], config)
        except UnreadableError as error:
            problems.append(str(error))
    return tables, problems


def _keep_last(held: TableInHand) -> None:
    if held.table.last_holds:
        replaced = replaced_rows(held.frame)
        held.replaced += int(replaced.sum())
        held.keep(~replaced)


def gate_problems(held: TableInHand, config: Config) -> list[str]:
    """A problem where more than the gate's share of a table's rows is bad."""
    allowed = config.gates.bad_row_share
    share = held.bad_share()
    if share <= allowed:
        return []
    rejected = held.all_rejected()
    first = [
        f"{row.file} row {row.row}{f', {row.column}' if row.column else ''}:"
        f" {row.value!r} {row.reason}"
        for row in rejected.head(_SHOWN).itertuples()
    ]
    more = "; ..." if len(rejected) > _SHOWN else ""
    rows, bad = held.bad + len(held.frame), held.bad + held.mended()
    return [
        f"{held.table.name}: {bad} of {rows} rows are bad ({share:.1%}), more than the"
        f" {allowed:.1%} of gates.bad_row_share: {'; '.join(first)}{more};"
        " correct them in the source"
    ]


def _no_rows(held: TableInHand, day: np.datetime64) -> list[str]:
    if held.table.name != "sales" or len(held.frame) or held.bad:
        return []
    if held.cut:
        return [f"sales: all {held.cut} rows are dated after {day}; run a later date"]
    return ["sales: there are no rows; export the sales history"]


def _stale(sales: TableInHand, day: np.datetime64, config: Config) -> list[str]:
    if sales.frame.empty:
        return []
    newest = sales.frame["date"].to_numpy().max().astype("datetime64[D]")
    age, allowed = int((day - newest).astype(np.int64)), config.gates.stale_days
    if age <= allowed:
        return []
    return [
        f"sales: the newest date is {newest}, {age} days before {day}, more than the {allowed} of"
        " gates.stale_days; export the sales since, or run an earlier date"
    ]


def _report(
    source: OpenSource, day: np.datetime64, held: dict[str, TableInHand], problems: list[str]
) -> Report:
    rejected = joined_rejected([table.all_rejected() for table in held.values() if table.rejected])
    notes = [*source.notes, *(note for table in held.values() for note in _notes(table, day))]
    rows = tuple(table.count() for table in held.values())
    sources = tuple(source for table in held.values() for source in table.sources)
    ingested = None
    if not problems:
        frames = {
            name: used_categories(held[name].frame) if name in held else empty_frame(table)
            for name, table in TABLES.items()
        }
        strange, more = implausible(frames, source.config.gates)
        strange = pd.concat([strange, terms_too_high(frames["products"])], ignore_index=True)
        net_prices(frames, source.config)
        given = frozenset(held)
        findings = pd.concat([findings_of(frames, given), strange], ignore_index=True)
        notes += more
        if "inventory" in held and held["inventory"].bad_keys:
            lost = unreadable_stock(held["inventory"].bad_keys)
            findings = pd.concat([findings, lost], ignore_index=True)
        ingested = Ingested(day, frames, given, rejected, tuple(notes), findings, sources, rows)
    return Report(
        source.location, day, tuple(problems), tuple(notes), rows, sources, rejected, ingested
    )


def _notes(held: TableInHand, day: np.datetime64) -> list[str]:
    name, notes = held.table.name, list(held.notes)
    cases = (
        (held.cut, "row dated after {0} is cut", "rows dated after {0} are cut"),
        (
            held.not_known,
            "row known only after {0} is left out",
            "rows known only after {0} are left out",
        ),
        (
            held.replaced,
            "row is replaced by a later one of the same key",
            "rows are replaced by later ones of the same key",
        ),
        (held.bad, "bad row is set aside", "bad rows are set aside"),
        (held.mended(), "row lost a bad cell", "rows lost bad cells"),
    )
    notes += [f"{name}: {counted(n, one, many).format(day)}" for n, one, many in cases if n]
    if name == "inventory" and held.frame.empty:
        notes.append("inventory: there are no rows, so no stock is known")
    return notes
