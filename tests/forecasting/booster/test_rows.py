"""Training rows: of the past, sampled by their keys, with what was demanded in them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from forecasting.booster.booster import columns_of, model_input, size_curve
from forecasting.booster.rows import past_origins, training_rows
from forecasting.held_out import held_out_origins
from forecasting.params import ModelParams
from stockwright.panel import DemandPanel

PARAMS = replace(ModelParams.for_period("week", 6), max_rows=8_000)


def test_origins_leave_at_least_one_known_target(shop_panel: DemandPanel) -> None:
    origins = past_origins(shop_panel, PARAMS)
    assert (np.diff(origins[:-1]) == PARAMS.stride).all()
    assert origins[-1] == shop_panel.origin - 1
    assert origins[0] >= 0


def test_the_next_night_learns_from_the_same_origins(shop_panel: DemandPanel) -> None:
    """A period later the newest origin is another one, and at most the oldest one is gone."""
    before = past_origins(shop_panel.until(shop_panel.origin - 1), PARAMS)
    after = past_origins(shop_panel, PARAMS)
    assert np.setdiff1d(after, before).tolist() == [shop_panel.origin - 1]
    assert len(np.setdiff1d(before, after)) <= 2


def test_rows_stay_near_their_cap_and_within_the_history(shop_panel: DemandPanel) -> None:
    rows = training_rows(shop_panel, PARAMS)
    assert 0.3 * PARAMS.max_rows < len(rows.units) <= 1.1 * PARAMS.max_rows
    assert rows.target.max() <= shop_panel.origin
    assert len(rows.X) == len(rows.units) == len(rows.base)


def test_a_larger_cap_keeps_the_rows_of_a_smaller_one(shop_panel: DemandPanel) -> None:
    """The sample is drawn by a hash of each key: raising the cap only adds."""
    few, many = (training_rows(shop_panel, replace(PARAMS, max_rows=n)) for n in (3_000, 9_000))
    kept = {row.tobytes() for row in many.X}
    assert all(row.tobytes() in kept for row in few.X[::37])


def test_base_is_a_first_estimate_of_the_units(shop_panel: DemandPanel) -> None:
    rows = training_rows(shop_panel, PARAMS)
    assert abs(rows.base.sum() / rows.units.sum() - 1) < 0.1


def test_prices_are_hidden_in_events_whose_uplift_is_known() -> None:
    names = (
        "age",
        "price_ratio",
        "price_change",
        "discount",
        "discount_change",
        "event_uplift_shop",
        "category_1_code",
    )
    X = np.array(
        [[900, 0.8, 0.8, 0.2, 0.2, np.nan, 3], [9, 0.8, 0.8, 0.2, 0.2, 5.0, 3]], np.float32
    )
    read = model_input(X, names, 1, columns_of(names, frozenset()))
    assert read.shape == (2, 6)
    assert read[0, 0] == 182
    assert np.isfinite(read[0, 1:5]).all()
    assert np.isnan(read[1, 1:5]).all()
    assert X[1, 1] == np.float32(0.8)


def test_forecasts_are_unbiased_at_every_size() -> None:
    """The smallest a seventh too high, the largest a quarter too low: the curve takes it out."""
    rng = np.random.default_rng(1)
    true = 10 ** rng.uniform(-1, 2, 20_000)
    forecast = true ** (1 - 0.06)
    sizes, corrections = size_curve(np.log(forecast), rng.poisson(true) * 1.0, np.ones(20_000))
    mended = forecast * np.exp(np.interp(np.log(forecast), sizes, corrections))
    for low, high in ((0.1, 1), (1, 10), (10, 100)):
        rows = (true > low) & (true < high)
        assert abs(mended[rows].sum() / true[rows].sum() - 1) < 0.05


def test_a_short_history_is_walked_in_smaller_strides(shop_panel: DemandPanel) -> None:
    """Of 28 weeks: 8 to learn features from, then every week; of 120, every other one."""
    short = past_origins(shop_panel.until(27), PARAMS)
    assert (np.diff(short) == 1).all()
    assert len(short) >= 18
    assert (np.diff(past_origins(shop_panel, PARAMS))[:-1] == 2).all()


def test_a_short_history_leaves_the_twin_most_of_it(shop_panel: DemandPanel) -> None:
    long = held_out_origins(shop_panel, PARAMS)
    assert (np.diff(long[:-1]) == PARAMS.held_stride).all()
    short = held_out_origins(shop_panel.until(39), PARAMS)
    assert (np.diff(short) == 1).all()
    assert short[0] >= 20
    assert len(short) >= 8
