"""Study of the ordering rule on VN2 windows.

    STOCKWRIGHT_DATA=... python benchmarks/replenishment/vn2_policy.py

The forecast is a stand-in (the organisers' seasonal mean with a fitted negative binomial
scatter), so that what is measured is the ordering rule; ``--model`` takes the engine's own forecast
and sets the classical formula beside the plan. The last 48 weeks are looked at with ``--report`` only.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks"), str(ROOT / "examples" / "vn2")]

from convert import Shop, read_shop  # noqa: E402
from panels import vn2_panel  # noqa: E402
from vn2_rules import (  # noqa: E402
    HOLDING,
    LEAD_TIME,
    SHORTAGE,
    BenchmarkPolicy,
    Policy,
    play_round,
    ratio_interval,
    windows,
)

from forecasting.model import FittedModel, fit  # noqa: E402
from forecasting.params import ModelParams  # noqa: E402
from replenishment import PlanParams, plan_night  # noqa: E402
from stockwright.forecast import Forecast  # noqa: E402
from stockwright.network import (  # noqa: E402
    ItemTerms,
    LaneKind,
    Lanes,
    LocationKind,
    Locations,
    Network,
    Suppliers,
)
from stockwright.panel import SeriesIndex, Status  # noqa: E402
from stockwright.stock import StockPosition  # noqa: E402

Floats = NDArray[np.float64]
REVIEW, HORIZON = 1, 4
SCATTER_WEEKS, SIGMA_WEEKS = 15, 26


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--paths", type=int, default=256)
    parser.add_argument("--model", action="store_true", help="with the engine's own forecast")
    parser.add_argument("--report", action="store_true", help="over the report windows")
    call = parser.parse_args()
    shop = read_shop(Path(os.environ["STOCKWRIGHT_DATA"]) / "vn2")
    benchmark = BenchmarkPolicy(shop.sales, shop.in_stock, shop.weeks)
    rules = {
        "bare 3-week mean": bare_mean(benchmark),
        "critical level of 3 weeks": quantile_rule(benchmark),
        "plan_night": engine_rule(benchmark, call.paths),
    }
    if call.model:
        night = ModelRules(shop, call.paths)
        rules = {"plan_night, own forecast": night.plan, "z sigma, same forecast": night.formula}
    starts = windows(len(shop.weeks), report=call.report)
    for name, rule in rules.items():
        ratios = [compare(shop, benchmark, start, name, rule) for start in starts]
        print(f"{name}: mean ratio {np.mean(ratios):.4f}", flush=True)


def compare(shop: Shop, benchmark: BenchmarkPolicy, start: int, name: str, rule: Policy) -> float:
    """Print and return the cost of one window over the benchmark policy's."""
    theirs, counted = play_round(benchmark, start, benchmark)
    ours, _ = play_round(benchmark, start, rule)
    rng = np.random.default_rng(1)
    ratio, low, high = ratio_interval(ours[counted], theirs[counted], rng)
    print(f"  {name} from {shop.weeks[start]}: {ratio:.4f} [{low:.4f}, {high:.4f}]", flush=True)
    return ratio


def bare_mean(benchmark: BenchmarkPolicy) -> Policy:
    """Order up to the mean of the protection interval."""

    def order(week: int, stock: Floats, pipeline: Floats) -> Floats:
        mean = weekly_mean(benchmark, week)[:, : LEAD_TIME + REVIEW].sum(axis=1)
        return np.maximum(np.rint(mean - stock - pipeline.sum(axis=1)), 0.0)

    return order


def quantile_rule(benchmark: BenchmarkPolicy) -> Policy:
    """Order up to the critical quantile of the protection interval (nothing is lost)."""
    index = index_of(len(benchmark.sales))

    def order(week: int, stock: Floats, pipeline: Floats) -> Floats:
        total = stand_in(benchmark, index, week).total(1, LEAD_TIME + REVIEW)
        target = total.quantile(SHORTAGE / (SHORTAGE + HOLDING))
        return np.maximum(target - stock - pipeline.sum(axis=1), 0.0)

    return order


