"""Settings of the watch over forecasts and inputs."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class DriftConfig(BaseModel):
    """What counts as drift, and what follows.

    use: whether forecasts of earlier nights are held against the sales since. false_alarms:
    probability with which a night raises an alert although nothing drifts, of forecasts and of
    inputs each. bias: bias that matters, and that is never taken for usual. stability: population
    stability index of an input that matters. fallback_nights: nights in a row that the forecast of
    a segment is in alert before its keys take the plain forecast, if that would have missed less,
    and for which they take it; 0 for never.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    use: bool = True
    false_alarms: Annotated[float, Field(gt=0.0, le=0.5)] = 0.02
    bias: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.1
    stability: Annotated[float, Field(gt=0.0, le=100.0)] = 0.25
    fallback_nights: Annotated[int, Field(ge=0, le=1000)] = 28
