"""Small synthetic shops whose true mean is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from stockwright.calendar import Calendar
from stockwright.panel import Covariates, DemandPanel, SeriesIndex, Status

AHEAD = 12


@dataclass(frozen=True)
class Shop:
    """A weekly panel and the mean demand behind it, (series, periods + ahead)."""

    panel: DemandPanel
    mean: np.ndarray


def nothing_known_ahead(periods: int) -> Covariates:
    zeros = np.zeros((1, periods))
    return Covariates(
        price=np.full((1, periods), np.nan, np.float32),
        discount=zeros.astype(np.float32),
        event=zeros.astype(np.int16),
        phase=zeros.astype(np.int16),
    )


def make_shop(
    skus: int = 120, locations: int = 2, periods: int = 120, seed: int = 1, stock: float = 1e9
) -> Shop:
    """Gamma-Poisson demand with a yearly season; stock is ``stock`` mean weeks at each start.

    With little stock the share in stock is the time at which the first customer was turned
    away, customers coming at independent uniform times.
    """
    rng = np.random.default_rng(seed)
    n, length = skus * locations, periods + AHEAD
    level = 10 ** rng.uniform(-0.7, 1.5, n)
    season = 1 + 0.3 * np.sin(2 * np.pi * np.arange(length) / 52.18)
    mean = level[:, None] * season
    noise = rng.gamma(4.0, 0.25, mean.shape)
    demand = rng.poisson(mean * noise)[:, :periods]
    held = np.maximum(np.ceil(level * stock), 1)[:, None]
    sold = np.minimum(demand, held)
    short = demand > held
    turned = rng.beta(sold + 1, np.maximum(demand - sold, 1))
    index = SeriesIndex(
        tuple(f"s{i:04d}" for i in range(skus)),
        tuple("abcdef"[:locations]),
        np.repeat(np.arange(skus), locations).astype(np.int32),
        np.tile(np.arange(locations), skus).astype(np.int32),
    )
    panel = DemandPanel(
        index=index,
        calendar=Calendar("week", np.datetime64("2022-01-03")),
        demand=sold.astype(np.float32),
        status=np.where(short, Status.CENSORED, Status.OBSERVED).astype(np.uint8),
        in_stock=np.where(short, turned, 1.0).astype(np.float32),
        covariates=nothing_known_ahead(length),
        launch=np.zeros(n, np.int32),
        attributes={"category": (index.sku % 5).astype(np.int32)},
    )
    return Shop(panel, mean)


@pytest.fixture(scope="session")
def shop() -> Shop:
    return make_shop()


@pytest.fixture(scope="session")
def shop_panel(shop: Shop) -> DemandPanel:
    return shop.panel


@pytest.fixture(scope="session")
def shop_mean(shop: Shop) -> np.ndarray:
    return shop.mean


@pytest.fixture(scope="session")
def scarce() -> tuple[DemandPanel, np.ndarray]:
    """A shop whose periods start with stock for 1.5 mean weeks only."""
    found = make_shop(seed=2, stock=1.5)
    return found.panel, found.mean
