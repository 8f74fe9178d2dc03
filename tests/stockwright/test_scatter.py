"""The law of scatter that misses follow is found again, and makes a whole forecast."""

from __future__ import annotations

import numpy as np
import pytest

from stockwright.calendar import Calendar
from stockwright.errors import ConfigError, DataError
from stockwright.panel import Covariates, DemandPanel, SeriesIndex, Status
from stockwright.scatter import Scatter, lattice_step


def panel_of(demand: np.ndarray, ahead: int = 0, launch: int = 0) -> DemandPanel:
    n, periods = demand.shape
    wide = (1, periods + ahead)
    return DemandPanel(
        index=SeriesIndex(
            tuple(f"s{i:05}" for i in range(n)), ("shop",), np.arange(n), np.zeros(n)
        ),
        calendar=Calendar("day", np.datetime64("2026-01-01")),
        demand=demand,
        status=np.zeros(demand.shape),
        in_stock=np.ones(demand.shape),
        covariates=Covariates(*(np.zeros(wide, kind) for kind in ("f4", "f4", "i2", "i2"))),
        launch=np.full(n, launch),
    )


@pytest.mark.parametrize(("linear", "level"), [(1.0, 0.0), (2.0, 0.0), (1.5, 0.3)])
def test_the_law_that_demand_was_drawn_with_is_learned(linear: float, level: float) -> None:
    rng = np.random.default_rng(5)
    mean = 10 ** rng.uniform(-1, 1.5, 4000)
    shared = rng.gamma(1 / level, level, 4000) if level else np.ones(4000)
    rate = np.repeat((mean * shared)[:, None], 28, axis=1)
    over = max(linear - 1, 1e-6)
    demand = rng.negative_binomial(np.maximum(rate / over, 1e-9), 1 / (1 + over))
    past = np.concatenate([np.zeros((4000, 1)), demand], axis=1).astype(np.float32)
    found = Scatter.learned(panel_of(past), [(0, np.repeat(mean[:, None], 28, axis=1))])
    assert found.linear == pytest.approx(linear, rel=0.06)
    assert found.level == pytest.approx(level, abs=0.03)
    assert found.step < 0.03


def test_what_cannot_be_seen_tells_nothing() -> None:
    rng = np.random.default_rng(5)
    demand = rng.poisson(5.0, (300, 29)).astype(np.float32)
    trial = [(0, np.full((300, 28), 5.0))]
    known = panel_of(demand)
    hidden = np.zeros(demand.shape, np.uint8)
    hidden[:, 20:] = Status.CENSORED
    broken = demand.copy()
    broken[:, 20:] = 0.0
    kept = Scatter.learned(panel_of(broken), trial)
    panel = panel_of(broken)
    object.__setattr__(panel, "status", hidden)
    assert kept.level > 0.01
    assert Scatter.learned(panel, trial).level < 0.01
    assert Scatter.learned(known, trial).level < 0.01


def test_too_little_history_leaves_the_usual_law() -> None:
    assert Scatter.learned(panel_of(np.ones((2, 3), np.float32)), []) == Scatter()
    with pytest.raises(DataError, match="origin of 2"):
        Scatter.learned(panel_of(np.ones((2, 3), np.float32)), [(2, np.ones((2, 1)))])


def test_a_forecast_has_the_variance_of_the_law_and_sells_on_sale_only() -> None:
    law = Scatter(2.0, 0.1, 0.3)
    panel = panel_of(np.ones((2, 9), np.float32), ahead=4, launch=10)
    forecast = law.around(panel, np.full((2, 4), 6.0), "mine")
    assert forecast.mean.tolist() == [[0, 6, 6, 6]] * 2
    total = forecast.total(2, 4)
    assert total.variance == pytest.approx(2.0 * 18 + 0.1 * 3 * 36 + 0.3 * 18**2)
    assert forecast.model_names == ("mine",)
    with pytest.raises(DataError, match="mean has shape"):
        law.around(panel, np.full((1, 4), 6.0))
    with pytest.raises(DataError, match="mean must be finite"):
        law.around(panel, np.full((2, 4), np.nan))


def test_a_law_outlives_storage_and_has_a_range() -> None:
    law = Scatter(1.25, 0.5, 0.125)
    assert Scatter.from_bytes(law.to_bytes()) == law
    with pytest.raises(ConfigError, match="linear is above 0"):
        Scatter(0.0)


def test_the_lattice_is_the_coarsest_decimal_that_fits_every_amount() -> None:
    units = np.array([[3, 0, 12], [0.5, 2, 1], [0.25, 1, 2], [0.001, 5, 7]], np.float32)
    assert lattice_step(units).tolist() == [1.0, 0.1, 0.01, 0.001]
