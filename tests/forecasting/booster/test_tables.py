"""Trees as tables against LightGBM itself."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest

from forecasting.booster.tables import MOST_LEAVES, TreeTables, steps_of

SERIES, STEPS = 60, 7
QUIET = {"verbosity": -1, "num_threads": 1}


def rows(seed: int) -> np.ndarray:
    """Columns of the series alone, of the step alone, of both, with gaps, zeros and ties."""
    rng = np.random.default_rng(seed)
    own = np.repeat(rng.normal(size=(SERIES, 3)), STEPS, axis=0)
    step = np.tile(np.round(rng.normal(size=(STEPS, 2)), 1), (SERIES, 1))
    both = np.round(rng.normal(size=(SERIES * STEPS, 3)), 1)
    X = np.concatenate([own, step, both], axis=1).astype(np.float32)
    X[:, [0, 5]] = np.where(rng.random((len(X), 2)) < 0.3, np.nan, X[:, [0, 5]])
    X[:, 6] = np.where(rng.random(len(X)) < 0.5, 0.0, X[:, 6])
    return X


def trained(leaves: int, **settings: object) -> lightgbm.Booster:
    X = np.concatenate([rows(seed) for seed in range(4)])
    rng = np.random.default_rng(9)
    target = np.nan_to_num(X[:, 0]) + X[:, 3] * X[:, 6] + X[:, 4] + rng.normal(size=len(X)) * 0.1
    given = QUIET | {"num_leaves": leaves, "min_data_in_leaf": 5}
    return lightgbm.train(given | settings, lightgbm.Dataset(X, target), 30)


@pytest.mark.parametrize("leaves", [2, 8, MOST_LEAVES])
def test_the_sum_of_the_leaves_is_that_of_lightgbm_to_the_bit(leaves: int) -> None:
    booster = trained(leaves)
    tables = TreeTables.of(booster.model_to_string())
    assert tables is not None
    # What the trees never saw: gaps in other columns, and in no order.
    strange = rows(7)[np.random.default_rng(0).permutation(SERIES * STEPS)]
    strange[::5] = np.nan
    for X in (rows(5), rows(6)[:STEPS], strange):
        assert tables.raw(X, STEPS).tobytes() == booster.predict(X, raw_score=True).tobytes()


def test_a_tree_without_a_split_adds_its_value() -> None:
    booster = trained(4, min_data_in_leaf=10_000)
    tables = TreeTables.of(booster.model_to_string())
    assert tables is not None
    X = rows(5)
    assert tables.raw(X, STEPS).tobytes() == booster.predict(X, raw_score=True).tobytes()


def test_trees_of_another_kind_are_left_to_lightgbm() -> None:
    """More leaves than bits, gaps that count as zeros, splits by category."""
    kind = np.arange(400.0)[:, None] % 4
    others = (
        trained(MOST_LEAVES + 1),
        trained(4, zero_as_missing=True),
        lightgbm.train(QUIET, lightgbm.Dataset(kind, kind[:, 0] % 2, categorical_feature=[0]), 2),
    )
    assert [TreeTables.of(each.model_to_string()) for each in others] == [None, None, None]


def test_only_many_regular_rows_are_worth_tables() -> None:
    series = np.repeat(np.arange(1000, dtype=np.int32), STEPS)
    assert steps_of(series) == STEPS
    assert steps_of(series[: STEPS * 10]) == 0
    assert steps_of(np.append(series[3:], series[:3])) == 0
    assert steps_of(np.arange(7000, dtype=np.int32)) == 0
