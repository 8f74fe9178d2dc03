"""Read the tables of a database by its SQLAlchemy URL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa

from pipelines.ingest.raw import HeldPart, UnreadableError, Wanted, array_of, chunked
from stockwright.errors import ConfigError

_ROWS_AT_ONCE = 50_000


class Database:
    """The tables and views of one database; ``close`` it when they are read.

    Raises ConfigError when the URL is none, UnreadableError when the database does not answer.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = sa.make_url(url)
            if parsed.drivername in ("postgresql", "postgres"):
                parsed = parsed.set(drivername="postgresql+psycopg")
            self.engine = sa.create_engine(parsed)
        except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ImportError) as error:
            raise ConfigError(
                f"the database URL cannot be used: {error};"
                " use sqlite:///FILE or postgresql://USER@HOST/NAME"
            ) from error
        self.name = parsed.render_as_string(hide_password=True)
        file = parsed.database
        if parsed.get_backend_name() == "sqlite" and not (file and Path(file).is_file()):
            raise ConfigError(f"the database file {file} does not exist")
        with self._answers("opened"):
            inspector = sa.inspect(self.engine)
            self.tables = sorted([*inspector.get_table_names(), *inspector.get_view_names()])

    @contextmanager
    def _answers(self, what: str) -> Iterator[None]:
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).strip().splitlines()
            raise UnreadableError(f"{self.name} cannot be {what}: {'; '.join(cause)}") from error

    def read(self, table: str, wanted: Wanted) -> HeldPart:
        """The columns of ``table`` that ``wanted`` picks, in the order of its primary key."""
        with self._answers(f"read at table {table}"):
            source = sa.Table(table, sa.MetaData(), autoload_with=self.engine)
            names = tuple(str(column.name) for column in source.columns)
            picked = list(wanted(names))
            statement = sa.select(*(source.columns[name] for name in picked))
            statement = statement.order_by(*source.primary_key.columns)
            chunks = self._chunks(statement, len(picked))
        held = {name: chunked(values) for name, values in zip(picked, chunks, strict=True)}
        rows = len(held[picked[0]]) if picked else 0
        return HeldPart(table, names, rows, _digest(held), held, first_row=1)

    def _chunks(self, statement: sa.Select[tuple[object, ...]], n: int) -> list[list[pa.Array]]:
        chunks: list[list[pa.Array]] = [[pa.nulls(0)] for _ in range(n)]
        with self.engine.connect().execution_options(stream_results=True) as connection:
            for rows in connection.execute(statement).partitions(_ROWS_AT_ONCE):
                for column, values in enumerate(zip(*rows, strict=True)):
                    chunks[column].append(array_of(values))
        return chunks

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def _digest(held: dict[str, pa.ChunkedArray]) -> str:
    digest = hashlib.sha256()
    for name in sorted(held):
        values: Sequence[pa.Array] = held[name].chunks
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, pa.schema([(name, held[name].type)])) as stream:
            for chunk in values:
                stream.write_batch(pa.record_batch([chunk], names=[name]))
        digest.update(sink.getvalue())
    return digest.hexdigest()
