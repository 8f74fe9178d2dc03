"""Where MLflow keeps what is tracked, and whether that place can be written at all."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pipelines.config.tracking import FROM_ENVIRONMENT, TrackingConfig, masked
from stockwright.errors import ConfigError, StockwrightError

#: The store of a folder of runs that names no other, and its artifacts.
DATABASE, ARTIFACTS = "mlflow.db", "mlflow-artifacts"
# Seconds that a lock of another process is waited for.
_PATIENCE = 2.0


class TrackingError(StockwrightError):
    """Something could not be tracked. No plan is touched by that."""


@dataclass(frozen=True)
class Store:
    """uri: of a tracking server or a database, with its password. artifacts: folder of files,
    "" where a server decides. experiment: first part of names.
    """

    uri: str
    artifacts: str
    experiment: str

    @property
    def shown(self) -> str:
        """The URI as a person may read it: without its password."""
        return masked(self.uri)

    @property
    def local(self) -> bool:
        """Whether the store is a database file."""
        return self.uri.startswith("sqlite:")

    def hidden(self, text: str) -> str:
        """A text without the URI's password."""
        return text.replace(self.uri, self.shown)


def store_of(settings: TrackingConfig, runs: Path) -> Store:
    """The store that the settings name, for a folder of runs.

    Raises ConfigError where an environment variable that shall hold it does not.
    """
    root = runs.resolve()
    uri = settings.uri
    if uri.startswith(FROM_ENVIRONMENT):
        name = uri.removeprefix(FROM_ENVIRONMENT)
        uri = os.environ.get(name, "")
        if not uri:
            raise ConfigError(
                f"tracking.uri asks for the environment variable {name}, which is not set"
            )
    served = uri.startswith(("http:", "https:"))
    artifacts = "" if served else str(root / ARTIFACTS)
    return Store(uri or f"sqlite:///{root / DATABASE}", artifacts, settings.experiment)


def check_writable(store: Store) -> None:
    """Begin to write into a database file, and take that back.

    MLflow itself tries for minutes. Raises TrackingError that says what is wrong.
    """
    if not store.local:
        return
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import SQLAlchemyError

    engine = create_engine(store.uri, connect_args={"timeout": _PATIENCE})
    try:
        with engine.connect() as connection:
            connection.execute(text("BEGIN IMMEDIATE"))
            connection.execute(text("CREATE TABLE stockwright_asks (answer INTEGER)"))
            connection.rollback()
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise TrackingError(f"the store {store.shown} cannot be written: {cause}") from None
    finally:
        engine.dispose()
