"""A shop of a few CSV tables, and nights of it through the command line."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from pipelines.demo import DEMO_LAST_DATE, write_demo
from planner.main import app

SUNDAY = "2026-11-22"
SKUS = ("00123", "123", "fan", "kettle", "lamp", "mug")
REGIONS = ("East", "West")
WEEKS = 30
CONFIG = 'period = "week"\n[model]\ntrees = 5\n'


@dataclass(frozen=True)
class Night:
    """What a planner has after a call: exit code, what was said, the published files.

    folder: the run's own, so that a later night of the same date does not change it.
    """

    code: int
    said: str
    folder: Path

    @property
    def message(self) -> str:
        """The text that follows "stockwright:" on stderr; empty where there is none."""
        return self.said.partition("\nstockwright: ")[2] or self.said.partition("stockwright: ")[2]

    def table(self, name: str) -> pd.DataFrame:
        """A published CSV file, all of its cells as text."""
        content = (self.folder / f"{name}.csv").read_bytes()
        return pd.read_csv(
            io.BytesIO(content), dtype="str", keep_default_na=False, encoding="utf-8-sig"
        )

    def units(self, name: str = "orders") -> dict[tuple[str, str], float]:
        """Units of each line by SKU and destination."""
        lines = self.table(name)
        keys = zip(lines["sku"], lines["destination"], strict=True)
        return dict(zip(keys, lines["units"].astype(float), strict=True))

    def codes(self, sku: str | None = None, location: str | None = None) -> set[str]:
        """Codes of the exceptions of a key, or of all."""
        found = self.table("exceptions")
        found = found[(found["sku"] == sku) | (sku is None)]
        return set(found[(found["location"] == location) | (location is None)]["code"])

    @property
    def summary(self) -> dict:
        return json.loads((self.folder / "summary.json").read_text("utf-8"))

    @property
    def rejected(self) -> list[tuple[str, ...]]:
        """File, row, column, value and reason of each row that was set aside."""
        frame = self.table("rejected_rows")[["file", "row", "column", "value", "reason"]]
        return [tuple(row) for row in frame.itertuples(index=False)]


class Shop:
    """A folder of CSV tables to be broken, and a folder of runs."""

    def __init__(self, folder: Path) -> None:
        self.data, self.out = folder / "data", folder / "runs"
        self.data.mkdir(parents=True)

    def write(self, name: str, content: str | bytes) -> Shop:
        data = content if isinstance(content, bytes) else content.encode()
        (self.data / name).write_bytes(data)
        return self

    def text(self, table: str) -> str:
        return (self.data / f"{table}.csv").read_text("utf-8")

    def append(self, table: str, *rows: str) -> Shop:
        return self.write(f"{table}.csv", self.text(table) + "".join(f"{row}\n" for row in rows))

    def change(self, table: str, old: str, new: str) -> Shop:
        """Replace the first occurrence of a text, which has to be there."""
        before, found, after = self.text(table).partition(old)
        if not found:
            raise ValueError(f"{table}.csv does not hold {old!r}")
        return self.write(f"{table}.csv", before + new + after)

    def configure(self, **settings: str) -> Shop:
        """Add keys to ``stockwright.toml``; a name with "__" is section and key."""
        text = CONFIG
        for name, value in settings.items():
            section, _, key = name.rpartition("__")
            if section == "model" or not section:
                mark = "[model]\n" if section else ""
                text = text.replace(mark, f"{mark}{key} = {value}\n", 1) if mark else text
                text = text if mark else f"{key} = {value}\n{text}"
            else:
                text += f"[{section}]\n{key} = {value}\n"
        return self.write("stockwright.toml", text)

    def night(self, date: str = SUNDAY, *words: str, data: str | None = None) -> Night:
        source = str(self.data) if data is None else data
        return self.call(
            "nightly",
            *("--data", source, "--date", date, "--out", str(self.out), "--workers", "1"),
            *words,
            date=date,
        )

    def call(self, *words: str, date: str = SUNDAY) -> Night:
        answer = CliRunner().invoke(app, list(words))
        return Night(answer.exit_code, answer.output, (self.out / date).resolve())

    def files(self, date: str = SUNDAY) -> dict[str, bytes]:
        """Bytes of each published file but the manifest."""
        folder = self.out / date
        names = sorted(p.name for p in folder.iterdir() if p.name != "manifest.json")
        return {name: (folder / name).read_bytes() for name in names}


def sundays(weeks: int) -> list[str]:
    return [str(np.datetime64(SUNDAY) - 7 * back) for back in range(weeks - 1, -1, -1)]


def small_tables() -> dict[str, str]:
    """Six SKUs in two regions that a central warehouse feeds; two suppliers feed that one."""
    units = np.random.default_rng(6).poisson(12.0, (WEEKS, len(SKUS), len(REGIONS)))
    sales = [
        f"{date},{sku},{place},{units[w, i, j]},{10 + i}"
        for w, date in enumerate(sundays(WEEKS))
        for i, sku in enumerate(SKUS)
        for j, place in enumerate(REGIONS)
    ]
    stock = [
        f"{sku},{place},{30 if place == 'Central' else 14}"
        for sku in SKUS
        for place in ("Central", *REGIONS)
    ]
    products = [f"{sku},{sku} name,home,{6 + i},{10 + i}" for i, sku in enumerate(SKUS)]
    lanes = [f"{'Acme' if i < 3 else 'Bolt'},Central,{sku},14" for i, sku in enumerate(SKUS)]
    lanes += [f"Central,{place},,3" for place in REGIONS]
    tables = {
        "sales": ("date,sku,location,units,price", sales),
        "inventory": ("sku,location,on_hand", stock),
        "products": ("sku,name,category,unit_cost,price", products),
        "locations": (
            "location,kind,parent,sells",
            ["Central,central,,no", "East,regional,Central,yes", "West,regional,Central,yes"],
        ),
        "suppliers": ("supplier,min_order_value", ["Acme,0", "Bolt,0"]),
        "lanes": ("source,destination,sku,lead_time_days", lanes),
    }
    return {name: "\n".join([header, *rows]) + "\n" for name, (header, rows) in tables.items()}


@pytest.fixture
def bare(tmp_path: Path) -> Shop:
    """A weekly shop without any table yet."""
    return Shop(tmp_path).configure()


@pytest.fixture
def shop(bare: Shop) -> Shop:
    """The small weekly shop, sound."""
    for name, content in small_tables().items():
        bare.write(f"{name}.csv", content)
    return bare


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo shop of 30 SKUs; to be copied, not to be changed."""
    folder = tmp_path_factory.mktemp("demo") / "shop"
    write_demo(folder, skus=30, days=400, seed=4)
    return folder


@pytest.fixture(scope="session")
def demo_date() -> str:
    return str(DEMO_LAST_DATE)
