import importlib.util
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.night.night import run_night
from pipelines.night.request import NightRequest
from stockwright.errors import FitError
from stockwright.forecast import Forecast

HERE = Path(__file__).resolve().parent


def load(name):
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def small_rooms():
    return load("small_rooms").SmallRooms


@pytest.fixture
def tuned_rooms(small_rooms):
    """Rooms whose model multiplies demand by ``trees``; SKUs up to "d" are shoes."""

    class Tuned(small_rooms):
        def assemble(self, *given):
            found = super().assemble(*given)
            skus = found.panel.index.skus
            kinds = ["Shoes/Boots" if sku <= "d" else "Bags" for sku in skus]
            catalog = replace(found.catalog, category=np.array(kinds, object))
            return replace(found, catalog=catalog)

        def fit(self, situation, config):
            self.calls.append(f"fit {config.model.trees}")
            if config.model.trees == 13:
                raise FitError("thirteen trees never grow")
            return str(config.model.trees).encode()

        def substitute(self, situation, config):
            return b"0"

        def predictor(self, content, panel):
            factor = float(content.decode())
            return lambda block: Forecast.certain(
                block.index, block.origin, block.demand[:, -4:] * factor
            )

    return Tuned


@pytest.fixture
def shop(tmp_path):
    """A folder of runs and one of tables, with SKUs of given names."""
    return Shop(tmp_path)


class Shop:
    def __init__(self, folder):
        self.data, self.out = folder / "data", folder / "runs"
        self.data.mkdir()
        self.sell("a", "b", "c")

    def sell(self, *skus, units=2):
        rows = "".join(f"{sku},{units}\n" for sku in skus)
        (self.data / "sales.csv").write_text("sku,units\n" + rows)

    def night(self, rooms, date="2026-11-21", observe=lambda event: None, **options):
        day = np.datetime64(date, "D")
        options = {"workers": 1} | options
        request = NightRequest(str(self.data), day, self.out, **options)
        return run_night(request, observe, rooms)

    def process(self, *words, date="2026-11-21"):
        script = [sys.executable, HERE / "walk_and_die.py", self.data, date, self.out, *words]
        return subprocess.Popen(
            [str(word) for word in script],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(HERE.parents[2])},
        )

    def walk(self, *words, date="2026-11-21"):
        process = self.process(*words, date=date)
        said, _ = process.communicate(timeout=120)
        return process.returncode, said.splitlines()

    def files(self, link="latest"):
        """Bytes of each published file but the manifest."""
        folder = self.out / link
        names = sorted(p.name for p in folder.iterdir() if p.name != "manifest.json")
        return {name: (folder / name).read_bytes() for name in names}
