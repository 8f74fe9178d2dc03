"""What the steps of a night gave before anything was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.night.modeling import Fitted
from stockwright.forecast import Forecast
from stockwright.plan import Plan

if TYPE_CHECKING:
    from forecasting.blend.staircase import Stair
    from pipelines.assemble import Situation
    from pipelines.ingest.ingested import Ingested


@dataclass(frozen=True)
class Evening:
    """The evening of a night. others: models of the lineup's other versions."""

    ingested: Ingested
    situation: Situation
    fitted: Fitted
    others: tuple[Fitted, ...]
    stairs: tuple[Stair, ...]
    forecast: Forecast
    plan: Plan
