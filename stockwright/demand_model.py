"""What a demand model is: two methods, fit and predict.

Ours is one of them (``forecasting.own_model``); ``[model] use`` names another.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol, runtime_checkable

from stockwright.forecast import Forecast
from stockwright.panel import DemandPanel

#: From a block of a panel's series to their forecast.
Predict = Callable[[DemandPanel], Forecast]


class DemandModel(Protocol):
    """Learns from a panel what a later night needs, and forecasts with it.

    Nothing but the arguments, and the settings that the class was made with, may decide: no clock
    and no randomness without a fixed seed. ``predict`` is called from several threads at once.
    """

    def fit(self, panel: DemandPanel) -> bytes:
        """What was learned from all series, the same bytes for the same panel.

        Any exception is a failed fit: the night goes on with its substitute and says so.
        """

    def predict(self, content: bytes, panel: DemandPanel, horizon: int) -> Forecast:
        """Forecast periods origin + 1 ... origin + horizon of every series of ``panel``.

        content: what ``fit`` gave, tonight or on an earlier night. panel: a block of the night's
        series, of any size; the forecast of a series must not depend on which others are in it.
        Any exception is the failure of the series that it cannot be avoided without.
        """


@runtime_checkable
class WholePanelModel(Protocol):
    """A model whose forecasts draw on all series of the night, not on their own rows alone."""

    def predictor(self, content: bytes, panel: DemandPanel) -> Predict:
        """A function from any block of ``panel``, the whole of the night, to its forecast over
        ``panel.horizon``; it is called from several threads at once.
        """


def predictor_of(model: DemandModel, content: bytes, panel: DemandPanel) -> Predict:
    """How a model forecasts the blocks of a panel over the panel's horizon."""
    if isinstance(model, WholePanelModel):
        return model.predictor(content, panel)
    return partial(_block, model, content)


def _block(model: DemandModel, content: bytes, block: DemandPanel) -> Forecast:
    return model.predict(content, block, block.horizon)
