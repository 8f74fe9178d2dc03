"""The booster outlives columns that come and go, and its models share what they can."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from features.build import build_features
from features.context import build_context
from features.matrix import FeatureMatrix
from forecasting.booster.booster import MEMBERS, MeanModel, Training, columns_of, train
from forecasting.booster.rows import Rows, training_rows
from forecasting.booster.tables import steps_of
from forecasting.params import ModelParams
from stockwright.panel import DemandPanel

PARAMS = replace(ModelParams.for_period("week"), max_rows=4_000, trees=20, threads=1)


@pytest.fixture(scope="module")
def rows(shop_panel: DemandPanel) -> Rows:
    return training_rows(shop_panel, PARAMS)


@pytest.fixture(scope="module")
def matrix(shop_panel: DemandPanel) -> FeatureMatrix:
    features = PARAMS.features()
    return build_features(shop_panel, [1, 3], features, build_context(shop_panel, features))


@pytest.fixture(scope="module")
def model(shop_panel: DemandPanel, rows: Rows) -> MeanModel:
    return MeanModel(train(rows, shop_panel.origin, PARAMS), "week")


def with_columns(matrix: FeatureMatrix, X: np.ndarray, names: tuple[str, ...]) -> FeatureMatrix:
    kept = tuple(name for name in matrix.categorical if name in names)
    return replace(matrix, X=np.ascontiguousarray(X), names=names, categorical=kept)


def test_a_column_that_is_gone_is_unknown(model: MeanModel, matrix: FeatureMatrix) -> None:
    place = matrix.names.index("mean_13")
    blank = matrix.X.copy()
    blank[:, place] = np.nan
    gone = np.delete(matrix.X, place, axis=1)
    names = (*matrix.names[:place], *matrix.names[place + 1 :])
    without = model.predict(with_columns(matrix, gone, names), 1)
    assert (without == model.predict(with_columns(matrix, blank, matrix.names), 1)).all()
    assert (without != model.predict(matrix, 1)).any()


def test_new_columns_and_their_order_do_not_matter(model: MeanModel, matrix: FeatureMatrix) -> None:
    order = np.random.default_rng(1).permutation(len(matrix.names))
    X = np.column_stack([np.ones(matrix.n_rows, np.float32), matrix.X[:, order]])
    names = ("something_new", *(matrix.names[i] for i in order))
    assert (model.predict(with_columns(matrix, X, names), 1) == model.predict(matrix, 1)).all()


def test_the_mean_is_the_geometric_mean_of_the_boosters(
    shop_panel: DemandPanel, rows: Rows, matrix: FeatureMatrix
) -> None:
    """Each alone, by its own text, without the curve over sizes and inside the bounds."""
    whole = json.loads(train(rows, shop_panel.origin, PARAMS)) | {"curve": [[0.0], [0.0]]}
    assert len(whole["members"]) == 2
    alone = [
        MeanModel(json.dumps(whole | {"members": [each]}), "week").predict(matrix, 1)
        for each in whole["members"]
    ]
    both = MeanModel(json.dumps(whole), "week").predict(matrix, 1)
    np.testing.assert_allclose(both, np.sqrt(alone[0] * alone[1]), rtol=1e-9)
    assert (alone[0] != alone[1]).any()


def test_one_booster_reads_the_calendar_and_the_other_does_not(rows: Rows) -> None:
    """Codes of names are read by neither."""
    first, second = (set(columns_of(rows.names, skipped)) for skipped in MEMBERS)
    assert second - first == {"season_bin", "year_sin", "year_cos", "month_day"} & set(rows.names)
    assert first < second
    assert not any(name.endswith("_code") for name in second)


def test_a_model_of_all_rows_is_the_model_of_the_rows_kept(rows: Rows) -> None:
    """A shared data set and a subset of it, against a data set of their own."""
    shared = Training(rows, PARAMS)
    every = np.ones(len(rows.units), np.bool_)
    newest = int(rows.target.max())
    assert shared.fit(newest, every) == shared.fit(newest) == train(rows, newest, PARAMS)


def test_a_twin_learns_nothing_from_rows_left_out(rows: Rows) -> None:
    """Whatever was sold in them."""
    early = rows.target <= np.median(rows.target)
    newest = int(rows.target[early].max())
    other = replace(rows, units=np.where(early, rows.units, 10 * rows.units + 3))
    found = (Training(each, PARAMS).fit(newest, early) for each in (rows, other))
    assert len(set(found)) == 1


def test_trees_read_as_tables_predict_what_lightgbm_predicts(
    model: MeanModel, shop_panel: DemandPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the last bit, on whole series with a hole in every column."""
    features = PARAMS.features()
    steps = np.arange(1, 13)
    matrix = build_features(shop_panel, steps, features, build_context(shop_panel, features))
    holed = matrix.X.copy()
    holed[np.random.default_rng(3).random(holed.shape) < 0.02] = np.nan
    whole = with_columns(matrix, holed, matrix.names)
    alone = model.predict(whole, 1)
    monkeypatch.setattr("forecasting.booster.tables._LEAST_ROWS", 0)
    assert steps_of(whole.series) == len(steps)
    assert (model.predict(whole, 1) == alone).all()
