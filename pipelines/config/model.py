"""The configuration: every setting of a run, with its default and range."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from forecasting.params import MethodName, ModelParams
from pipelines.config.clearance import ClearanceConfig
from pipelines.config.drift import DriftConfig
from pipelines.config.festivals import Festival
from pipelines.config.grades import GradesConfig
from pipelines.config.tracking import TrackingConfig

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Level = Annotated[float, Field(gt=0.0, lt=1.0)]
Amount = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Grade = Annotated[str, Field(pattern="^[ABC][XYZ]?$")]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
CategoryPath = Annotated[str, Field(pattern=r"^[^/]+(/[^/]+)*$")]
Count = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(ge=0.0, le=100.0)]
Span = Annotated[int, Field(ge=0, le=36_500)]
ColumnMap = dict[str, dict[str, str]]
ValueMap = dict[str, dict[str, dict[str, str]]]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class CalendarConfig(_Section):
    """The days that move demand.

    country: ISO 3166 code whose public holidays and festivals of trade the forecast knows, "" for
    none. festivals: a file of further festivals, beside the configuration. festival: the same
    written into the configuration, and what the file held. selling_profile: demand in equal
    parts of the selling time of a day, first to last, in any unit; empty for an even day.
    """

    country: str = "CN"
    festivals: str = ""
    festival: list[Festival] = Field(default_factory=list)
    selling_profile: list[Annotated[float, Field(ge=0.0, allow_inf_nan=False)]] = Field(
        default_factory=list
    )

    @field_validator("selling_profile")
    @classmethod
    def _something_sells(cls, parts: list[float]) -> list[float]:
        if parts and not sum(parts) > 0:
            raise ValueError("at least one part of the day must have demand")
        return parts


class MoneyConfig(_Section):
    """Prices and what they cost.

    price_includes_vat: selling prices in the tables include VAT; they are divided by 1 + vat.
    holding_rate: cost of holding stock, share of its unit cost per year.
    goodwill: lost with each unit not served on top of the margin, share of the price.
    markdown_rate: share of the unit cost lost with a bought unit that is still there
        ``markdown_days`` after its protection interval, as after a peak; 0 counts no such loss.
    """

    price_includes_vat: bool = False
    vat: Share = 0.13
    holding_rate: Rate = 0.25
    goodwill: Rate = 0.0
    markdown_rate: Share = 0.0
    markdown_days: Annotated[int, Field(ge=0, le=3650)] = 28


class ServiceConfig(_Section):
    """What decides the stock.

    mode: "money" (holding against shortage cost), "cycle" (probability of no stock-out in a
    protection interval) or "fill" (share of the units served).
    cap: highest probability of no stock-out that money buys in mode "money".
    default, grade, tier: levels for "cycle" and "fill". A grade is a letter of value ("A") or
    value with steadiness ("AX"); a tier is a location's. Grade goes before tier, "AX" before "A".
    """

    mode: Literal["money", "cycle", "fill"] = "money"
    cap: Annotated[float, Field(gt=0.5, lt=1.0)] = 0.98
    default: Level = 0.95
    grade: dict[Grade, Level] = Field(default_factory=dict)
    tier: dict[str, Level] = Field(default_factory=dict)


class BudgetConfig(_Section):
    """Most money that one night's orders may cost; no limit by default.

    total: of all orders. category: of those of a category and all below it, by its path.
    """

    total: Amount | None = None
    category: dict[CategoryPath, Amount] = Field(default_factory=dict)


class CashConfig(_Section):
    """Most money that may fall due in a week for goods, ordered tonight or before; no limit by
    default.

    weekly: in every week. week: in the week of a date, instead of that.
    """

    weekly: Amount | None = None
    week: dict[Day, Amount] = Field(default_factory=dict)

    @field_validator("week")
    @classmethod
    def _weeks_once(cls, week: dict[str, float]) -> dict[str, float]:
        if len({date.fromisoformat(day).isocalendar()[:2] for day in week}) < len(week):
            raise ValueError("each week is named by one of its dates")
        return week


class TransfersConfig(_Section):
    """Stock that moves between locations of one kind because it is worth more there.

    handling: money per unit beside the lane's freight. least_gain: money that a line gains at
    least. rest_days: a key that got stock this way gives none for so long, and one that gave gets
    none.
    """

    handling: Amount = 0.0
    least_gain: Amount = 1.0
    rest_days: Span = 7


class ReceivingConfig(_Section):
    """Money for taking in what suppliers deliver: a loose unit, a full case, layer or pallet.

    A piece without a price costs what it holds; without one for the unit nothing is rounded.
    """

    unit: Amount = 0.0
    case: Amount | None = None
    layer: Amount | None = None
    pallet: Amount | None = None


class AllocationConfig(_Section):
    """Stock of a location that does not cover what those it feeds want of it.

    floor: share of what it wants that each of them gets before marginal value decides.
    """

    floor: Share = 0.0


class TierConfig(_Section):
    """What is promised to the customers of the locations of a tier.

    shortage: how many times its price a unit short counts. hours: most hours in which another
    location may serve them in its place; none by default.
    """

    shortage: Rate = 1.0
    hours: Amount | None = None


class GatesConfig(_Section):
    """When a night stops, or a row stops counting.

    bad_row_share: largest share of bad rows in a table. failed_series_share: largest share of
    series that fail. overdue_days: an inbound order later than this is ignored and named.
    stale_days: most days between the newest sales row and the date of the night.
    plausible_units: largest number of units in a row that needs no second look. plausible_ratio:
    the same for a price or cost, times the median of its column. plausible_days: for a lead time
    or review.
    """

    bad_row_share: Share = 0.01
    failed_series_share: Share = 0.05
    overdue_days: Span = 30
    stale_days: Span = 35
    plausible_units: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] = 10_000_000
    plausible_ratio: Annotated[float, Field(gt=1.0, allow_inf_nan=False)] = 10_000
    plausible_days: Span = 365


class ModelConfig(_Section):
    """The forecast model.

    use: "module:Class" of a demand model (``stockwright.demand_model``) that takes the place of
    ours, "" for ours. settings: keywords of its constructor.
    refit: how old a stored model may be. drift: how many times its usual miss a stored model may
    miss the demand since its fit before it is fitted anew all the same; 0 for never.
    paths: sampled futures. history_days: most days of history that the panel keeps, counted back
    from the date of the night. silent_days: days in stock without a sale before silence, where it
    is beyond chance, counts as the end of life. methods: statistical methods whose mean the
    booster is blended with.
    """

    use: str = ""
    settings: dict[str, Any] = Field(default_factory=dict)
    refit: Literal["nightly", "weekly", "monthly"] = "nightly"
    drift: Annotated[float, Field(ge=0.0, le=100.0)] = 4.0
    max_rows: Annotated[int, Field(ge=1000, le=100_000_000)] = 250_000
    trees: Annotated[int, Field(ge=1, le=10_000)] = 200
    leaves: Annotated[int, Field(ge=2, le=4096)] = 31
    learning_rate: Annotated[float, Field(gt=0.0, le=1.0)] = 0.06
    paths: Annotated[int, Field(ge=16, le=4096)] = 256
    silent_days: Annotated[int, Field(ge=7, le=36_500)] = 91
    history_days: Annotated[int, Field(ge=1, le=36_500)] = 1100
    methods: list[MethodName] = Field(
        default=list(ModelParams.methods), min_length=1, json_schema_extra={"uniqueItems": True}
    )

    @field_validator("settings")
    @classmethod
    def _plain(cls, settings: dict[str, Any]) -> dict[str, Any]:
        try:
            json.dumps(settings, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError("texts, finite numbers, yes or no, lists and tables only") from error
        return settings

    @field_validator("methods")
    @classmethod
    def _named_once(cls, methods: list[MethodName]) -> list[MethodName]:
        if len({*methods}) < len(methods):
            raise ValueError("each method is named once")
        return methods


class CommitmentsConfig(_Section):
    """What is assumed of deposits until past ones tell.

    conversion: share of a deposit's units that is paid. conversion_weight: units of past deposits,
    as if independent, that it counts for; so does each level of event and category above the next.
    """

    conversion: Annotated[float, Field(ge=0.0, le=1.0)] = 0.8
    conversion_weight: Annotated[float, Field(gt=0.0, le=1e9)] = 10.0


class ForecastsConfig(_Section):
    """use: whether a ``forecasts`` table takes the place of our forecast, or is left aside."""

    use: Literal["given", "ignore"] = "given"


class ReturnsConfig(_Section):
    """What customers send back.

    use: whether expected returns count as stock to come. resalable: share of the returned goods
    that can be sold again. confidence: share of the expected units that a plan relies on.
    """

    use: bool = True
    resalable: Share = 0.9
    confidence: Share = 0.8


class SupplyConfig(_Section):
    """What is made of past deliveries.

    learn: whether lead times, fill and reject rates come from ``receipts`` where it tells them.
    prior_orders: orders of a supplier that the stated terms count for.
    least_share: share of the ordered units that is taken to come in good order at the least.
    """

    learn: bool = True
    prior_orders: Annotated[float, Field(gt=0.0, le=1e6)] = 5.0
    least_share: Annotated[float, Field(gt=0.0, le=1.0)] = 0.5


class DefaultsConfig(_Section):
    """What is assumed where the tables are silent.

    lead_time_days: of the supplier "default" when there is no lanes table.
    review_days: between two orders on a lane; None: one period.
    cost_share: unit cost as a share of the price where only one of them is known.
    unit_cost: money per unit where neither cost nor price is known.
    """

    lead_time_days: Annotated[float, Field(ge=0.0, le=1100.0)] = 7.0
    review_days: Annotated[float, Field(gt=0.0, le=1100.0)] | None = None
    cost_share: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.6
    unit_cost: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] = 1.0


class PulseConfig(_Section):
    """The look at stock during the day.

    hour_profile: demand in equal parts of the 24 hours, first to last, in any unit; empty: that
    of an ordinary day of online trade. warning_level: stock that does not last until the next
    arrival with this probability is below the warning line. least_units: an alert needs as many
    units expected to be missed. restock_hour: by when goods due today have come in.
    """

    hour_profile: list[Annotated[float, Field(ge=0.0, allow_inf_nan=False)]] = Field(
        default_factory=list
    )
    warning_level: Level = 0.9
    least_units: Amount = 1.0
    restock_hour: Annotated[float, Field(ge=0.0, le=24.0)] = 12.0

    @field_validator("hour_profile")
    @classmethod
    def _something_sells(cls, parts: list[float]) -> list[float]:
        if parts and not sum(parts) > 0:
            raise ValueError("at least one part of the day must have demand")
        return parts


class OutputConfig(_Section):
    """language: of explanations and headings."""

    language: Literal["en", "zh"] = "en"


class Config(_Section):
    """All settings of a run. See docs/contract.md for every key.

    horizon: periods to forecast at least (extended to the longest protection interval); None:
    28 days or 8 weeks. block_size: series per block of work; results do not depend on it.
    map: {table: {column: source column}}. values: {table: {column: {source value: value}}}.
    preset: name of a packaged column and value map that ``map`` and ``values`` refine.
    """

    period: Literal["day", "week"] = "day"
    horizon: Annotated[int, Field(ge=1, le=1100)] | None = None
    seed: Annotated[int, Field(ge=0)] = 1
    block_size: Annotated[int, Field(ge=1, le=1_000_000)] = 2000
    preset: str | None = None
    calendar: CalendarConfig = CalendarConfig()
    money: MoneyConfig = MoneyConfig()
    service: ServiceConfig = ServiceConfig()
    grades: GradesConfig = GradesConfig()
    budget: BudgetConfig = BudgetConfig()
    cash: CashConfig = CashConfig()
    allocation: AllocationConfig = AllocationConfig()
    transfers: TransfersConfig = TransfersConfig()
    receiving: ReceivingConfig = ReceivingConfig()
    tiers: dict[str, TierConfig] = Field(default_factory=dict)
    gates: GatesConfig = GatesConfig()
    model: ModelConfig = ModelConfig()
    drift: DriftConfig = DriftConfig()
    commitments: CommitmentsConfig = CommitmentsConfig()
    forecasts: ForecastsConfig = ForecastsConfig()
    returns: ReturnsConfig = ReturnsConfig()
    supply: SupplyConfig = SupplyConfig()
    defaults: DefaultsConfig = DefaultsConfig()
    clearance: ClearanceConfig = ClearanceConfig()
    pulse: PulseConfig = PulseConfig()
    output: OutputConfig = OutputConfig()
    tracking: TrackingConfig = TrackingConfig()
    map: ColumnMap = Field(default_factory=dict)
    values: ValueMap = Field(default_factory=dict)

    def horizon_periods(self) -> int:
        """Periods to forecast at least: ``horizon``, or 28 days or 8 weeks."""
        if self.horizon is not None:
            return self.horizon
        return 28 if self.period == "day" else 8