def engine_rule(benchmark: BenchmarkPolicy, paths: int) -> Policy:
    """The engine's own rule: ``plan_night``."""
    index = index_of(len(benchmark.sales))
    network = contest_network(index.n_series)

    def order(week: int, stock: Floats, pipeline: Floats) -> Floats:
        forecast = stand_in(benchmark, index, week)
        params = PlanParams(paths=paths)
        plan = plan_night(forecast, network, position(stock, pipeline), params)
        units = np.zeros(index.n_series)
        units[plan.orders.series] = plan.orders.units
        return units

    return order


class ModelRules:
    """Rules on the demand model, fitted anew before each window: one forecast a week for all."""

    def __init__(self, shop: Shop, paths: int) -> None:
        self.panel, self.paths = vn2_panel(), paths
        index = self.panel.index
        place = {key: row for row, key in enumerate(zip(shop.sku, shop.location, strict=True))}
        keys = zip(index.sku_names(), index.location_names(), strict=True)
        self.rows = np.array([place[key] for key in keys])
        self.network = contest_network(index.n_series, len(index.locations))
        self.params = replace(ModelParams.for_period("week", HORIZON), country="")
        self.starts = np.array(windows(len(shop.weeks), False) + windows(len(shop.weeks), True))
        self.fitted: dict[int, FittedModel] = {}
        self.made: dict[int, Forecast] = {}

    def forecast(self, week: int) -> Forecast:
        """The forecast after ``week``, of the model of its window."""
        window = int(np.searchsorted(self.starts, week + 1, side="right"))
        if week not in self.made:
            if window not in self.fitted:
                self.fitted[window] = fit(self.panel.until(week), self.params)
            past, model = self.panel.until(week), self.fitted[window]
            self.made[week] = model.predict(past, HORIZON, model.context(past))
        return self.made[week]

    def plan(self, week: int, stock: Floats, pipeline: Floats) -> Floats:
        """``plan_night``."""
        state = position(stock[self.rows], pipeline[self.rows])
        plan = plan_night(self.forecast(week), self.network, state, PlanParams(paths=self.paths))
        units = np.zeros(len(stock))
        units[self.rows[plan.orders.series]] = plan.orders.units
        return units

    def formula(self, week: int, stock: Floats, pipeline: Floats) -> Floats:
        """Order up to mean + z sigma sqrt(L + R), sigma of the weekly sales of half a year."""
        cover = LEAD_TIME + REVIEW
        past = self.panel.until(week)
        sales = past.demand[:, -SIGMA_WEEKS:].astype(np.float64)
        seen = past.status[:, -SIGMA_WEEKS:] == Status.OBSERVED
        mean = np.divide(sales.sum(axis=1, where=seen), seen.sum(axis=1).clip(1))
        square = np.where(seen, (sales - mean[:, None]) ** 2, 0.0).sum(axis=1)
        sigma = np.sqrt(square / np.maximum(seen.sum(axis=1) - 1, 1))
        z = stats.norm.ppf(SHORTAGE / (SHORTAGE + HOLDING))
        target = self.forecast(week).total(1, cover).mean + z * sigma * np.sqrt(cover)
        units, held = np.zeros(len(stock)), stock + pipeline.sum(axis=1)
        units[self.rows] = np.maximum(np.rint(target - held[self.rows]), 0.0)
        return units


def position(stock: Floats, pipeline: Floats) -> StockPosition:
    """Stock and pipeline as a night sees them."""
    series, step = np.nonzero(pipeline)
    n = len(stock)
    return StockPosition(
        on_hand=stock, reserved=np.zeros(n), age_days=np.full(n, np.nan),
        known=np.ones(n, np.bool_), arrival_series=series, arrival_step=step + 1,
        arrival_units=pipeline[series, step],
    )  # fmt: skip


