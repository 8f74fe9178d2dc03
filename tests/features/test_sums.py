"""Sums over groups against a scatter of rows one after the other."""

import numpy as np
import pytest

from features.sums import group_sums


@pytest.mark.parametrize("rows", [0, 7, 10_000])
@pytest.mark.parametrize("weighed", [False, True])
def test_group_sums_are_those_of_rows_added_one_by_one(rows: int, weighed: bool) -> None:
    rng = np.random.default_rng(3)
    group = rng.integers(0, 50, rows)
    values = rng.gamma(1.0, size=(rows, 9)).astype(np.float32)
    weight = rng.random(rows) if weighed else None
    wanted = np.zeros((60, 9))
    np.add.at(wanted, group, values * (np.ones(rows) if weight is None else weight)[:, None])
    assert group_sums(group, 60, values, weight) == pytest.approx(wanted, rel=1e-12)
