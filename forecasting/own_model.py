"""Our own demand model, behind the protocol that every model shares."""

from __future__ import annotations

from dataclasses import dataclass, replace

from forecasting.blend.staircase import Stair
from forecasting.drift import Drift, drift
from forecasting.model import FittedModel, NightContext, fit, plain_model
from forecasting.params import ModelParams
from forecasting.stage import Sampled
from stockwright.forecast import Forecast
from stockwright.overrides import OverrideHistory
from stockwright.panel import DemandPanel


@dataclass(frozen=True)
class NightPredictor:
    """The forecast of any block of a night's series, over ``horizon`` steps.

    parts: tell what its mean is made of. sampled: of the night, see ``FittedModel.night``.
    """

    model: FittedModel
    context: NightContext
    horizon: int
    parts: bool = True
    sampled: Sampled | None = None

    def __call__(self, block: DemandPanel) -> Forecast:
        """The forecast of a block."""
        return self.model.predict(
            block, self.horizon, self.context, parts=self.parts, sampled=self.sampled
        )


@dataclass(frozen=True)
class OwnModel:
    """A ``DemandModel`` and ``WholePanelModel``.

    params: of the fit. overrides: of planners in the past, judged by the staircase. What is said
    of a stored model depends on its bytes alone, whatever the parameters.
    """

    params: ModelParams
    overrides: OverrideHistory | None = None

    def fit(self, panel: DemandPanel) -> bytes:
        """Fit mean and spread, see ``forecasting.model.fit``."""
        return fit(panel, self.params, self.overrides).to_bytes()

    def substitute(self) -> bytes:
        """Level times season, with the spread that is usual: needs no fit."""
        return plain_model(self.params).to_bytes()

    def predict(self, content: bytes, panel: DemandPanel, horizon: int) -> Forecast:
        """Forecast a panel by what its own series say of their groups."""
        return FittedModel.from_bytes(content).predict(panel, horizon, parts=True)

    def predictor(self, content: bytes, panel: DemandPanel) -> NightPredictor:
        """Forecasts of blocks that share what the whole panel says of groups of series."""
        return predictor(content, panel)


def predictor(content: bytes, panel: DemandPanel, parts: bool = True) -> NightPredictor:
    """``OwnModel.predictor``: a stored model brings its own parameters."""
    stored = FittedModel.from_bytes(content)
    model = replace(stored, params=replace(stored.params, threads=1))
    context, sampled = model.night(panel, 0 if parts else panel.horizon)
    return NightPredictor(model, context, panel.horizon, parts, sampled)


def drift_of(content: bytes, panel: DemandPanel, age: int, threads: int) -> Drift | None:
    """A model fitted ``age`` periods ago against the demand since: ``forecasting.drift``."""
    stored = FittedModel.from_bytes(content)
    return drift(replace(stored, params=replace(stored.params, threads=threads)), panel, age)


def staircase_of(content: bytes) -> tuple[Stair, ...]:
    """What each rung of a stored model's forecast added on held-out origins."""
    return FittedModel.from_bytes(content).staircase
