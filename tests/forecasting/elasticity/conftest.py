"""Shops with known elasticities."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from stockwright.calendar import Calendar
from stockwright.panel import Covariates, DemandPanel, SeriesIndex, Status

MakeShop = Callable[..., DemandPanel]


def weekly_shock(rng: np.random.Generator, n: int, periods: int, sd: float) -> np.ndarray:
    """A multiplicative noise of mean 1 that stays for seven periods, (n, periods)."""
    drawn = rng.normal(size=(n, periods // 7 + 1))
    return np.repeat(np.exp(sd * drawn - sd**2 / 2), 7, axis=1)[:, :periods]


def cuts(rng: np.random.Generator, n: int, periods: int) -> np.ndarray:
    """Price cuts of 10 to 30 % for ten days, in every third month of a SKU."""
    depth = rng.choice(
        [0.0, 0.1, 0.2, 0.3], p=[0.67, 0.11, 0.11, 0.11], size=(n, periods // 30 + 1)
    )
    return np.repeat(depth, 30, axis=1)[:, :periods] * (np.arange(periods) % 30 < 10)


def panel_of(demand: np.ndarray, discount: np.ndarray, locations: int) -> DemandPanel:
    """A panel of SKUs in ``locations`` each, always in stock, in four categories."""
    n, periods = demand.shape
    sku, flat = np.arange(n) // locations, np.zeros((1, periods))
    return DemandPanel(
        index=SeriesIndex(
            tuple(f"s{i:05d}" for i in range(n // locations)),
            tuple(f"w{i}" for i in range(locations)),
            sku.astype(np.int32),
            (np.arange(n) % locations).astype(np.int32),
        ),
        calendar=Calendar("day", np.datetime64("2023-01-02")),
        demand=demand.astype(np.float32),
        status=np.full(demand.shape, Status.OBSERVED, np.uint8),
        in_stock=np.ones(demand.shape, np.float32),
        covariates=Covariates(
            price=np.full((1, periods), np.nan, np.float32),
            discount=discount.astype(np.float32),
            event=flat.astype(np.int16),
            phase=flat.astype(np.int16),
            event_names=("sale",),
            phase_names=("burst",),
        ),
        launch=np.zeros(n, np.int32),
        attributes={"category_1": (sku % 4).astype(np.int32)},
    )


@pytest.fixture
def make_shop() -> MakeShop:
    def build(
        elasticity: np.ndarray,
        locations: int = 2,
        periods: int = 546,
        level: float = 2.0,
        shock: float = 0.2,
        seed: int = 1,
        cut: np.ndarray | None = None,
    ) -> DemandPanel:
        """Negative binomial demand (dispersion 2) of SKUs that share cuts over locations."""
        rng = np.random.default_rng(seed)
        skus = len(elasticity)
        sku = np.repeat(np.arange(skus), locations)
        discount = (cuts(rng, skus, periods) if cut is None else cut)[sku].astype(np.float32)
        mean = level * (1 - discount) ** -elasticity[sku][:, None]
        mean = mean * weekly_shock(rng, len(sku), periods, shock)
        return panel_of(rng.negative_binomial(mean, 0.5), discount, locations)

    return build
