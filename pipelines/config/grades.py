"""Settings of the grades: where their borders lie, and what each of them asks for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Days = Annotated[float, Field(gt=0.0, le=36_500.0)]
Money = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Approval = Literal["auto", "planner", "manager"]
#: A grade, a life stage as policy.csv names it, or "hit".
GradeName = Annotated[
    str,
    Field(
        pattern="^([ABC][XYZ]?|[XYZ]|hit|upcoming|introduction|growth|maturity|decline|dormant"
        "|ended|stocked)$"
    ),
]


class StrategyConfig(BaseModel):
    """What a grade asks for; None leaves it to the next name that fits, else to the plan.

    service_level: level that replaces the one from money, in ``mode`` "cycle" or "fill".
    review_days: reviewed at least this often. approval: who has to approve a line at least.
    most_cover_days: most days of cover that a line may raise a key to.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    service_level: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
    mode: Literal["cycle", "fill"] = "cycle"
    review_days: Days | None = None
    approval: Approval | None = None
    most_cover_days: Days | None = None


def _strategies() -> dict[GradeName, StrategyConfig]:
    return {
        "hit": StrategyConfig(review_days=7.0, approval="planner"),
        "decline": StrategyConfig(approval="planner", most_cover_days=180.0),
        "ended": StrategyConfig(approval="planner", most_cover_days=180.0),
        "dormant": StrategyConfig(approval="planner", most_cover_days=180.0),
        "AZ": StrategyConfig(approval="planner"),
    }


class GradesConfig(BaseModel):
    """Borders of the grades and a strategy for each.

    a_share, b_share: A is the first ``a_share`` of the value sold in the last 365 days, B what
    follows up to ``b_share``, C the rest. x_limit, y_limit: X has a coefficient of variation of
    weekly demand below the first, Y below the second, Z the rest. planner_value, manager_value:
    a line of this value or more is approved by them whatever its grade; None: no such value.
    slow_target: share of the stock value that slow movers may have. strategy: by name, see
    StrategyConfig; a name given in the configuration replaces the default of that name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    a_share: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.80
    b_share: Annotated[float, Field(gt=0.0, le=1.0)] = 0.95
    x_limit: Annotated[float, Field(gt=0.0, le=100.0)] = 0.5
    y_limit: Annotated[float, Field(gt=0.0, le=100.0)] = 1.0
    planner_value: Money | None = None
    manager_value: Money | None = None
    slow_target: Annotated[float, Field(ge=0.0, le=1.0)] = 0.05
    strategy: dict[GradeName, StrategyConfig] = Field(default_factory=_strategies)

    @model_validator(mode="after")
    def _borders_rise(self) -> GradesConfig:
        if self.b_share < self.a_share or self.y_limit < self.x_limit:
            raise ValueError("b_share must not lie below a_share, nor y_limit below x_limit")
        return self

    def all_strategies(self) -> dict[str, StrategyConfig]:
        """The defaults with what the configuration puts in their place."""
        return {**_strategies(), **self.strategy}
