"""policy.parquet and policy.csv: how each key is steered, and how it has done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.publish.accuracy import JUDGED_DAYS, accuracy
from pipelines.publish.cells import Table, money, rounded
from pipelines.publish.decisions import decisions
from pipelines.publish.night import Night
from stockwright.panel import DemandPanel, Status

#: Days of one half of the trend: the last eight weeks against the eight before.
TREND_DAYS = 56
#: The trend must be this strong, and this many standard errors (of counts) from none.
GROWTH, DECLINE, STANDARD_ERRORS = 1.25, 0.8, 2.0


def policy_table(night: Night, earlier: Sequence[Path]) -> Table:
    """The rows of the policy files, one for each key, sorted by SKU and location."""
    policy, catalog, days = night.plan.policy, night.situation.catalog, night.days
    series = np.arange(night.index.n_series)
    bias, wape = accuracy(
        night.situation.panel, night.situation.as_of, earlier, night.situation.sold
    )
    sources = np.append(night.situation.lane_sources(), "")
    return {
        "sku": night.skus(series),
        "location": night.locations(series),
        "abc_xyz": np.asarray(catalog.abc_xyz, object),
        "life_stage": life_stages(night.situation.panel, catalog.life_stage),
        **_steering(night),
        "cover_days": rounded(policy.cover_before * days, 1),
        "bias_8w": rounded(bias),
        "wape_8w": rounded(wape),
        "stockout_days_8w": rounded(stockout_days(night.situation.panel), 2),
        "available": rounded(night.situation.stock.on_hand),
        "inbound_units": rounded(night.situation.stock.on_order()),
        "position": rounded(policy.position),
        "feeds": np.where(night.feeds(), "yes", "no").astype(object),
        "stock_at_arrival": rounded(np.where(policy.lane >= 0, policy.stock_at_arrival, np.nan)),
        "stockout_date": night.dates_of_steps(policy.stockout_step),
        "money_at_risk": money(policy.money_at_risk),
        "source": sources[policy.lane],
        "decision": decisions(night),
    }


def _steering(night: Night) -> Table:
    """Levels, days and demand; empty for a key without a lane, which nothing steers."""
    policy, days = night.plan.policy, night.days
    columns: Table = {
        "service_level": policy.service_level,
        "safety_stock": policy.safety_stock,
        "reorder_point": policy.reorder_point,
        "order_up_to": policy.order_up_to,
        "review_days": policy.review * days,
        "lead_time_days": policy.lead_time * days,
        "protection_days": policy.protection * days,
        "demand_mean": policy.demand_mean,
        "demand_q50": policy.demand_q50,
        "demand_q90": policy.demand_q90,
        "demand_q95": policy.demand_q95,
    }
    steered = policy.lane >= 0
    return {name: rounded(np.where(steered, each, np.nan)) for name, each in columns.items()}


def write_policy_parquet(path: Path, table: Table) -> Path:
    """Write the rows as Parquet: the same values as in policy.csv, an empty cell as null."""
    columns = {
        name: pa.array(column, pa.date32() if column.dtype.kind == "M" else None, from_pandas=True)
        for name, column in table.items()
    }
    pq.write_table(pa.table(columns), path, compression="zstd", store_schema=False)
    return path


def stockout_days(panel: DemandPanel) -> NDArray[np.float64]:
    """Days of the last eight weeks out of stock while on sale, (series,), parts of days count."""
    recent = slice(max(panel.n_periods - JUDGED_DAYS // panel.calendar.days, 0), panel.n_periods)
    on_sale = panel.status[:, recent] <= Status.CENSORED
    missing = np.where(on_sale, 1.0 - panel.in_stock[:, recent].astype(np.float64), 0.0)
    return np.asarray(missing.sum(axis=1) * panel.calendar.days)


def life_stages(panel: DemandPanel, stages: NDArray[np.object_]) -> NDArray[np.object_]:
    """The catalog's stage, with "new" said as introduction and "regular" split by its trend.

    Growth and decline: mean demand of an in-stock period in the last eight weeks against the eight
    before is at least 1.25, or at most 0.8, and the difference of the two counts is at least two
    standard errors, sqrt(a + b) for Poisson counts a and b. Anything else is maturity.
    """
    width = max(TREND_DAYS // panel.calendar.days, 1)
    late, late_time = _in_stock_sums(panel, panel.n_periods - width, panel.n_periods)
    early, early_time = _in_stock_sums(panel, panel.n_periods - 2 * width, panel.n_periods - width)
    comparable = (late_time > 0) & (early_time > 0)
    expected = early * np.divide(late_time, early_time, out=np.ones_like(late), where=comparable)
    comparable &= late + expected > 0
    clear = comparable & (np.abs(late - expected) >= STANDARD_ERRORS * np.sqrt(late + expected))
    trend = np.full(len(late), "maturity", dtype=object)
    trend[clear & (late >= GROWTH * expected)] = "growth"
    trend[clear & (late <= DECLINE * expected)] = "decline"
    named = np.asarray(stages, object)
    return np.where(named == "regular", trend, np.where(named == "new", "introduction", named))


def _in_stock_sums(
    panel: DemandPanel, start: int, stop: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Units sold in, and number of, the in-stock periods start ... stop - 1; (series,) each."""
    span = slice(max(start, 0), max(stop, 0))
    observed = panel.status[:, span] == Status.OBSERVED
    sold = np.where(observed, panel.demand[:, span].astype(np.float64), 0.0).sum(axis=1)
    return sold, observed.sum(axis=1).astype(np.float64)
