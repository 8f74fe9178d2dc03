from pathlib import Path

import pytest

from experiments.record import Record, Segment, is_done, read_record
from stockwright.errors import DataError


def test_a_record_is_read_back_as_written_less_what_is_not_finite(tmp_path: Path):
    parts = (Segment("A", {"wape": 0.5, "bias": float("nan")}, {"leaves": 31}),)
    record = Record("replay", "base", {"nights": 7}, {"profit": 2.0}, {"code": "x"}, parts)
    record.write(tmp_path)
    found = read_record(tmp_path)
    assert found.metrics == {"profit": 2.0}
    assert found.segments == (Segment("A", {"wape": 0.5}, {"leaves": 31}),)
    assert (found.kind, found.name, found.params) == ("replay", "base", {"nights": 7})


def test_an_experiment_is_done_with_its_record(tmp_path: Path):
    assert not is_done(tmp_path)
    with pytest.raises(DataError, match="no experiment ended"):
        read_record(tmp_path)
    Record("study", "s", {}, {}).write(tmp_path)
    assert is_done(tmp_path)
