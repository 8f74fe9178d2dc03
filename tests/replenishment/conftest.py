"""A small shop for plans: keys, lanes and stock with plain numbers, changed at will."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from stockwright.forecast import Forecast
from stockwright.network import ItemTerms, LaneKind, Lanes, Locations, Network, Suppliers
from stockwright.panel import SeriesIndex
from stockwright.plan import Plan
from stockwright.stock import StockPosition

ORIGIN = 100
NO_END = 2**40


def index_of(skus: int, locations: tuple[str, ...] = ("shop",)) -> SeriesIndex:
    codes = np.arange(skus * len(locations))
    names = tuple(f"sku{i:05d}" for i in range(skus))
    return SeriesIndex(names, locations, codes // len(locations), codes % len(locations))


def forecast_of(index: SeriesIndex, mean: Any, horizon: int = 60, **scatter: Any) -> Forecast:
    """Poisson demand of ``mean`` per period unless ``scatter`` says otherwise."""
    n = index.n_series
    rate = np.asarray(mean, np.float64)
    wide = rate if rate.ndim == 2 else np.repeat(np.broadcast_to(rate, (n,))[:, None], horizon, 1)
    values = {"linear_dispersion": 1.0, "step_variance": 0.0, "level_variance": 0.0, "quantum": 1.0}
    arrays = {k: np.broadcast_to(np.float64(v), (n,)) for k, v in (values | scatter).items()}
    return Forecast(index, ORIGIN, wide, model=np.zeros(n, np.uint8), **arrays)


def stock_of(n: int, on_hand: Any = 0.0, arrivals: Any = ()) -> StockPosition:
    """arrivals: (series, step, units) triples."""
    table = np.array(arrivals, np.float64).reshape(-1, 3)
    return StockPosition(
        on_hand=np.broadcast_to(np.float64(on_hand), (n,)),
        reserved=np.zeros(n),
        age_days=np.full(n, np.nan),
        known=np.ones(n, np.bool_),
        arrival_series=table[:, 0].astype(np.int32),
        arrival_step=table[:, 1].astype(np.int32),
        arrival_units=table[:, 2],
    )


def lanes_of(n: int, **changes: Any) -> Lanes:
    """One regular lane per series from supplier 0: L = 2, R = 1, single units at 10 each."""
    m = len(changes.get("series", np.arange(n)))
    values: dict[str, Any] = {
        "series": np.arange(n), "kind": LaneKind.REGULAR, "source": 0, "lead_time": 2,
        "lead_time_sd": 0.0, "review": 1, "open_tonight": True,
        "available_date": np.datetime64("2026-01-01"), "moq": 0.0, "multiple": 1.0,
        "unit_cost": 10.0, "unit_freight": 0.0, "max_units": np.inf, "priority": np.inf,
    }  # fmt: skip
    breaks = {"break_start": np.zeros(m + 1), "break_units": (), "break_cost": ()}
    wide = {
        k: np.broadcast_to(np.asarray(v), (m,)) for k, v in (values | changes).items()
        if k not in breaks
    }  # fmt: skip
    breaks = {k: np.asarray(changes.get(k, v), np.float64) for k, v in breaks.items()}
    breaks["break_start"] = breaks["break_start"].astype(np.int64)
    return Lanes(**wide, **breaks, supplier_sku=("",) * m)


def items_of(n: int, **changes: Any) -> ItemTerms:
    values: dict[str, Any] = {
        "unit_cost": 10.0, "price": 15.0, "holding_cost": 1.0, "shortage_cost": 4.0,
        "order_unit": 1.0, "units_per_case": np.nan, "stock_mode": True, "ends": NO_END,
        "service_level": np.nan, "fill_rate": np.nan,
    }  # fmt: skip
    return ItemTerms(
        **{k: np.broadcast_to(np.asarray(v), (n,)) for k, v in (values | changes).items()}
    )


def network_of(index: SeriesIndex, lanes: Lanes | None = None, **changes: Any) -> Network:
    """changes: of items, or kind, sells, inbound_capacity of locations, or of suppliers."""
    n, places = index.n_series, len(index.locations)
    where = {
        "kind": 1,
        "parent": -1,
        "sells": True,
        "counts_stock": True,
        "inbound_capacity": np.inf,
    }
    local = {k: changes.pop(k, v) for k, v in where.items()}
    told = {"names": ("acme",), "min_order_value": 0.0, "min_order_units": 0.0, "fixed_cost": 0.0}
    told |= {k: changes.pop(k) for k in told if k in changes}
    m = len(told["names"])
    numbers = {k: np.broadcast_to(np.float64(v), (m,)) for k, v in told.items() if k != "names"}
    return Network(
        locations=Locations(
            **{k: np.broadcast_to(np.asarray(v), (places,)) for k, v in local.items()},
            region=("",) * places,
            tier=("",) * places,
        ),
        suppliers=Suppliers(told["names"], **numbers),
        lanes=lanes_of(n) if lanes is None else lanes,
        items=items_of(n, **changes),
    )


def units_of(plan: Plan, n: int = 4) -> NDArray[np.float64]:
    """Units that a plan orders for each of ``n`` series."""
    out = np.zeros(n)
    out[plan.orders.series] = plan.orders.units
    return out


def profit_of(rates: Any, margin: Any, loss: Any) -> Callable[[Any], float]:
    """Expected profit of units that serve one period of Poisson demand, a margin for each that is
    sold less a loss for each that is left; of choices, (series,) units each."""
    demand = np.arange(60)
    pmf = stats.poisson.pmf(demand, np.asarray(rates)[:, None])

    def profit(units: Any) -> float:
        held = np.asarray(units)[:, None]
        sold = np.minimum(demand, held)
        gain = np.asarray(margin)[:, None] * sold - np.broadcast_to(loss, len(pmf))[:, None] * (
            held - sold
        )
        return float((pmf * gain).sum())

    return profit


@pytest.fixture
def shop() -> Callable[..., Any]:
    """The builders above, as one object."""

    class Shop:
        index = staticmethod(index_of)
        forecast = staticmethod(forecast_of)
        stock = staticmethod(stock_of)
        lanes = staticmethod(lanes_of)
        items = staticmethod(items_of)
        network = staticmethod(network_of)
        units_of = staticmethod(units_of)
        profit_of = staticmethod(profit_of)
        origin = ORIGIN

    return Shop


@pytest.fixture(scope="session")
def known_answers() -> dict[str, Any]:
    """Published and computed answers by id: inputs, answer, relative tolerance."""
    root = os.environ.get("STOCKWRIGHT_DATA")
    path = Path(root).parent / "cases" / "inventory.csv" if root else None
    if path is None or not path.exists():
        pytest.skip("no known answers")
    with path.open(newline="", encoding="utf-8") as file:
        return {
            row["id"]: (
                json.loads(row["inputs"]),
                json.loads(row["answer"]),
                float(row["tolerance"]),
            )
            for row in csv.DictReader(file)
        }
