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
from stockwright.life import LifeStages
from stockwright.panel import DemandPanel, Status

# Weeks since a launch that lies before the history are not known.
_LONG_AGO = 10_000.0


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
        **_life(night),
        **_steering(night),
        "cover_days": rounded(policy.cover_before * days, 1),
        "bias_8w": rounded(bias),
        "wape_8w": rounded(wape),
        "stockout_days_8w": rounded(stockout_days(night.situation.panel), 2),
        "available": rounded(night.stock().on_hand),
        "inbound_units": rounded(night.situation.stock.on_order()),
        "returns_expected": rounded(_returns_expected(night)),
        "position": rounded(policy.position),
        "feeds": np.where(night.feeds(), "yes", "no").astype(object),
        "stock_at_arrival": rounded(np.where(policy.lane >= 0, policy.stock_at_arrival, np.nan)),
        "stockout_date": night.dates_of_steps(policy.stockout_step),
        "money_at_risk": money(policy.money_at_risk),
        "source": sources[policy.lane],
        "decision": decisions(night),
        **_evidence(night),
        "category": np.asarray(catalog.category, object)[night.index.sku],
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


def _returns_expected(night: Night) -> NDArray[np.float64]:
    """(series,): units that customers are expected to send back in the protection interval."""
    units = night.situation.returns.units(night.forecast)
    inside = np.arange(units.shape[1]) < night.plan.policy.protection[:, None]
    return np.asarray(np.where(inside, units, 0.0).sum(axis=1, dtype=np.float64))


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


def _life(night: Night) -> Table:
    """Stage and breakout of each key."""
    return {
        "life_stage": night.stages(),
        "hit": _yes(night.life().hit),
    }


def _evidence(night: Night) -> Table:
    """What stage and breakout rest on, and those of the SKU over all its locations."""
    life = night.life()
    of_sku = night.plan.life_of_sku or LifeStages.untold(night.index.n_series)
    since = np.abs(life.weeks) < _LONG_AGO
    return {
        "trend_per_week": rounded(np.expm1(life.trend), 4),
        "trend_error": rounded(life.trend_error, 4),
        "weeks_since_launch": rounded(np.where(since, life.weeks, np.nan), 1),
        "lift": rounded(life.lift, 2),
        "lift_chance": rounded(life.chance, 6),
        "silence_chance": rounded(life.silence, 6),
        "life_stage_sku": of_sku.names(),
        "hit_sku": _yes(of_sku.hit),
    }


def _yes(values: NDArray[np.bool_]) -> NDArray[np.object_]:
    return np.asarray(np.where(values, "yes", "no"), object)
