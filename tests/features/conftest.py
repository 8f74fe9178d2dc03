"""Small random panels with every kind of cell."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from stockwright.calendar import Calendar, PeriodName
from stockwright.panel import Covariates, DemandPanel, SeriesIndex, Status


def random_covariates(rng: np.random.Generator, n: int, total: int, shared: bool) -> Covariates:
    """Two events with phases, and prices of two kinds with gaps."""
    rows = 1 if shared else n
    event = np.where(rng.random((rows, total)) < 0.06, rng.integers(1, 3, (rows, total)), 0)
    phase = np.where(event > 0, rng.integers(0, 3, (rows, total)), 0)
    price = rng.uniform(5, 15, (n, 1)) * rng.choice([1.0, 0.8], (n, total))
    price[rng.random((n, total)) < 0.05] = np.nan
    return Covariates(
        price.astype(np.float32),
        np.where(event > 0, 0.2, 0.0).astype(np.float32),
        event.astype(np.int16),
        phase.astype(np.int16),
        ("double11", "618"),
        ("warm-up", "burst"),
    )


def random_attributes(rng: np.random.Generator, skus: int, locations: int) -> dict[str, np.ndarray]:
    """Two nested category levels, some unknown, and brands."""
    category = np.repeat(rng.integers(-1, 2, skus), locations).astype(np.int32)
    finer = 2 * category + np.repeat(rng.integers(0, 2, skus), locations)
    finer = np.where(category < 0, -1, finer).astype(np.int32)
    brand = np.repeat(rng.integers(0, 3, skus), locations).astype(np.int32)
    return {"category_1": category, "category_2": finer, "brand": brand}


def full_index(skus: int, locations: int) -> SeriesIndex:
    """Every sku at every location."""
    return SeriesIndex(
        tuple(f"s{i:04d}" for i in range(skus)),
        tuple(f"w{i}" for i in range(locations)),
        np.repeat(np.arange(skus), locations).astype(np.int32),
        np.tile(np.arange(locations), skus).astype(np.int32),
    )


def random_panel(
    period: PeriodName = "day",
    skus: int = 6,
    locations: int = 2,
    periods: int = 460,
    horizon: int = 20,
    seed: int = 0,
    shared_events: bool = False,
) -> DemandPanel:
    """A panel with censored, closed, missing and unlisted cells, events and prices."""
    rng = np.random.default_rng(seed)
    n = skus * locations
    rate = np.exp(rng.normal(0.0, 1.5, n))[:, None]
    weekday = 1 + 0.3 * np.sin(np.arange(periods) * 2 * np.pi / 7)
    demand = rng.poisson(rate * weekday).astype(np.float32)
    status = np.zeros((n, periods), np.uint8)
    draw = rng.random((n, periods))
    status[draw < 0.12] = Status.CENSORED
    status[draw < 0.04] = Status.MISSING
    status[draw < 0.02] = Status.CLOSED
    launch = rng.integers(-50, periods // 2, n).astype(np.int32)
    launch[-1] = periods + 3
    status[np.arange(periods)[None, :] < launch[:, None]] = Status.NOT_LISTED
    status[0] = Status.MISSING
    in_stock = np.where(status == Status.CENSORED, rng.random((n, periods)), 1.0)
    known = (status == Status.OBSERVED) | (status == Status.CENSORED)
    demand *= known
    covariates = random_covariates(rng, n, periods + horizon, shared_events)
    attributes = random_attributes(rng, skus, locations)
    start = np.datetime64("2023-01-02")
    return DemandPanel(
        full_index(skus, locations),
        Calendar(period, start),
        demand,
        status,
        in_stock.astype(np.float32),
        covariates,
        launch,
        attributes,
    )


@pytest.fixture
def make_panel() -> Callable[..., DemandPanel]:
    """Build a random panel with chosen sizes."""
    return random_panel
