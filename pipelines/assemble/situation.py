"""The situation of one night: everything that forecast, plan and output need, and no table."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecasting.watch.report import DriftReport
from pipelines.assemble.clearing_answers import no_answers
from pipelines.assemble.orders import OrderLines
from stockwright.commitments import Commitments
from stockwright.given import GivenForecast
from stockwright.network import Network
from stockwright.overrides import OverrideHistory, Overrides
from stockwright.panel import DemandPanel
from stockwright.plan import Finding
from stockwright.returns import ExpectedReturns
from stockwright.stock import StockPosition

Texts = NDArray[np.object_]
RECORD_COLUMNS = (
    *("supplier", "lines", "on_time", "days", "sd_days", "stated_days", "fill", "reject"),
)


@dataclass(frozen=True)
class Catalog:
    """What a person wants to read beside a key.

    sku_name, category, brand, planner: (skus,) text by SKU code (``SeriesIndex.skus``), ""
        where unknown.
    abc_xyz: (series,) two letters. A, B, C: place in the value sold over the last 365 days (by
        default the first 80 %, the next 15 %, the rest). X, Y, Z: coefficient of variation of
        weekly demand (by default below 0.5, below 1, above). A series without demand of its own
        carries its SKU's.
    life_stage: (series,) "upcoming" (not launched), "new" (launched within 56 days), "regular",
        "dormant" (no sale for 182 days), "ended" (past its end date), "stocked" (kept, never sold).
        Stock at a location that never sold carries the liveliest stage of its SKU elsewhere.
    first_sale, last_sale: (series,) datetime64[D], NaT where nothing was sold in the history kept.
    """

    sku_name: Texts
    category: Texts
    brand: Texts
    planner: Texts
    abc_xyz: Texts
    life_stage: Texts
    first_sale: NDArray[np.datetime64]
    last_sale: NDArray[np.datetime64]


@dataclass(frozen=True)
class ClearingTerms:
    """What the tables say of stock that does not sell, all (series,) but ``channels``.

    floor: lowest price, 0 for none. salvage: money that a unit left brings, NaN where not told.
    return_value: money per unit from the supplier, 0 for none; return_until: the last date, NaT for
    always. price_group: place of the group in ``groups``, -1 for none. assumed_cost: no table
    names the unit cost. channels: the rows of ``channels`` that take slow stock, columns channel,
    platform, location ("": all), clearance_capacity (units a week, NaN for no limit),
    clearance_cost (money per unit) and clearance_reach (demand is so many times as large).
    """

    floor: NDArray[np.float64]
    salvage: NDArray[np.float64]
    return_value: NDArray[np.float64]
    return_until: NDArray[np.datetime64]
    price_group: NDArray[np.int64]
    assumed_cost: NDArray[np.bool_]
    channels: pd.DataFrame
    groups: tuple[str, ...] = ()

    @classmethod
    def none(cls, n: int) -> ClearingTerms:
        """Nothing is said of ``n`` series."""
        zeros, never = np.zeros(n), np.full(n, "NaT", "datetime64[D]")
        alone, known = np.full(n, -1), np.zeros(n, np.bool_)
        return cls(zeros, np.full(n, np.nan), zeros, never, alone, known, pd.DataFrame())


@dataclass(frozen=True)
class Situation:
    """The night of ``as_of``, seen at its close.

    Every (series,) array of the members is in the order of ``panel.index``.

    findings: exceptions that the tables alone give rise to.
    notes: sentences for the run's summary: what was assumed, what was left unused.
    mean_stock: (series,) units at the close, mean over the dates of the last 28 days that
        ``stock_history`` or the kept snapshots tell of; None where they tell of none.
    previous_decisions: columns line_id, sku, destination, kind, status, units, by, at, reason: the
        last answer to each line of an earlier night.
    commitments: what is promised for dates ahead, and what of the past was sold as a commitment
        and is therefore not in the panel's demand.
    given: a forecast of the shop's own, which takes the place of ours where it covers a date.
    returns: units that customers are expected to send back, none of them in ``stock``.
    past_overrides: forecast overrides of the history, None where there are none.
    local_share: (locations,) share of the demand of each location that it is the first to serve;
        None where no coverage tells.
    supplier_record: how suppliers have delivered, see ``receipts.record_of``.
    clearing: terms of clearance; None where the tables tell of none.
    answers: the last answer to each clearance line of an earlier night, ANSWER_COLUMNS.
    orders: order lines of the last while; None where none names its order, or nothing asks.
    drift: how forecasts of earlier nights and the inputs do; nothing until that was looked at.
    """

    as_of: np.datetime64
    panel: DemandPanel
    network: Network
    stock: StockPosition
    catalog: Catalog
    overrides: Overrides
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    mean_stock: NDArray[np.float64] | None
    previous_decisions: pd.DataFrame
    commitments: Commitments = field(default_factory=Commitments.none)
    given: GivenForecast = field(default_factory=GivenForecast.none)
    returns: ExpectedReturns = field(default_factory=ExpectedReturns.none)
    past_overrides: OverrideHistory | None = None
    local_share: NDArray[np.float64] | None = None
    supplier_record: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=list(RECORD_COLUMNS))
    )
    clearing: ClearingTerms | None = None
    answers: pd.DataFrame = field(default_factory=no_answers)
    orders: OrderLines | None = None
    drift: DriftReport = field(default_factory=DriftReport)

    @property
    def sold(self) -> NDArray[np.float32]:
        """Units sold, (series, period): the panel's demand and what was sold as commitments."""
        return self.commitments.whole(self.panel.demand)

    @property
    def order_date(self) -> np.datetime64:
        """The morning on which tonight's orders are released."""
        date: np.datetime64 = self.as_of + np.timedelta64(1, "D")
        return date

    def lane_sources(self) -> Texts:
        """Name of the supplier or location that each lane of the network starts from."""
        lanes = self.network.lanes
        suppliers = np.array([*self.network.suppliers.names, ""], dtype=object)
        locations = np.array([*self.panel.index.locations, ""], dtype=object)
        transfer = lanes.kind == 1
        from_supplier = suppliers[np.where(transfer, -1, lanes.source)]
        from_location = locations[np.where(transfer, lanes.source, -1)]
        return np.asarray(np.where(transfer, from_location, from_supplier), object)
