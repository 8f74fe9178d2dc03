"""A small night of four SKUs at three locations with awkward names, planned by simple rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.assemble.situation import Catalog, Situation
from pipelines.config import Config
from pipelines.ingest.ingested import FINDING_COLUMNS, REJECTED_COLUMNS, Ingested
from pipelines.ingest.schema import TABLES
from pipelines.ingest.table import empty_frame
from pipelines.publish.night import Night
from pipelines.publish.texts import load_texts
from pipelines.publish.write import write_outputs
from stockwright.calendar import Calendar
from stockwright.forecast import Forecast
from stockwright.network import ItemTerms, Lanes, Locations, Network, Suppliers
from stockwright.overrides import Overrides
from stockwright.panel import Covariates, DemandPanel, SeriesIndex
from stockwright.plan import Finding, Lines, Plan, Policy
from stockwright.stock import StockPosition

AS_OF = np.datetime64("2026-11-21", "D")
SKUS = ("00123", "123", "=cmd()", "短袖👕")
LOCATIONS = ("CENTRAL", "EAST", "西仓")
SUPPLIER = "+86 厂|A"
PERIODS, HORIZON, LEAD_TIME, REVIEW = 120, 35, 5, 2
N = len(SKUS) * len(LOCATIONS)


def index() -> SeriesIndex:
    series = np.arange(N)
    return SeriesIndex(SKUS, LOCATIONS, series // len(LOCATIONS), series % len(LOCATIONS))


def central() -> np.ndarray:
    return np.arange(N) % len(LOCATIONS) == 0


def panel(origin: int = PERIODS - 1) -> DemandPanel:
    """History up to AS_OF; a shorter one is the same history cut."""
    rng = np.random.default_rng(7)
    shape = (N, PERIODS)
    demand = np.where(central()[:, None], 0, rng.poisson(3.0, shape)).astype(np.float32)
    status = np.zeros(shape, np.uint8)
    in_stock = np.ones(shape, np.float32)
    status[1, 100:104], in_stock[1, 100:104], demand[1, 100:104] = 1, 0.25, 0.0
    event = np.zeros((1, PERIODS + HORIZON), np.int16)
    event[0, PERIODS + 3 : PERIODS + 6] = 1
    flat = np.zeros((1, PERIODS + HORIZON), np.float32)
    covariates = Covariates(flat + 20, flat, event, np.zeros_like(event), ("double12",))
    start = AS_OF - np.timedelta64(PERIODS - 1, "D")
    launch = np.zeros(N, np.int32)
    whole = DemandPanel(
        index(), Calendar("day", start), demand, status, in_stock, covariates, launch
    )
    return whole.until(origin)


def forecast(origin: int = PERIODS - 1) -> Forecast:
    mean = np.where(central()[:, None], 0.0, 3.0) * np.ones((1, HORIZON))
    mean[:, 3:6] *= 2.5
    return Forecast(
        index=index(),
        origin=origin,
        mean=mean.astype(np.float32),
        linear_dispersion=np.full(N, 1.2),
        step_variance=np.full(N, 0.1),
        level_variance=np.full(N, 0.05),
        quantum=np.ones(N),
        model=np.zeros(N, np.uint8),
        model_names=("global",),
    )


def lanes(as_of: np.datetime64) -> Lanes:
    """One lane per key: the supplier feeds the central warehouse, which feeds the others."""
    transfer = ~central()
    days = np.where(transfer, 2, LEAD_TIME)
    return Lanes(
        series=np.arange(N),
        kind=transfer.astype(np.uint8),
        source=np.zeros(N),
        lead_time=days,
        lead_time_sd=np.zeros(N),
        review=np.full(N, REVIEW),
        open_tonight=np.ones(N, np.bool_),
        available_date=as_of + (1 + days).astype("timedelta64[D]"),
        moq=np.where(transfer, 0.0, 24.0),
        multiple=np.where(transfer, 1.0, 12.0),
        unit_cost=np.where(transfer, 0.0, 9.37),
        unit_freight=np.where(transfer, 0.35, 0.0),
        max_units=np.full(N, np.inf),
        priority=np.full(N, np.inf),
        break_start=np.zeros(N + 1, np.int64),
        break_units=np.zeros(0),
        break_cost=np.zeros(0),
        supplier_sku=("",) * N,
    )


def network(as_of: np.datetime64 = AS_OF) -> Network:
    nan, ones, three = np.full(N, np.nan), np.ones(N), len(LOCATIONS)
    locations = Locations(
        kind=np.minimum(np.arange(three), 1),
        parent=np.where(np.arange(three) > 0, 0, -1),
        sells=np.arange(three) > 0,
        counts_stock=np.ones(three, np.bool_),
        inbound_capacity=np.full(three, np.inf),
        region=("",) * three,
        tier=("",) * three,
    )
    suppliers = Suppliers((SUPPLIER,), np.zeros(1), np.zeros(1), np.zeros(1))
    items = ItemTerms(
        unit_cost=ones * 9.37,
        price=ones * 20,
        holding_cost=ones * 0.01,
        shortage_cost=ones * 10.63,
        order_unit=ones,
        units_per_case=np.where(np.arange(N) < 6, 12.0, np.nan),
        stock_mode=np.ones(N, np.bool_),
        ends=np.full(N, 10_000),
        service_level=nan,
        fill_rate=nan,
    )
    return Network(locations, suppliers, lanes(as_of), items)


def held() -> np.ndarray:
    return np.where(central(), 60.0, 0.0) + np.arange(N) * 1.0


def situation(as_of: np.datetime64 = AS_OF) -> Situation:
    origin = PERIODS - 1 - int((AS_OF - as_of).astype(int))
    stock = StockPosition(
        on_hand=held(),
        reserved=np.zeros(N),
        age_days=np.full(N, np.nan),
        known=np.ones(N, np.bool_),
        arrival_series=np.array([0, 1]),
        arrival_step=np.array([2, 4]),
        arrival_units=np.array([24.0, 6.0]),
    )
    texts = np.array(["棉袜", 'Socks, "long"\r\nwool', "=1+1", "短袖👕"], dtype=object)
    catalog = Catalog(
        sku_name=texts,
        category=np.array([""] * 4, dtype=object),
        brand=np.array([""] * 4, dtype=object),
        planner=np.array(["李雷", "", "@ann", "李雷"], dtype=object),
        abc_xyz=np.array(["AX"] * N, dtype=object),
        life_stage=np.array(["regular"] * (N - 1) + ["new"], dtype=object),
        first_sale=np.full(N, AS_OF - 100),
        last_sale=np.full(N, AS_OF),
    )
    negative = {"sku": "00123", "location": "EAST", "units": -3.0}
    columns = ["line_id", "sku", "destination", "kind", "status", "units", "by", "at", "reason"]
    return Situation(
        as_of=as_of,
        panel=panel(origin),
        network=network(as_of),
        stock=stock,
        catalog=catalog,
        overrides=Overrides.none(N, HORIZON),
        findings=(Finding("NEGATIVE_STOCK", "high", 1, 0.0, negative),),
        notes=("no products table: costs are assumed",),
        mean_stock=None,
        previous_decisions=pd.DataFrame(columns=columns, dtype="str"),
    )


def lines(base: Policy, series: np.ndarray, multiple: int, price: float) -> Lines:
    """Order up to the target, rounded up; every second line cut by one multiple."""
    need = (base.order_up_to - base.stock_at_arrival)[series]
    whole = np.ceil(need / multiple) * multiple
    cut = np.where(np.arange(len(series)) % 2 == 1, multiple, 0.0)
    units = whole - cut
    arrays = {
        name: np.asarray(getattr(base, name))[series]
        for name in ("stock_at_arrival", "demand_mean", "money_at_risk", "stockout_step")
    }
    return Lines(
        series=series.astype(np.int32),
        lane=base.lane[series],
        units=units,
        unit_cost=np.full(len(series), price if multiple > 1 else 9.37),
        value=units * price,
        reason=np.full(len(series), "BELOW_TARGET", dtype=object),
        binding=np.where(cut > 0, "BUDGET", "").astype(object),
        available=held()[series],
        inbound=np.bincount([0, 1], [24.0, 6.0], minlength=N)[series],
        demand_bought=base.demand_q95[series],
        target=(held() + np.bincount([0, 1], [24.0, 6.0], minlength=N))[series] + need,
        need=need,
        yield_added=np.zeros(len(need)),
        rounding_added=whole - need,
        limit_cut=cut,
        cover_before=base.cover_before[series],
        cover_after=np.where(np.arange(len(series)) == 0, np.inf, 9.5),
        **arrays,
    )


def plan(empty: bool = False) -> Plan:
    lead_time = np.where(central(), LEAD_TIME, 2)
    total = forecast().total(1, lead_time + REVIEW)
    mean = np.where(central(), 60.0, total.mean)
    base = Policy(
        lane=np.arange(N),
        lead_time=lead_time,
        review=np.full(N, REVIEW),
        protection=lead_time + REVIEW,
        service_level=np.full(N, 0.95),
        safety_stock=np.full(N, 4.0),
        reorder_point=mean + 1.5,
        order_up_to=mean + 4.0,
        demand_mean=mean,
        demand_q50=mean,
        demand_q90=mean + 3,
        demand_q95=mean + 4,
        stock_at_arrival=np.arange(N) / 3,
        position=held() + np.bincount([0, 1], [24.0, 6.0], minlength=N),
        cover_before=np.arange(N) / 2,
        stockout_step=np.where(np.arange(N) % 4 == 1, 1, 0),
        money_at_risk=np.arange(N) * 11.115,
    )
    buys = np.flatnonzero(central()) if not empty else np.zeros(0, np.int64)
    moves = np.array([1, 2, 5]) if not empty else np.zeros(0, np.int64)
    orders, transfers = lines(base, buys, 12, 9.37), lines(base, moves, 1, 0.35)
    return Plan(base, orders, transfers, (), {"budget_price": 0.25})


def ingested() -> Ingested:
    rejected = pd.DataFrame(
        [("sales", "sales.csv", 17, "units", "=SUM(A1)", "text in a number")],
        columns=list(REJECTED_COLUMNS),
    )
    findings = pd.DataFrame(
        [("STALE_STOCK", "medium", "123", "西仓", 9.0, "", np.nan)], columns=list(FINDING_COLUMNS)
    )
    return Ingested(
        as_of=AS_OF,
        tables={name: empty_frame(TABLES[name]) for name in ("inventory", "events", "channels")},
        given=frozenset({"sales", "inventory"}),
        rejected=rejected,
        notes=("1 row set aside",),
        findings=findings,
        sources=(),
        rows=(),
    )


Publish = Callable[..., Path]


@dataclass(frozen=True)
class Parts:
    """The parts of the small night, for tests that replace some of them."""

    as_of: np.datetime64
    situation: Situation
    forecast: Forecast
    plan: Plan
    empty_plan: Plan
    ingested: Ingested

    def night(self, **other: Any) -> Night:
        """The small night, ready to publish."""
        given = {
            "situation": self.situation,
            "forecast": self.forecast,
            "plan": self.plan,
            "texts": load_texts("en"),
            "previous": None,
        }
        return Night(**(given | other))


@pytest.fixture
def parts() -> Parts:
    """The small night in parts."""
    return Parts(AS_OF, situation(), forecast(), plan(), plan(empty=True), ingested())


@pytest.fixture
def publish(tmp_path: Path) -> Publish:
    """Publish the small night into a folder of a name, with parts of it replaced."""

    def run(name: str = "run", **parts: Any) -> Path:
        as_of = parts.pop("as_of", AS_OF)
        language = parts.pop("language", "en")
        config = Config.model_validate({"output": {"language": language}})
        origin = PERIODS - 1 - int((AS_OF - as_of).astype(int))
        given = {
            "situation": situation(as_of),
            "forecast": replace(forecast(), origin=origin),
            "plan": plan(),
            "ingested": ingested(),
            "config": config,
            "as_of": as_of,
            "previous": None,
        }
        write_outputs(tmp_path / name, **(given | parts))
        return tmp_path / name

    return run
