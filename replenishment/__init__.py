"""What to order and what to move: targets priced in money, lots, shared limits, simulation."""

from replenishment.night import plan_night
from replenishment.params import PlanParams

__all__ = ["PlanParams", "plan_night"]
