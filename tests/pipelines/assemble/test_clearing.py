"""Stock on hand as clearance sees it, from the tables and a forecast."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.assemble.clearing import holdings_of, slow_stock_of
from pipelines.assemble.clearing_weeks import weekly_means
from pipelines.config.load import config_from
from replenishment.clearance.slow_grades import SlowGrade
from stockwright.forecast import Forecast
from stockwright.life import LifeStages
from tests.pipelines.assemble.one_key import SALES, TONIGHT, on, stock_row


def forecast_of(situation, rate: float = 1.0, horizon: int = 28, **changes) -> Forecast:
    n = situation.panel.n_series
    mean = np.full((n, horizon), rate, np.float32)
    plain = {"linear_dispersion": 1.5, "step_variance": 0.2, "level_variance": 0.1, "quantum": 1.0}
    spread = {name: np.full(n, changes.get(name, value)) for name, value in plain.items()}
    origin, model = situation.panel.origin, np.zeros(n, np.uint8)
    return Forecast(situation.panel.index, origin, changes.get("mean", mean), model=model, **spread)


def look(situation, forecast=None, **settings):
    life = LifeStages.untold(situation.panel.n_series)
    forecast = forecast or forecast_of(situation)
    return holdings_of(situation, forecast, life, config_from({"clearance": settings}))


PRODUCT = {
    "sku": "a", "unit_cost": 6.0, "price": 10.0, "holding_cost": 0.02, "floor_price": 7.0,
    "salvage_value": 1.0, "supplier_return_value": 5.0, "supplier_return_until": on(15),
    "price_group": "g",
}  # fmt: skip


def test_the_row_of_a_key_carries_the_terms_of_its_product(situate, at) -> None:
    prices = [{"sku": "a", "start": on(-5), "price": 9.0}]
    night = situate(
        TONIGHT, sales=SALES, inventory=[stock_row(received_date=on(-12), reserved=3)],
        products=[PRODUCT], prices=prices,
    )  # fmt: skip
    row = look(night)
    assert row.series.tolist() == [at(night, "a")]
    for name, value in {
        "units": 7, "age_days": 12, "unit_cost": 6, "price": 9, "floor": 7, "salvage": 1,
        "return_value": 5, "return_weeks": 3, "price_group": 0, "weeks": 13, "sold": 12,
    }.items():  # fmt: skip
        assert getattr(row, name)[0] == value, name
    assert row.holding[0] == pytest.approx(7 * 0.02)
    np.testing.assert_allclose(row.demand[0], 7.0)
    # Of a week: 1.5 x 7 + 0.2 x 7 over a mean of 7; the shared level apart.
    assert row.dispersion[0] == pytest.approx(1.7)
    assert row.level_variance[0] == pytest.approx(0.1)


def test_without_terms_a_unit_left_brings_a_share_of_its_cost(situate) -> None:
    night = situate(
        TONIGHT, sales=SALES, inventory=[stock_row()], products=[{"sku": "a", "unit_cost": 6.0}]
    )
    row = look(night, salvage_share=0.25)
    assert row.salvage[0] == 1.5
    assert (row.floor[0], row.return_value[0], row.return_weeks[0], row.price_group[0]) == (
        0, 0, 0, -1,
    )  # fmt: skip


def test_only_known_stock_of_goods_that_are_kept_is_looked_at(situate, at) -> None:
    sales = [{**SALES[0], "sku": sku} for sku in "abc"] + [{**SALES[0], "location": "Y"}]
    products = [{"sku": "b", "stock_mode": "presale"}, {"sku": "a"}, {"sku": "c"}]
    inventory = [stock_row(), stock_row(sku="b"), stock_row(sku="c", on_hand=0)]
    night = situate(TONIGHT, sales=sales, inventory=inventory, products=products)
    assert look(night).series.tolist() == [at(night, "a")]


def test_goods_can_be_sold_until_their_season_or_their_shelf_life_ends(situate, at) -> None:
    skus = "abcdef"
    sales = [{**SALES[0], "sku": sku} for sku in skus]
    products = [
        {"sku": "a", "end_date": on(15)}, {"sku": "b", "end_date": on(-3)},
        {"sku": "c"}, {"sku": "d", "shelf_life_days": 30}, {"sku": "e"}, {"sku": "f"},
    ]  # fmt: skip
    inventory = [stock_row(sku=sku) for sku in "abf"] + [
        stock_row(sku="c", on_hand=5, expiry_date=on(14)),
        stock_row(sku="c", on_hand=5, expiry_date=on(42)),
        stock_row(sku="d", received_date=on(-12)),
        stock_row(sku="e", on_hand=1, expiry_date=on(7)), stock_row(sku="e", on_hand=99),
    ]  # fmt: skip
    night = situate(TONIGHT, sales=sales, inventory=inventory, products=products)
    row = look(night, forecast_of(night, 0.1))
    weeks = dict(zip(night.panel.index.sku_names()[row.series], row.weeks.tolist(), strict=True))
    assert weeks == {"a": 3, "b": 0, "c": 4, "d": 3, "e": 13, "f": 13}
    assert (row.demand > 0).sum(axis=1).tolist() == row.weeks.tolist()
    perishing = dict(zip(night.panel.index.sku_names()[row.series], row.perishing, strict=True))
    # Five expire after two weeks of 0.7, ten after six.
    assert perishing["c"] == pytest.approx(max(5 - 1.4, 10 - 4.2))
    assert perishing["e"] == pytest.approx(0.3)
    assert perishing["a"] == perishing["f"] == 0


def test_a_location_that_feeds_others_is_asked_for_what_they_lack(situate, at) -> None:
    """Two shops ask for 7 a week each; one has 10 and 4 coming, the other nothing."""
    sales = [{**row, "location": place} for place in ("S", "T") for row in SALES]
    inventory = [
        stock_row(location="C", on_hand=50, received_date=on(-5)),
        stock_row(location="S", on_hand=10), stock_row(location="T", on_hand=0),
    ]  # fmt: skip
    lanes = [
        {"source": "C", "destination": place, "kind": "transfer", "lead_time_days": 1}
        for place in ("S", "T")
    ] + [{"source": "V", "destination": "C", "kind": "regular", "lead_time_days": 9}]
    inbound = [
        {"order_id": "P", "sku": "a", "destination": "S", "units": 4, "available_date": on(3)}
    ]
    night = situate(TONIGHT, sales=sales, inventory=inventory, lanes=lanes, inbound=inbound)
    mean = np.ones((night.panel.n_series, 28), np.float32)
    mean[at(night, "a", "C")] = 0
    row = look(night, forecast_of(night, mean=mean))
    (center,) = np.flatnonzero(row.series == at(night, "a", "C"))
    np.testing.assert_allclose(row.demand[center], [7, 7, *[14] * 11])
    # In its five days both shops have sold one a day.
    assert row.sold[center] == 10
    assert row.dispersion[center] == pytest.approx(1.7)


@pytest.mark.parametrize("days", [1, 7])
def test_weeks_are_the_sums_of_their_steps_and_the_last_four_go_on(days) -> None:
    rng = np.random.default_rng(1)
    mean = rng.uniform(0, 5, (3, 30)).astype(np.float32)
    steps = 13 * 7 // days
    tail = mean[:, -28 // days :].mean(axis=1)
    for power in (1, 2):
        whole = np.concatenate([mean, np.repeat(tail[:, None], 100, axis=1)], axis=1)[:, :steps]
        expected = (whole.astype(float) ** power).reshape(3, 13, -1).sum(axis=2)
        np.testing.assert_allclose(weekly_means(mean, 13, days, power), expected, rtol=1e-5)


def test_an_event_within_the_last_four_weeks_does_not_go_on_after_the_forecast() -> None:
    mean = np.full((2, 35), 3.0, np.float32)
    event = np.zeros((1, 35), np.bool_)
    event[0, 15:22] = True
    mean[:, 15:22] = 30.0
    weeks = weekly_means(mean, 13, 1, 1, event)
    np.testing.assert_allclose(weeks[:, 5:], 21.0)
    np.testing.assert_allclose(weeks[:, :5].sum(axis=1), mean.sum(axis=1))
    # Four weeks of nothing but an event: the quiet days before them go on.
    event[0, 7:] = True
    np.testing.assert_allclose(weekly_means(mean, 13, 1, 1, event)[:, 5:], 21.0)
    # Nothing but events: they are all that is known.
    event[:] = True
    np.testing.assert_allclose(weekly_means(mean, 13, 1, 1, event), weekly_means(mean, 13, 1))


def test_the_turnover_threshold_is_that_of_the_grade_of_value(situate) -> None:
    """100 units at one a day: too many for 60 days, few enough for 95."""
    night = situate(TONIGHT, sales=SALES, inventory=[stock_row(on_hand=100)])
    life, forecast = LifeStages.untold(1), forecast_of(night, level_variance=0.0)
    letter = night.catalog.abc_xyz[0][0]
    for days, slow in ((60.0, True), (98.0, False)):
        told = {"weeks": 14, "cover": {letter: days}, "grades": {"least_age_days": 0.0}}
        config = config_from({"clearance": told})
        stock = slow_stock_of(night, forecast, life, config)
        assert stock.threshold.tolist() == [days]
        assert (stock.grade[0] != SlowGrade.NONE) == slow
