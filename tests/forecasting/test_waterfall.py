"""A forecast is the sum of its parts, and each part answers to its own cause only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from features.build import build_features
from features.context import build_context
from features.level import event_factor
from features.what_if import at_list_price, replanned, without_events
from forecasting.model import FittedModel, NightContext, fit, plain_model
from forecasting.params import ModelParams
from stockwright.calendar import Calendar
from stockwright.decomposition import PARTS, Decomposition
from stockwright.panel import Covariates, DemandPanel, SeriesIndex, Status

AHEAD, PAST, SERIES = 28, 420, 140
PARAMS = ModelParams(horizon=AHEAD, trees=40, origins=10, country="", threads=1, held_out=3)
PEAK, CUT = slice(PAST + 9, PAST + 12), slice(PAST + 17, PAST + 21)
# Articles that will be reduced, that start now, and that were taken off the shelf.
REDUCED, NEW, GONE = slice(0, 30), slice(30, 40), slice(40, 45)


def day_shop(seed: int = 5) -> DemandPanel:
    """Days with a week, peaks every eight weeks, cuts now and then, launches and ends."""
    rng = np.random.default_rng(seed)
    total = PAST + AHEAD
    day = np.arange(total)
    event = ((day % 56) < 3) & (day < PAST)
    event[PEAK] = True
    depth = rng.choice([0.0, 0.2, 0.4], p=[0.8, 0.1, 0.1], size=(SERIES, total // 10 + 1))
    discount = np.repeat(depth, 10, axis=1)[:, :total]
    discount[:, PAST:] = 0
    discount[REDUCED, CUT] = 0.3
    launch = np.zeros(SERIES, np.int32)
    launch[45:80] = rng.integers(60, PAST - 40, 35)
    launch[NEW] = PAST - rng.integers(-5, 8, 10)
    rate = rng.uniform(0.5, 6.0, (SERIES, 1)) * (1 + 0.3 * np.sin(day * 2 * np.pi / 7))
    rate = rate * (1 - discount) ** -1.5 * np.where(event, 3.0, 1.0)
    demand = rng.poisson(rate[:, :PAST]).astype(np.float32)
    status = np.full(demand.shape, Status.OBSERVED, np.uint8)
    status[day[:PAST] < launch[:, None]] = Status.NOT_LISTED
    status[GONE, -20:] = Status.NOT_LISTED
    demand[status == Status.NOT_LISTED] = 0
    codes = np.arange(SERIES, dtype=np.int32)
    return DemandPanel(
        index=SeriesIndex(tuple(f"s{i:03d}" for i in codes), ("w",), codes, np.zeros_like(codes)),
        calendar=Calendar("day", np.datetime64("2023-01-02")),
        demand=demand,
        status=status,
        in_stock=np.ones(demand.shape, np.float32),
        covariates=Covariates(
            (20 * (1 - discount)).astype(np.float32),
            discount.astype(np.float32),
            event[None].astype(np.int16),
            np.zeros((1, total), np.int16),
            ("peak",),
        ),
        launch=launch,
        attributes={"category_1": codes % 4},
    )


@pytest.fixture(scope="module")
def panel() -> DemandPanel:
    return day_shop()


@pytest.fixture(scope="module")
def model(panel: DemandPanel) -> FittedModel:
    return fit(panel, PARAMS)


@pytest.fixture(scope="module")
def parts(model: FittedModel, panel: DemandPanel) -> Decomposition:
    return model.decompose(panel, AHEAD)


def total(parts: Decomposition, *names: str) -> np.ndarray:
    return sum((parts.part(name).astype(np.float64) for name in names), np.zeros(()))


def apart(context: NightContext) -> NightContext:
    """The context without what other articles cost: that stays as planned, whatever an article's
    own plan is."""
    return replace(context, groups=replace(context.groups, rivals=None))


ORDINARY = tuple(name for name in PARTS if name not in ("event", "price"))


@pytest.mark.parametrize("booster", [True, False])
def test_the_parts_add_up_to_the_mean_of_the_same_forecast(
    model: FittedModel, panel: DemandPanel, booster: bool
) -> None:
    used = model if booster else plain_model(PARAMS)
    forecast = used.predict(panel, AHEAD)
    told = used.predict(panel, AHEAD, parts=True)
    np.testing.assert_array_equal(forecast.mean, told.mean)
    assert forecast.parts is None
    assert told.parts is not None
    size = np.abs(told.parts.units).sum(axis=0)
    assert (np.abs(total(told.parts, *PARTS) - forecast.mean) <= 1e-6 * size).all()
    assert forecast.mean.sum() > 0


def test_the_forecast_of_this_shop_has_every_part(parts: Decomposition) -> None:
    moved = {name: float(np.abs(parts.part(name)).sum()) for name in PARTS}
    assert min(moved[name] for name in PARTS if name != "correction") > 1, moved


def test_nothing_on_sale_has_no_part(parts: Decomposition, panel: DemandPanel) -> None:
    late = np.arange(PAST, PAST + AHEAD) < panel.launch[:, None]
    assert late.any()
    assert not parts.units[:, late].any()
    assert not parts.units[:, GONE].any()


def test_without_an_event_ahead_no_part_is_an_events(
    model: FittedModel, panel: DemandPanel
) -> None:
    calm = model.decompose(without_events(panel), AHEAD)
    assert not calm.part("event").any()
    assert calm.part("price").any()


def test_at_list_price_no_part_is_a_discounts(
    model: FittedModel, panel: DemandPanel, parts: Decomposition
) -> None:
    cut = panel.covariates.discount[:, PAST:].any(axis=1)
    assert not parts.part("price")[~cut].any()
    assert not parts.part("price")[:, : CUT.start - PAST].any()
    assert (parts.part("price")[REDUCED, CUT.start - PAST] > 0).all()
    assert not model.decompose(at_list_price(panel), AHEAD).part("price").any()


def test_a_peak_or_a_cut_ahead_moves_its_own_part_and_nothing_else(
    model: FittedModel, panel: DemandPanel
) -> None:
    context = apart(model.context(panel))
    parts = model.decompose(panel, AHEAD, context)
    for change, part in ((without_events, "event"), (at_list_price, "price")):
        other = model.decompose(change(panel), AHEAD, context)
        for name in ORDINARY:
            np.testing.assert_allclose(
                other.part(name), parts.part(name), rtol=2e-4, atol=2e-5, err_msg=name
            )
        assert not other.part(part).any()
    on_peak = total(parts, "event")[:, PEAK.start - PAST : PEAK.stop - PAST]
    usual = total(parts, *ORDINARY)[:, PEAK.start - PAST : PEAK.stop - PAST]
    sold = usual.sum(axis=1) > 0
    assert 1.3 < on_peak[sold].sum() / usual[sold].sum() < 2.7


def test_what_is_left_of_events_and_discounts_is_the_forecast_without_them(
    model: FittedModel, panel: DemandPanel
) -> None:
    plain = without_events(at_list_price(panel))
    context = apart(model.context(panel))
    parts = model.decompose(panel, AHEAD, context)
    mean = model.predict(plain, AHEAD, context).mean
    np.testing.assert_allclose(total(parts, *ORDINARY), mean, rtol=2e-4, atol=2e-5)
    calm = model.decompose(without_events(panel), AHEAD, context)
    np.testing.assert_allclose(total(calm, *ORDINARY), mean, rtol=2e-4, atol=2e-5)


def test_a_block_gets_the_parts_of_the_whole(
    model: FittedModel, panel: DemandPanel, parts: Decomposition
) -> None:
    context = model.context(panel)
    for block in (np.array([3, 35, 44, 101]), np.arange(60, 90)):
        found = model.decompose(panel.take(block), AHEAD, context)
        np.testing.assert_array_equal(found.units, parts.take(block).units)


def test_level_and_season_are_those_of_the_features(
    model: FittedModel, panel: DemandPanel, parts: Decomposition
) -> None:
    plain = without_events(at_list_price(panel))
    features = PARAMS.features()
    matrix = build_features(plain, np.arange(1, AHEAD + 1), features, model.context(panel).groups)
    sold = parts.part("level") > 0
    level, season = (getattr(matrix, name).reshape(sold.shape) for name in ("level", "season"))
    np.testing.assert_allclose(parts.part("level")[sold], level[sold], rtol=1e-5)
    found = total(parts, "level", "season")[sold]
    np.testing.assert_allclose(found, (level * season)[sold], rtol=1e-5)


@pytest.mark.parametrize("change", [at_list_price, without_events])
def test_replanned_features_are_those_built_on_the_other_plan(
    panel: DemandPanel, change: Callable[[DemandPanel], DemandPanel]
) -> None:
    features = PARAMS.features()
    context, steps = build_context(panel, features), np.arange(1, AHEAD + 1)
    # What is pulled forward goes with the event while there is one ahead.
    before = (at_list_price if change is without_events else without_events)(panel)
    after = change(before)
    first = build_features(before, steps, features, context)
    slow = build_features(after, steps, features, context)
    factor = (slow.season / first.season).reshape(-1, AHEAD)
    found, rows = replanned(first, before, after, context, features, factor)
    skipped = ("event", "phase", "rival_discount", "rival_discount_change")
    kept = [place for place, name in enumerate(first.names) if name not in skipped]
    np.testing.assert_allclose(found.X[:, kept], slow.X[:, kept], rtol=1e-5, atol=1e-6)
    same = np.setdiff1d(np.arange(first.n_rows), rows)
    np.testing.assert_array_equal(first.X[same], found.X[same])
    assert 0 < len(rows) < first.n_rows


def test_the_factor_of_events_is_one_without_any(panel: DemandPanel) -> None:
    context = build_context(panel, PARAMS.features())
    ahead = np.arange(PAST, PAST + AHEAD)
    lift = event_factor(panel, context, ahead, PARAMS.features())
    on_peak = panel.covariates.event[0, PAST:] > 0
    assert (lift[:, ~on_peak] == 1).all()
    assert (lift[:, on_peak] > 2).all()
