"""Words of names tell of a level where they do, and nothing where they do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from features.context import build_context
from features.params import FeatureParams
from forecasting.launch.launch import learn_launches
from forecasting.launch.words import _ridge, learn_words, name_words

PARAMS = FeatureParams.for_period("week")
NOISE = np.array([0.5, 1.0])


def shop(effect: float, rows: int = 900) -> tuple[sparse.csr_array, np.ndarray, np.ndarray]:
    """Names of three of 40 words; word 0 makes sales ``effect`` times as high."""
    rng = np.random.default_rng(7)
    table = np.zeros((rows, 40))
    for row in table:
        row[rng.choice(40, 3, replace=False)] = 1.0
    mean = np.full(rows, 20.0)
    level = np.where(table[:, 0] > 0, effect, 1.0) * rng.gamma(2.0, 0.5, rows)
    return sparse.csr_array(table), rng.poisson(mean * level).astype(float), mean


def test_a_word_that_sells_is_found_among_others():
    words, units, mean = shop(3.0)
    sku = np.arange(len(units))
    factor, alone = learn_words(words, sku, np.zeros(len(units), int), units, mean, NOISE)
    has = words.toarray()[:, 0] > 0
    assert factor[has].mean() > 1.5 * factor[~has].mean()
    assert alone[has].mean() > 1.4 * alone[~has].mean()


def test_words_that_tell_nothing_leave_the_level_alone():
    words, units, mean = shop(1.0)
    sku = np.arange(len(units))
    factor, alone = learn_words(words, sku, np.zeros(len(units), int), units, mean, NOISE)
    assert np.abs(factor - 1).max() < 0.15
    assert np.abs(alone - 1).max() < 0.15


def test_what_a_row_expects_without_itself_is_what_a_fit_without_it_says():
    """Brute force: the ridge solved anew without each of some rows, at every penalty."""
    rng = np.random.default_rng(3)
    design = rng.normal(size=(60, 5))
    weight = rng.uniform(0.2, 1.0, 60)
    miss = design @ np.array([1.0, -0.5, 0.0, 0.3, 0.8]) + rng.normal(0, 0.3, 60)
    effect, alone = _ridge(sparse.csr_array(design), miss, weight, np.arange(60))
    found = []
    for penalty in (10.0, 20.0, 40.0, 80.0, 160.0):
        square = design.T @ (design * weight[:, None]) + penalty * np.eye(5)
        if np.allclose(np.linalg.solve(square, design.T @ (weight * miss)), effect):
            found.append(penalty)
    assert len(found) == 1
    for row in (0, 17, 59):
        rest = np.delete(np.arange(60), row)
        left = design[rest]
        square = left.T @ (left * weight[rest, None]) + found[0] * np.eye(5)
        want = design[row] @ np.linalg.solve(square, left.T @ (weight[rest] * miss[rest]))
        assert alone[row] == pytest.approx(want)


def test_without_names_words_change_nothing(shop_panel):
    panel = replace(shop_panel, launch=np.full(shop_panel.n_series, 60, np.int32))
    assert name_words(panel).shape == (len(panel.index.skus), 0)
    curves = learn_launches(panel, build_context(panel, PARAMS), PARAMS)
    assert curves is not None
    assert (curves.words == 1).all()


def test_names_reach_their_skus_whatever_the_order_of_words(shop_panel):
    n = shop_panel.n_series
    sku = shop_panel.index.sku
    columns = {"word_1": sku % 3, "word_2": np.where(sku % 2, 3, -1)}
    codes = {name: values.astype(np.int32) for name, values in columns.items()}
    swapped = {"word_1": codes["word_2"], "word_2": codes["word_1"]}
    one = name_words(replace(shop_panel, attributes=codes)).toarray()
    assert np.array_equal(one, name_words(replace(shop_panel, attributes=swapped)).toarray())
    assert np.array_equal(one[sku].sum(axis=1), 1.0 + sku % 2)
    assert (one[sku, sku % 3] == np.ones(n)).all()
