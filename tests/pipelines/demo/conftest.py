"""One small shop for all tests of the demo, in memory and on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.demo import DemoParams, write_demo
from pipelines.demo.write import Shop, make_shop

SKUS, DAYS, SEED = 150, 400, 3


@pytest.fixture(scope="session")
def shop() -> Shop:
    return make_shop(SKUS, DAYS, SEED, DemoParams())


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("demo") / "shop"
    write_demo(place, SKUS, DAYS, SEED)
    return place
