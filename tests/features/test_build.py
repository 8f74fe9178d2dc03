"""What holds for the feature matrix as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from features import context as context_module
from features.build import build_features
from features.context import FeatureContext, build_context
from features.params import FeatureParams
from stockwright.calendar import Calendar
from stockwright.errors import ConfigError, DataError
from stockwright.panel import Covariates, DemandPanel, Status

MakePanel = Callable[..., DemandPanel]
PERIODS = pytest.mark.parametrize("period", ["day", "week"])
STEPS = range(1, 16)
#: Features in units of something other than the level.
NOT_RELATIVE = {"log_level"}
#: First words of the features that rest on the history of the series alone.
OWN_HISTORY = {
    *("mean", "trend", "exponential", "lag", "quantile", "max"),
    *("zero", "deviation", "interval", "size"),
}


def both(panel: DemandPanel, period: str) -> tuple[FeatureParams, FeatureContext]:
    params = FeatureParams.for_period(period)
    return params, build_context(panel, params)


@PERIODS
def test_nothing_after_the_origin_changes_a_feature(make_panel: MakePanel, period: str) -> None:
    panel = make_panel(period, periods=500, seed=1)
    origin = 440
    rng = np.random.default_rng(9)
    demand, status, share = (v.copy() for v in (panel.demand, panel.status, panel.in_stock))
    demand[:, origin + 1 :] = rng.integers(0, 1000, demand[:, origin + 1 :].shape)
    status[:, origin + 1 :] = rng.integers(0, 5, status[:, origin + 1 :].shape)
    share[:, origin + 1 :] = rng.random(share[:, origin + 1 :].shape)
    launch = np.where(panel.launch > origin, panel.launch + 7, panel.launch)
    assert (launch > panel.launch).any()
    changed = replace(panel, demand=demand, status=status, in_stock=share, launch=launch)
    first, second = panel.until(origin), changed.until(origin)
    params, context = both(first, period)
    one = build_features(first, STEPS, params, context)
    two = build_features(second, STEPS, params, build_context(second, params))
    np.testing.assert_array_equal(one.X, two.X)
    np.testing.assert_array_equal(one.level, two.level)
    np.testing.assert_array_equal(one.season, two.season)


@PERIODS
@pytest.mark.parametrize("shared", [False, True])
def test_a_block_gets_the_same_bits_as_the_whole(
    make_panel: MakePanel, period: str, shared: bool
) -> None:
    panel = make_panel(period, skus=12, seed=2, shared_events=shared)
    params, context = both(panel, period)
    whole = build_features(panel, STEPS, params, context)
    for block in ([0], [3, 4, 5], [7, 23], list(range(5, 20))):
        rows = np.isin(whole.series, block)
        part = build_features(panel.take(np.array(block)), STEPS, params, context)
        np.testing.assert_array_equal(part.X, whole.X[rows])
        np.testing.assert_array_equal(part.level, whole.level[rows])
        np.testing.assert_array_equal(part.season, whole.season[rows])


@PERIODS
def test_a_step_gets_the_same_bits_whichever_steps_are_asked(
    make_panel: MakePanel, period: str
) -> None:
    panel = make_panel(period, seed=2)
    params, context = both(panel, period)
    whole = build_features(panel, STEPS, params, context)
    some = build_features(panel, [4, 11], params, context)
    np.testing.assert_array_equal(some.X, whole.X[np.isin(whole.step, [4, 11])])


def test_the_context_does_not_depend_on_the_chunks_it_is_summed_in(
    make_panel: MakePanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = make_panel(skus=12, seed=4)
    params, whole = both(panel, "day")
    monkeypatch.setattr(context_module, "_CHUNK", 5)
    parts = build_context(panel, params)
    np.testing.assert_allclose(parts.season.bins, whole.season.bins, rtol=1e-5)
    np.testing.assert_allclose(parts.uplift, whole.uplift, rtol=1e-5)
    for name, table in whole.tables.items():
        np.testing.assert_allclose(parts.tables[name].rate, table.rate, rtol=1e-5)


@PERIODS
@pytest.mark.parametrize("with_context", [False, True])
def test_ten_times_the_demand_leaves_relative_features_unchanged(
    make_panel: MakePanel, period: str, with_context: bool
) -> None:
    panel = make_panel(period, seed=6)
    params = FeatureParams.for_period(period)
    tenfold = replace(panel, demand=panel.demand * 10)
    wide = replace(params, floor=10 * params.floor)
    contexts = [
        build_context(p, q) if with_context else None for p, q in ((panel, params), (tenfold, wide))
    ]
    one = build_features(panel, STEPS, params, contexts[0])
    ten = build_features(tenfold, STEPS, wide, contexts[1])
    np.testing.assert_allclose(ten.level, 10 * one.level, rtol=1e-5)
    for name in one.names:
        if name not in NOT_RELATIVE:
            np.testing.assert_allclose(
                ten.column(name), one.column(name), rtol=1e-3, atol=1e-3, err_msg=name
            )


@PERIODS
def test_unlisted_periods_in_front_change_nothing(make_panel: MakePanel, period: str) -> None:
    panel = make_panel(period, seed=7)
    params = FeatureParams.for_period(period)
    one = build_features(panel, STEPS, params)
    two = build_features(padded(panel, 49), STEPS, params)
    np.testing.assert_array_equal(one.X, two.X)


def padded(panel: DemandPanel, more: int) -> DemandPanel:
    """The same panel with unlisted periods before its first."""

    def front(values: np.ndarray, fill: float) -> np.ndarray:
        return np.pad(values, ((0, 0), (more, 0)), constant_values=fill)

    known = panel.covariates
    covariates = Covariates(
        front(known.price, np.nan),
        front(known.discount, 0),
        front(known.event, 0),
        front(known.phase, 0),
    )
    start = panel.calendar.start - np.timedelta64(more * panel.calendar.days, "D")
    return replace(
        panel,
        demand=front(panel.demand, 0),
        status=front(panel.status, Status.NOT_LISTED),
        in_stock=front(panel.in_stock, 0),
        covariates=covariates,
        calendar=Calendar(panel.calendar.period, start),
        launch=panel.launch + more,
    )


@PERIODS
@pytest.mark.parametrize("status", [Status.MISSING, Status.CENSORED, Status.NOT_LISTED])
def test_series_without_any_observation_give_missing_never_infinite(
    make_panel: MakePanel, period: str, status: Status
) -> None:
    panel = make_panel(period, seed=8)
    shape = panel.demand.shape
    empty = replace(
        panel,
        demand=np.zeros(shape, np.float32),
        status=np.full(shape, status, np.uint8),
        in_stock=np.zeros(shape, np.float32),
    )
    params, context = both(empty, period)
    for given in (None, context):
        matrix = build_features(empty, STEPS, params, given)
        assert not np.isinf(matrix.X).any()
        assert (matrix.level == params.floor).all()
        own = [n for n in matrix.names if n.split("_")[0] in OWN_HISTORY]
        assert len(own) > 25
        for name in own:
            assert np.isnan(matrix.column(name)).all(), name


@pytest.mark.parametrize("periods", [1, 2, 9, 60])
@PERIODS
def test_histories_of_any_length_work(make_panel: MakePanel, period: str, periods: int) -> None:
    panel = make_panel(period, periods=periods, seed=periods)
    params, context = both(panel, period)
    matrix = build_features(panel, STEPS, params, context)
    assert not np.isinf(matrix.X).any()
    assert matrix.X.shape == (panel.n_series * 15, len(matrix.names))


def test_a_panel_without_series_gives_no_rows(make_panel: MakePanel) -> None:
    panel = make_panel()
    params, context = both(panel, "day")
    matrix = build_features(panel.take(slice(0, 0)), STEPS, params, context)
    assert matrix.n_rows == 0
    assert matrix.X.shape[1] == len(matrix.names)


def test_rows_are_series_major_then_step(make_panel: MakePanel) -> None:
    panel = make_panel()
    matrix = build_features(panel, [3, 1], FeatureParams.for_period("day"))
    assert matrix.series[:4].tolist() == [0, 0, 1, 1]
    assert matrix.step[:4].tolist() == [3, 1, 3, 1]
    assert matrix.column("step")[:2].tolist() == [3, 1]
    assert matrix.X.flags.c_contiguous
    assert matrix.X.dtype == np.float32


def test_names_do_not_depend_on_context_or_attributes(make_panel: MakePanel) -> None:
    panel = make_panel()
    params, context = both(panel, "day")
    bare = replace(panel, attributes={})
    names = build_features(panel, [1], params, context).names
    assert build_features(panel, [1], params).names == names
    assert build_features(bare, [1], params, build_context(bare, params)).names == names


def test_wrong_calls_are_refused(make_panel: MakePanel) -> None:
    panel = make_panel()
    params, context = both(panel, "day")
    with pytest.raises(DataError, match=r"steps must lie in 1 ... 20"):
        build_features(panel, [21], params)
    with pytest.raises(DataError, match=r"steps must lie"):
        build_features(panel, [], params)
    with pytest.raises(DataError, match="context of origin 459, panel at origin 300"):
        build_features(panel.until(300), [1], params, context)
    with pytest.raises(DataError, match="parameters for a week"):
        build_features(panel, [1], FeatureParams.for_period("week"))
    stranger = replace(panel, attributes={"category_1": np.full(panel.n_series, 99)})
    with pytest.raises(DataError, match="codes of category_1 outside the feature context: 1"):
        build_features(stranger, [1], params, context)
    with pytest.raises(DataError, match="feature 'nothing' is unknown"):
        build_features(panel, [1], params).column("nothing")


def test_parameters_name_every_rule_they_break() -> None:
    with pytest.raises(ConfigError, match=r"quantiles are in \(0, 1\); floor"):
        FeatureParams(quantiles=(1.5,), floor=0)
