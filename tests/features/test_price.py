"""The response to discounts: against a general optimizer, and what it does to level and base."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize

from features.build import build_features, prepare
from features.context import build_context, season_codes
from features.params import FeatureParams
from features.price import learn_elasticity, price_factor
from stockwright.calendar import Calendar
from stockwright.panel import Covariates, DemandPanel, SeriesIndex, Status

PARAMS = FeatureParams.for_period("day", country="")
ALONE = np.array([-1, -1])


def shop(
    discount: np.ndarray, rate: np.ndarray, event: np.ndarray | None = None, ahead: int = 14
) -> DemandPanel:
    """Poisson demand of means (series, periods); the last ``ahead`` periods are the future."""
    n, total = rate.shape
    periods = total - ahead
    demand = np.random.default_rng(5).poisson(rate[:, :periods]).astype(np.float32)
    event = np.zeros((1, total)) if event is None else event
    return DemandPanel(
        index=SeriesIndex(
            tuple(f"s{i:04d}" for i in range(n)),
            ("w",),
            np.arange(n, dtype=np.int32),
            np.zeros(n, np.int32),
        ),
        calendar=Calendar("day", np.datetime64("2023-01-02")),
        demand=demand,
        status=np.full(demand.shape, Status.OBSERVED, np.uint8),
        in_stock=np.ones(demand.shape, np.float32),
        covariates=Covariates(
            price=(10 * (1 - discount)).astype(np.float32),
            discount=discount.astype(np.float32),
            event=event.astype(np.int16),
            phase=(event > 0).astype(np.int16),
            event_names=("sale",),
            phase_names=("burst",),
        ),
        launch=np.zeros(n, np.int32),
        attributes={"category_1": np.zeros(n, np.int32)},
    )


def cuts(n: int, total: int, seed: int = 1) -> np.ndarray:
    """A ten-day cut of 10 to 40 % in about every second month of each series."""
    rng = np.random.default_rng(seed)
    depth = rng.choice([0.0, 0.1, 0.2, 0.4], p=[0.5, 0.2, 0.2, 0.1], size=(n, total // 30 + 1))
    daily = np.repeat(depth, 30, axis=1)[:, :total]
    return daily * (np.arange(total) % 30 < 10)


def test_the_elasticity_maximizes_the_conditional_likelihood() -> None:
    """The posterior mode of one group equals that of a bounded scalar optimizer, term by term."""
    discount = cuts(20, 378)
    panel = shop(discount, 2.0 * (1 - discount) ** -2.0)
    found = learn_elasticity(panel, np.zeros(20, np.int32), ALONE, 0, PARAMS)
    depth = -np.log(1 - discount[:, :364])

    def loss(value: float, prior: float, deviation: float) -> float:
        total = (value - prior) ** 2 / (2 * deviation**2)
        for units, x in zip(panel.demand, depth, strict=True):
            for start in range(0, 364, PARAMS.middle):
                part = slice(start, start + PARAMS.middle)
                weight = np.exp(value * x[part])
                total -= (units[part] * np.log(weight / weight.sum())).sum() / 5.0
        return float(total)

    def mode(prior: float, deviation: float) -> float:
        result = optimize.minimize_scalar(
            loss, bounds=(0, 6), args=(prior, deviation), method="bounded"
        )
        return float(result.x)

    assert found[-1] == pytest.approx(mode(0.0, 2.0), abs=1e-3)
    assert found[0] == pytest.approx(mode(found[-1], 0.5), abs=1e-3)


def test_an_elasticity_is_found_again_through_season_and_growth() -> None:
    """Simulated: elasticity 2.5, demand that doubles in a year and has a yearly wave."""
    t = np.arange(742)
    discount = cuts(150, 742)
    wave = (1 + t / 364) * (1 + 0.4 * np.sin(2 * np.pi * t / 364))
    panel = shop(discount, 0.8 * wave * (1 - discount) ** -2.5)
    found = learn_elasticity(panel, np.zeros(150, np.int32), ALONE, 0, PARAMS)
    np.testing.assert_allclose(found, 2.5, atol=0.15)


def test_groups_with_little_history_take_the_shops_elasticity() -> None:
    discount = cuts(101, 378)
    rate = 2.0 * (1 - discount) ** -2.0
    rate[100] = 0.01
    codes = (np.arange(101) == 100).astype(np.int32)
    found = learn_elasticity(shop(discount, rate), codes, np.full(3, -1), 0, PARAMS)
    assert found[1] == pytest.approx(found[-1], abs=0.1)


def test_a_shop_without_discounts_has_no_response() -> None:
    panel = shop(np.zeros((4, 400)), np.ones((4, 400)))
    assert learn_elasticity(panel, np.zeros(4, np.int32), ALONE, 0, PARAMS).tolist() == [0, 0]


@pytest.mark.parametrize("elasticity", [0.0, 0.7, 3.0])
def test_a_deeper_discount_never_lowers_demand(elasticity: float) -> None:
    depth = np.linspace(0, 1, 50, dtype=np.float32)[None, :]
    factor = price_factor(depth, np.full(2, elasticity))
    assert factor.shape == (2, 50)
    assert (np.diff(factor, axis=1) >= 0).all()
    np.testing.assert_allclose(factor[:, 0], 1)
    np.testing.assert_allclose(price_factor(np.full((1, 1), 0.5, np.float32), np.ones(1)), 2.0)


def test_what_was_reduced_in_the_last_weeks_or_will_be_does_not_show_in_the_season() -> None:
    """Against the same panel at list price, seen with the same knowledge of the groups; and the
    change against a loop over the short window, of the group's season and an event's uplift.
    """
    discount = cuts(60, 742)
    event = np.zeros((1, 742))
    event[:, [300, 722, 732]] = 1
    panel = shop(discount, 2.0 * (1 - discount) ** -2.0 * (1 + 3 * event), event)
    context = build_context(panel, PARAMS)
    assert (context.elasticity > 1).all()
    listed = replace(panel, covariates=replace(panel.covariates, discount=0 * discount))
    found, plain = (build_features(each, (1, 5, 14), PARAMS, context) for each in (panel, listed))
    for name in ("season", "season_change"):
        np.testing.assert_allclose(found.column(name), plain.column(name), rtol=1e-5)
    codes = season_codes(panel, PARAMS)

    def season(series: int, period: int) -> float:
        when = np.array([period])
        own = context.season.factor(panel.calendar, when, PARAMS)[codes[series], 0]
        column = context.event_column(
            panel.covariates.event[:, when], panel.covariates.phase[:, when]
        )
        return float(own * context.uplift[codes[series], column[0, 0]])

    past = range(panel.n_periods - PARAMS.short, panel.n_periods)
    for row in (0, 4, 100):
        series, step = int(found.series[row]), int(found.step[row])
        usual = np.mean([season(series, period) for period in past])
        expected = season(series, panel.origin + step) / usual
        assert found.column("season_change")[row] == pytest.approx(expected, rel=1e-4)


def test_a_price_cut_of_the_last_weeks_does_not_lift_the_level() -> None:
    """The same shop with and without a cut of 30 % in its last 20 days has the same levels."""
    discount = cuts(200, 742)
    discount[:, -60:] = 0
    cut = discount.copy()
    cut[:, -34:-14] = 0.3
    levels = []
    for each in (discount, cut):
        panel = shop(each, 2.0 * (1 - each) ** -2.0)
        levels.append(prepare(panel, 1, PARAMS, build_context(panel, PARAMS)).level.mean())
    assert levels[1] == pytest.approx(levels[0], rel=0.05)


Sale = Callable[[float, float], float]


@pytest.fixture
def sale() -> Sale:
    """Base over true mean on the day of a sale, whose discount last year and tonight are given."""

    def over(before: float, tonight: float) -> float:
        n, total = 300, 742
        discount, event = cuts(n, total), np.zeros((1, total))
        discount[:, -60:] = 0
        for day, depth in ((total - 369, before), (total - 4, tonight)):
            discount[:, day : day + 3], event[:, day : day + 3] = depth, 1
        rate = 1.5 * (1 - discount) ** -2.0 * np.where(event > 0, 2.5, 1.0)
        panel = shop(discount, rate, event)
        matrix = build_features(panel, [11], PARAMS, build_context(panel, PARAMS))
        return float((matrix.level * matrix.season).sum() / rate[:, -4].sum())

    return over


@pytest.mark.parametrize("tonight", [0.1, 0.2, 0.4])
def test_an_uplift_is_scaled_to_tonights_discount(sale: Sale, tonight: float) -> None:
    """Last year's sale took 20 % off; tonight's demand is met at any other depth."""
    assert sale(0.2, tonight) == pytest.approx(1.0, abs=0.08)


def test_a_peak_neither_lifts_the_level_nor_the_pace_of_its_group() -> None:
    """Days after a sale of six-fold demand, level and group features are as without it."""
    n, total = 300, 742
    rate, event = np.full((n, total), 1.0), np.zeros((1, total))
    for first in (total - 20, total - 20 - 364):
        event[:, first : first + 5] = 1
    found = []
    for uplift in (1.0, 6.0):
        panel = shop(np.zeros((1, total)), rate * np.where(event > 0, uplift, 1.0), event)
        context = build_context(panel, PARAMS)
        level = prepare(panel, 1, PARAMS, context).level.mean()
        found.append((level, *context.tables["shop"].pace[0], *context.tables["shop"].rate[0]))
    np.testing.assert_allclose(found[1], found[0], rtol=0.03)
