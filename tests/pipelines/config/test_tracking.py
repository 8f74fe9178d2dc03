"""Where passwords may stand in the URL of a store, and that none of them is taken or shown."""

import pytest
from pydantic import ValidationError

from pipelines.config.tracking import TrackingConfig, masked


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://ann:secret@host:5000", "http://ann:***@host:5000"),
        ("postgresql://host/db?user=a&password=secret", "postgresql://host/db?user=a&password=***"),
        ("mssql://host/?odbc_connect=DSN;PWD=secret", "mssql://host/?odbc_connect=***"),
        ("http://ann:secret@host/?token=secret", "http://ann:***@host/?token=***"),
    ],
)
def test_a_password_anywhere_in_a_url_is_hidden_and_refused(url: str, shown: str):
    assert masked(url) == shown
    with pytest.raises(ValidationError, match="environment variable"):
        TrackingConfig(uri=url)


@pytest.mark.parametrize("url", ["", "sqlite:///runs/mlflow.db", "http://host/?passwords=1"])
def test_a_url_without_a_password_stays_as_it_is(url: str):
    assert masked(url) == url
    assert TrackingConfig(uri=url).uri == url