def weekly_mean(benchmark: BenchmarkPolicy, week: int) -> Floats:
    """The organisers' seasonal mean of the next weeks, (series, HORIZON)."""
    season = benchmark.season(week)
    ahead = season[benchmark.iso[week + 1 : week + 1 + HORIZON]]
    return benchmark.target(week)[:, None] * ahead / ahead.sum()


def index_of(n: int) -> SeriesIndex:
    """The series as keys, each its own SKU."""
    names = tuple(f"{i:05d}" for i in range(n))
    return SeriesIndex(names, ("shop",), np.arange(n, dtype=np.int32), np.zeros(n, np.int32))


def stand_in(benchmark: BenchmarkPolicy, index: SeriesIndex, week: int) -> Forecast:
    """The seasonal mean with one scatter for all series, fitted to what it missed before."""
    linear, level = scatter(benchmark, week)
    full = np.ones(index.n_series)
    return Forecast(
        index=index,
        origin=week,
        mean=weekly_mean(benchmark, week).astype(np.float32),
        linear_dispersion=linear * full,
        step_variance=0 * full,
        level_variance=level * full,
        quantum=full,
        model=np.zeros(index.n_series, np.uint8),
    )


def scatter(benchmark: BenchmarkPolicy, week: int) -> tuple[float, float]:
    """Least squares of squared three-week misses on mean and squared mean, >= 1 and >= 0."""
    means, misses = [], []
    for origin in range(week - SCATTER_WEEKS, week - 2, 3):
        span = slice(origin + 1, origin + 4)
        clean = benchmark.in_stock[:, span].all(axis=1)
        mean = weekly_mean(benchmark, origin)[:, :3].sum(axis=1)
        means.append(mean[clean])
        misses.append((benchmark.sales[:, span].sum(axis=1) - mean)[clean] ** 2)
    m, e = np.concatenate(means), np.concatenate(misses)
    weight = 1 / np.maximum(m + 0.2 * m**2, 0.05)
    design = np.stack([m, m**2], axis=1)
    fit = np.linalg.lstsq(design * weight[:, None], e * weight, rcond=None)[0]
    return float(max(fit[0], 1.0)), float(max(fit[1], 0.0))


def contest_network(n: int, places: int = 1) -> Network:
    """The contest's terms: one lane per series, 0.2 to hold, 1.0 to miss."""
    full = np.ones(n)
    nothing = np.full(n, np.nan)
    return Network(
        Locations(
            kind=np.full(places, LocationKind.STORE), parent=np.full(places, -1),
            sells=np.ones(places, np.bool_), counts_stock=np.ones(places, np.bool_),
            inbound_capacity=np.full(places, np.inf), region=("",) * places, tier=("",) * places,
        ),
        Suppliers(("contest",), np.zeros(1), np.zeros(1), np.zeros(1)),
        Lanes(
            series=np.arange(n), kind=np.full(n, LaneKind.REGULAR), source=np.zeros(n),
            lead_time=LEAD_TIME * full, lead_time_sd=0 * full, review=REVIEW * full,
            open_tonight=np.ones(n, np.bool_),
            available_date=np.full(n, np.datetime64("2024-01-01")), moq=0 * full, multiple=full,
            unit_cost=full, unit_freight=0 * full, max_units=np.inf * full,
            priority=np.inf * full, break_start=np.zeros(n + 1), break_units=np.zeros(0),
            break_cost=np.zeros(0), supplier_sku=("",) * n,
        ),
        ItemTerms(
            unit_cost=full, price=2 * full, holding_cost=HOLDING * full,
            shortage_cost=SHORTAGE * full, order_unit=full, units_per_case=nothing,
            stock_mode=np.ones(n, np.bool_), ends=np.full(n, 2**40), service_level=nothing,
            fill_rate=nothing,
        ),
    )  # fmt: skip


if __name__ == "__main__":
    main()
