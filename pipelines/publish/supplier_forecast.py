"""supplier_forecast.csv: what each supplier may expect, week by week."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.ingest.ingested import Ingested
from pipelines.publish.cells import Table, rounded
from pipelines.publish.night import Night, text_array
from replenishment.supply.outlook import Outlook, Rule, orders_ahead
from stockwright.network import LaneKind

FILE = "supplier_forecast.csv"
#: Probability that a week's orders stay within upper_units.
UPPER = 0.9
_PATHS, _LEAST = 64, 0.005
#: What a row is of.
KEY = ["supplier", "sku", "destination", "week"]
Ints = NDArray[np.int64]


def supplier_forecast_table(night: Night, ingested: Ingested, seed: int) -> Table:
    """One row for each supplier, SKU, destination and week in which something may come."""
    parts = [_tonight(night), _on_order(night, ingested), _ahead(night, seed)]
    rows = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    rows = rows.groupby(KEY, sort=True, as_index=False)[["firm", "forecast", "upper"]].sum()
    rows = rows[(rows["firm"] > 0) | (rows["forecast"] >= _LEAST) | (rows["upper"] > 0)]
    return {
        **{name: text_array(rows[name]) for name in KEY[:3]},
        "week": rows["week"].to_numpy().astype("datetime64[D]"),
        "firm_units": rounded(rows["firm"]),
        "forecast_units": rounded(rows["forecast"], 2),
        "upper_units": rounded(rows["upper"]),
    }


def _rows(
    supplier: Any, sku: Any, destination: Any, due: NDArray[Any], **units: Any
) -> pd.DataFrame:
    """Rows of units by the Monday of the week in which they can be sold."""
    day = np.asarray(due, "datetime64[D]")
    monday = day - ((day.astype(np.int64) + 3) % 7).astype("timedelta64[D]")
    empty = {"firm": 0.0, "forecast": 0.0, "upper": 0.0}
    texts = {"supplier": supplier, "sku": sku, "destination": destination}
    columns = {name: np.asarray(value, object) for name, value in texts.items()}
    return pd.DataFrame({**columns, "week": monday.astype("datetime64[s]")}).assign(
        **(empty | units)
    )


def _tonight(night: Night) -> pd.DataFrame:
    """Tonight's orders."""
    lines, lanes = night.plan.orders, night.situation.network.lanes
    return _rows(
        night.situation.lane_sources()[lines.lane], night.skus(lines.series),
        night.locations(lines.series), lanes.available_date[lines.lane], firm=lines.units,
    )  # fmt: skip


def _on_order(night: Night, ingested: Ingested) -> pd.DataFrame:
    """What ``inbound`` says is on order from suppliers; what is overdue is due tomorrow."""
    inbound = ingested.tables.get("inbound", pd.DataFrame())
    if inbound.empty:
        return _rows([], [], [], np.zeros(0, "datetime64[D]"))
    firm = (inbound["status"] != "draft") & (inbound["kind"] == "purchase")
    known = inbound["source"].isin(night.situation.network.suppliers.names)
    rows = inbound[firm & known & (inbound["units"] > 0)]
    due = np.maximum(rows["available_date"].to_numpy("datetime64[D]"), night.situation.order_date)
    return _rows(
        rows["source"], rows["sku"], rows["destination"], due, firm=rows["units"].to_numpy()
    )


def _ahead(night: Night, seed: int) -> pd.DataFrame:
    """Orders that the nights of the horizon are expected to place."""
    policy, network = night.plan.policy, night.situation.network
    lanes, days = network.lanes, night.days
    bought = np.append(lanes.kind, LaneKind.TRANSFER)[policy.lane] != LaneKind.TRANSFER
    stocked = network.items.stock_mode & night.situation.stock.known
    ended = network.items.ends <= night.forecast.origin + policy.lead_time
    blocked = night.situation.overrides.blocked | ended
    series = np.flatnonzero((policy.lane >= 0) & bought & stocked & ~blocked)
    lane = policy.lane[series]
    outlook = _outlook(night, series, 7 // days, seed)
    weeks = outlook.mean.shape[1]
    away = (lanes.available_date[lane] - night.situation.order_date).astype(np.int64)
    due = away[:, None] + 7 * np.arange(1, weeks + 1)[None, :]
    key = np.repeat(np.arange(len(series)), weeks)
    return _rows(
        night.situation.lane_sources()[lane][key], night.skus(series)[key],
        night.locations(series)[key], night.situation.order_date + due.ravel(),
        forecast=outlook.mean.ravel(), upper=outlook.upper.ravel(),
    )  # fmt: skip


def _outlook(night: Night, series: Ints, week: int, seed: int) -> Outlook:
    """Orders of the ``series`` that suppliers serve, with the demand of all that they feed."""
    policy, network = night.plan.policy, night.situation.network
    ends = network.items.ends - night.forecast.origin
    sold = night.forecast.until(ends)
    pooled = sold.pooled(_roots(night), night.index).take(series)
    lane, lanes = policy.lane[series], network.lanes
    share, lot = lanes.good_share[lane], lanes.multiple[lane]
    regular = np.where(lanes.kind[night.plan.orders.lane] != LaneKind.EXPEDITED, 1.0, 0.0)
    line = night.plan.orders.series
    tonight = np.bincount(line, night.plan.orders.units * regular, night.index.n_series)[series]
    rule = Rule(
        position=policy.position[series] + tonight * share,
        safety_stock=policy.order_up_to[series] - policy.demand_mean[series],
        least_need=(policy.order_up_to - policy.reorder_point)[series],
        protection=policy.protection[series].astype(np.int64),
        first=np.maximum(np.ceil(lanes.moq[lane] / lot - 1e-6) * lot, lot),
        lot=lot,
        share=share,
    )
    return orders_ahead(pooled, rule, week, UPPER, _PATHS, seed)


def _roots(night: Night) -> Ints:
    """(series,) the series at the top of the transfers that feed each one."""
    parent, root = night.parents(), np.arange(night.index.n_series)
    for _ in range(len(night.index.locations)):
        above = parent[root]
        root = np.where(above >= 0, above, root)
    return root
