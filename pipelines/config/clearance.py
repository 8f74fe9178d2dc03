"""Settings of clearance: what counts as slow, and how far and how fast a price may fall."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from stockwright.errors import counted

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Discount = Annotated[float, Field(gt=0.0, lt=1.0)]
Money = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Days = Annotated[float, Field(gt=0.0, le=3650.0)]
Points = Annotated[float, Field(gt=0.0, le=100.0)]
ValueGrade = Literal["A", "B", "C"]
SlowGradeNames = Annotated[str, Field(pattern="^[SABC]+$")]
_WEEK = 7


class SlowGradesConfig(BaseModel):
    """When stock is slow, and how urgent it is.

    left_share: share of the stock expected to be left after the turnover threshold that makes it
    slow. least_age_days: younger stock is not slow unless its end is in sight.
    sell_through: of the units bought for this stock, the share sold; 0 points from the first
    number on, 1 from the second, 2 from the third, 3 below. age_days: 1 point from the first
    number on, 2 from the second, 3 from the third. margin: of the price after cost, as
    sell_through. s, a, b: least points of grades S, A and B of the 9; C has fewer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    left_share: Share = 0.10
    least_age_days: Annotated[float, Field(ge=0.0, le=3650.0)] = 28.0
    sell_through: list[Share] = Field(default=[0.70, 0.50, 0.25], min_length=3, max_length=3)
    age_days: list[Days] = Field(default=[60.0, 90.0, 180.0], min_length=3, max_length=3)
    margin: list[Share] = Field(default=[0.50, 0.30, 0.10], min_length=3, max_length=3)
    s: Points = 7.0
    a: Points = 5.0
    b: Points = 3.0

    @model_validator(mode="after")
    def _in_order(self) -> SlowGradesConfig:
        falling = (self.sell_through, self.margin, [-days for days in self.age_days])
        if any(part != sorted(part, reverse=True) for part in falling):
            raise ValueError("sell_through and margin must fall, and age_days must rise")
        if not self.s > self.a > self.b:
            raise ValueError("points must fall from s over a to b")
        return self


class BundlesConfig(BaseModel):
    """Slow articles offered beside one that is often bought with them, at a lower price there.

    use: whether such pairs are looked for in the order numbers of the sales. grades: slow grades
    that are offered so. days: of sales that are looked at. least_orders: articles, and pairs, in
    fewer orders are not looked at. channel: the channel of clearance that sells bundles; None: the
    shop itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    use: bool = True
    grades: SlowGradeNames = "B"
    days: Annotated[int, Field(ge=7, le=3650)] = 365
    least_orders: Annotated[int, Field(ge=2, le=1_000_000)] = 5
    channel: str | None = None


class ClearanceConfig(BaseModel):
    """What is done about stock that does not sell.

    use: whether slow stock is looked for. ladder: discounts of the list price that a price may
    fall by, rising. weeks: that a plan looks ahead. cover_days: stock is slow when too much of it
    is left after so many days; cover: the same by grade of value. salvage_share: share of the unit
    cost that a unit left at the end brings where the products do not tell. relabel_cost: money per
    unit whose price is changed. discount_budget: most money that the price cuts of one night's
    plan may give away; None: no limit. price_by: whether an article has one price in all locations
    ("sku") or each location its own. event_days: days after an event in which what is left of its
    stock is slow whatever its age. price_step: new prices are multiples of it. least_weeks: that a
    price stays at least. rest_days: for which an act that was rejected is not proposed again.
    carry_over: share of its price that a unit is worth after a year's wait for its season.
    channels: by channel, the slow grades that it is open to; a channel that is not named is open to
    all. grades: see SlowGradesConfig. bundles: see BundlesConfig.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    use: bool = True
    ladder: list[Discount] = Field(default=[0.1, 0.2, 0.3, 0.4, 0.5, 0.7], min_length=1)
    weeks: Annotated[int, Field(ge=1, le=104)] = 13
    cover_days: Days = 90.0
    cover: dict[ValueGrade, Days] = Field(default={"A": 60.0})
    salvage_share: Share = 0.1
    relabel_cost: Money = 0.0
    discount_budget: Money | None = None
    price_by: Literal["sku", "location"] = "sku"
    event_days: Annotated[int, Field(ge=0, le=91)] = 14
    price_step: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] = 0.01
    carry_over: Annotated[float, Field(gt=0.0, le=1.0)] = 0.2
    least_weeks: Annotated[int, Field(ge=0, le=26)] = 1
    rest_days: Annotated[int, Field(ge=0, le=3650)] = 28
    channels: dict[str, SlowGradeNames] = Field(default_factory=dict)
    grades: SlowGradesConfig = SlowGradesConfig()
    bundles: BundlesConfig = BundlesConfig()

    @field_validator("ladder")
    @classmethod
    def _rises(cls, ladder: list[float]) -> list[float]:
        if any(high <= low for low, high in pairwise(ladder)):
            raise ValueError("each discount must be larger than the one before, prices only fall")
        return ladder

    @model_validator(mode="after")
    def _far_enough(self) -> ClearanceConfig:
        longest = max([self.cover_days, *self.cover.values()])
        days, least = self.weeks * _WEEK, math.ceil(longest / _WEEK)
        if longest > days:
            raise ValueError(
                f"weeks must reach the longest turnover threshold: {longest:g} days are more than "
                f"{counted(self.weeks, 'week')}; set weeks to {least} or more, or cover_days and "
                f"each of cover to {days} or less"
            )
        return self
