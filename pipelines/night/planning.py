"""All that a night's plan is decided on but the stock, so that a replay can bring its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.assemble import Situation
from pipelines.assemble.strategies import graded, stage_names, strategies_of
from pipelines.config import Config
from replenishment import PlanParams, plan_night
from replenishment.params import Receiving
from stockwright.forecast import Forecast
from stockwright.life import LifeStages
from stockwright.network import Network
from stockwright.overrides import Overrides
from stockwright.plan import Plan
from stockwright.returns import counting_returns
from stockwright.stock import StockPosition

# Demand further ahead is no reason to order a large minimum.
_LIFETIME_DAYS = 730


@dataclass(frozen=True)
class Planning:
    """What ``plan`` needs of a night beside the stock; all in the order of ``forecast.index``.

    returned: (series, step) units that customers are expected to send back. counted: (series,)
    whether stock there counts. confidence: share of ``returned`` that is relied on. life: stages of
    the series, life_of_sku: of their SKUs, both (series,).
    """

    forecast: Forecast
    network: Network
    params: PlanParams
    overrides: Overrides
    returned: NDArray[np.float32]
    counted: NDArray[np.bool_]
    confidence: float
    life: LifeStages
    life_of_sku: LifeStages

    @classmethod
    def of(
        cls,
        situation: Situation,
        forecast: Forecast,
        config: Config,
        life: LifeStages,
        of_sku: LifeStages,
    ) -> Planning:
        """The planning of a situation. life: of its series; of_sku: by SKU code."""
        letters = np.asarray(situation.catalog.abc_xyz, object)
        stages = stage_names(life, situation.catalog.life_stage)
        asked = strategies_of(config.grades, letters, stages, life.hit)
        index = situation.panel.index
        places = situation.network.locations.counts_stock[index.location]
        return cls(
            forecast=replace(forecast, parts=None),
            network=graded(situation.network, asked, config),
            params=plan_params(config, situation.panel.calendar.days),
            overrides=situation.overrides,
            returned=situation.returns.units(forecast),
            counted=np.asarray(places, np.bool_),
            confidence=config.returns.confidence,
            life=life,
            life_of_sku=of_sku.take(index.sku),
        )

    def plan(self, stock: StockPosition) -> Plan:
        """Tonight's plan for a stock position. Raises InfeasiblePlanError."""
        counts = np.asarray(self.counted & stock.known, np.bool_)
        return plan_night(
            self.forecast,
            self.network,
            counting_returns(stock, self.returned, counts, self.confidence),
            self.params,
            self.overrides,
            self.life,
            self.life_of_sku,
        )


def plan_params(config: Config, days: int) -> PlanParams:
    """Parameters of the plan as configured. days: of a period."""
    budget = config.budget.total
    return PlanParams(
        budget=np.inf if budget is None else budget,
        paths=config.model.paths,
        seed=config.seed,
        level_cap=config.service.cap,
        lifetime=_LIFETIME_DAYS // days,
        markdown_rate=config.money.markdown_rate,
        markdown_after=-(-config.money.markdown_days // days),
        handling=config.transfers.handling,
        least_gain=config.transfers.least_gain,
        floor=config.allocation.floor,
        receiving=Receiving(**config.receiving.model_dump(exclude_none=True)),
    )
