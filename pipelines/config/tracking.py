"""Settings of tracking: where what nights and experiments gave is written down."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

#: A store named so is taken from the environment variable that follows.
FROM_ENVIRONMENT = "env:"


class TrackingConfig(BaseModel):
    """MLflow.

    use: whether nights and experiments are tracked. uri: of the store: a tracking server, a
    database, or "env:NAME" for what the environment variable NAME holds; "": SQLite in the folder
    of runs. It holds no password. experiment: first part of the names of MLflow's experiments and
    of the model. timeout: most seconds that tracking may take.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    use: bool = True
    uri: str = ""
    experiment: Annotated[str, Field(pattern=r"^[^/:\s][^/:\n]{0,99}$")] = "stockwright"
    timeout: Annotated[float, Field(gt=0.0, le=3600.0)] = 60.0

    @field_validator("uri")
    @classmethod
    def _no_password(cls, uri: str) -> str:
        if masked(uri) != uri:
            raise ValueError(
                "a password does not belong into a configuration: write env:NAME and keep the "
                "whole URL in the environment variable NAME"
            )
        return uri


# What a URL may hide a password behind, as ``?password=...``.
_SECRET = re.compile(r"(?i)((?:^|&)(?:password|passwd|pwd|token|odbc_connect)=)[^&]+")


def masked(text: str) -> str:
    """A URL with its passwords as ``***``, in front of the host or behind; other text as it is.

    >>> masked("http://ann:secret@tracking.example:5000"), masked("sqlite:///runs/mlflow.db")
    ('http://ann:***@tracking.example:5000', 'sqlite:///runs/mlflow.db')
    """
    try:
        parts = urlsplit(text)
        hidden = _SECRET.sub(r"\1***", parts.query)
        if not parts.password:
            return text if hidden == parts.query else urlunsplit(parts._replace(query=hidden))
    except ValueError:
        return text
    parts = parts._replace(query=hidden)
    user, _, host = parts.netloc.rpartition("@")
    named = f"{user.partition(':')[0]}:***@{host}"
    return urlunsplit(parts._replace(netloc=named))
