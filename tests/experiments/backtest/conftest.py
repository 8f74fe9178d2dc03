"""A small shop, and what its nights forecast."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experiments.backtest.night import Made, forecast_night
from experiments.backtest.outcome import Outcome
from experiments.shop import Shop
from pipelines.demo import write_demo

CONFIG = 'period = "day"\nhorizon = 14\n[model]\ntrees = 8\n'
ORIGIN = np.datetime64("2025-10-05")
END = np.datetime64("2025-10-26")


@pytest.fixture(scope="session")
def small_shop(tmp_path_factory) -> Path:
    """A demo shop of 12 SKUs and 120 days, seed 3, with few trees."""
    folder = tmp_path_factory.mktemp("small") / "shop"
    write_demo(folder, skus=12, days=120, seed=3)
    (folder / "stockwright.toml").write_text(CONFIG)
    return folder


@pytest.fixture(scope="session")
def shop(small_shop: Path) -> Shop:
    return Shop.open(str(small_shop))


@pytest.fixture(scope="session")
def made(shop: Shop) -> Made:
    return forecast_night(shop, ORIGIN, None)


@pytest.fixture(scope="session")
def outcome(shop: Shop) -> Outcome:
    return Outcome.of(shop.situation(END))
