"""Rooms small enough to walk a night in a blink: what is tested is the walk, not the rooms."""

import csv
import json
from hashlib import sha256
from types import SimpleNamespace

import numpy as np
import pandas as pd

from forecasting.drift import Drift
from forecasting.watch.report import DriftReport, DriftRow
from pipelines.assemble import Catalog, Situation
from pipelines.config import load_config
from pipelines.ingest.ingested import REJECTED_COLUMNS, Ingested, RowCount, Source
from stockwright.calendar import Calendar
from stockwright.errors import DataError, FitError, InfeasiblePlanError
from stockwright.forecast import Forecast
from stockwright.overrides import Overrides
from stockwright.panel import Covariates, DemandPanel, SeriesIndex
from stockwright.stock import StockPosition

PERIODS, HORIZON = 8, 4


class SmallRooms:
    """Sales of ``sales.csv`` (sku, units); SKUs named after a fault make that fault happen.

    "shifted" is in alert from the second night on.
    """

    def __init__(self):
        self.calls = []

    def configure(self, path, folder, as_of):
        return load_config(path, folder)

    def tables(self):
        return frozenset({"sales"})

    def read(self, source, config, as_of):
        self.calls.append("read")
        path = f"{source}/sales.csv"
        sales = pd.read_csv(path, dtype={"sku": "str"})
        if "bad" in set(sales["sku"]):
            raise DataError("a bad row")
        with open(path, "rb") as file:
            digest = sha256(file.read()).hexdigest()
        return Ingested(
            as_of=as_of,
            tables={"sales": sales},
            given=frozenset({"sales"}),
            rejected=pd.DataFrame(columns=REJECTED_COLUMNS),
            notes=("a note",),
            findings=pd.DataFrame(),
            sources=(Source("sales", "sales.csv", digest, len(sales)),),
            rows=(RowCount("sales", len(sales), len(sales), 0, 0, 0),),
        )

    def assemble(self, ingested, config, as_of, nights, snapshots):
        self.calls.append(f"panel after {len(nights)} nights, {len(snapshots)} snapshots")
        sales = ingested.tables["sales"].sort_values("sku")
        n = len(sales)
        demand = np.repeat(sales[["units"]].to_numpy(np.float32), PERIODS, axis=1)
        wide = (1, PERIODS + HORIZON)
        texts = np.full(n, "", object)
        ends = np.where(sales["sku"] == "ending", PERIODS, 1 << 40)
        return Situation(
            as_of=as_of,
            panel=DemandPanel(
                index=SeriesIndex(tuple(sales["sku"]), ("shop",), np.arange(n), np.zeros(n)),
                calendar=Calendar("day", as_of - np.timedelta64(PERIODS - 1, "D")),
                demand=demand,
                status=np.zeros(demand.shape),
                in_stock=np.ones(demand.shape),
                covariates=Covariates(*(np.zeros(wide, kind) for kind in ("f4", "f4", "i2", "i2"))),
                launch=np.zeros(n),
                attributes={"category": np.zeros(n)},
            ),
            network=SimpleNamespace(items=SimpleNamespace(ends=ends)),
            stock=StockPosition(
                np.arange(n), np.zeros(n), np.full(n, np.nan), np.full(n, True), [], [], []
            ),
            catalog=Catalog(texts, texts, texts, texts, texts, texts, texts, texts),
            overrides=Overrides.none(n, HORIZON),
            findings=(),
            notes=("another note",),
            mean_stock=None,
            previous_decisions=pd.DataFrame(),
        )

    def watch(self, situation, ingested, config, earlier):
        if "unwatched" in situation.panel.index.skus:
            raise ValueError("no number")
        alert = "alert" if "shifted" in situation.panel.index.skus and earlier else "none"
        fallen = np.isin(situation.panel.index.sku_names(), ["fallen"])
        numbers = (0.5, 0.4, 0.6, 0.0, 5.0)
        since = np.datetime64(earlier[1].name[:10] if earlier[1:] else situation.as_of)
        nights = max(len(earlier), 1)
        row = DriftRow("all", "all", "bias", *numbers, 7, alert, nights, fallen.any(), since=since)
        return DriftReport((row,), fallen if fallen.any() else np.zeros(0, np.bool_))

    def fit(self, situation, config):
        self.calls.append("fit")
        if "nofit" in situation.panel.index.skus:
            raise FitError("nothing to learn from")
        return str(situation.as_of).encode()

    def substitute(self, situation, config):
        return b"plain"

    def drift(self, content, fitted_on, situation, config):
        self.calls.append(f"held {content.decode()} against the nights since")
        if "unchecked" in situation.panel.index.skus:
            raise FitError("no number")
        if "drifting" not in situation.panel.index.skus:
            return Drift(1.0, 0.01, 101.0, 100.0, 3)
        return Drift(5.0, 0.5, 150.0, 100.0, 3)

    def staircase(self, content):
        return ()

    def predictor(self, content, panel):
        self.calls.append(f"forecast by {content.decode()}")

        def predict(panel):
            if "broken" in panel.index.sku_names():
                raise ValueError("no number")
            return Forecast.certain(panel.index, panel.origin, panel.demand[:, -HORIZON:])

        return predict

    def plan(self, situation, forecast, config):
        self.calls.append("plan")
        if "frozen" in situation.panel.index.skus:
            raise InfeasiblePlanError("a frozen line breaks the budget")
        return forecast.mean.sum(axis=1)

    def write(
        self, folder, ingested, situation, forecast, plan, config, earlier, substitutes, stairs
    ):
        with (folder / "orders.csv").open("w", encoding="utf-8-sig", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["line_id", "sku", "units"])
            for sku, units in zip(situation.panel.index.skus, plan, strict=True):
                rows.writerow([f"{situation.as_of}-{sku}", sku, float(units)])
        findings = [[finding.code, finding.series] for finding in situation.findings]
        summary = {
            "earlier": [path.name[:10] for path in earlier],
            "findings": findings,
            "substitutes": [finding.code for finding in substitutes],
        }
        (folder / "summary.json").write_text(json.dumps(summary))

    def audit(self, folder, situation):
        if "wrong" in (folder / "orders.csv").read_text():
            raise DataError("the files do not agree")
