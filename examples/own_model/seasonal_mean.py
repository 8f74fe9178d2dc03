"""A demand model of one small class: each weekday's mean over the last weeks."""

import numpy as np

from stockwright.forecast import Forecast
from stockwright.panel import DemandPanel, Status
from stockwright.scatter import Scatter


class SeasonalMean:
    """The mean of the last ``cycles`` cycles of ``season`` periods, for each place in the cycle.

    weight: how many periods of a key's plain mean each place in its cycle is drawn to.
    """

    def __init__(self, season: int = 7, cycles: int = 8, weight: float = 2.0) -> None:
        if season < 1 or cycles < 1 or weight <= 0:
            raise ValueError("season and cycles are at least 1, weight is above 0")
        self.season, self.cycles, self.weight = season, cycles, weight

    def fit(self, panel: DemandPanel) -> bytes:
        """How far such means missed the last four cycles: the spread of tonight's forecast."""
        steps = 4 * self.season
        origins = [o for o in (panel.origin - steps,) if o > 0]
        return Scatter.learned(
            panel, [(o, self.mean(panel.until(o), steps)) for o in origins]
        ).to_bytes()

    def predict(self, content: bytes, panel: DemandPanel, horizon: int) -> Forecast:
        """The means of the cycle, over and over, and the spread that was learned."""
        return Scatter.from_bytes(content).around(panel, self.mean(panel, horizon), "seasonal mean")

    def mean(self, panel: DemandPanel, horizon: int) -> np.ndarray:
        """Mean of each step, (series, horizon), from what was sold in stock."""
        periods = min(self.cycles, panel.n_periods // self.season) * self.season
        shape = (panel.n_series, periods // self.season, self.season)
        seen = (panel.status[:, panel.n_periods - periods :] == Status.OBSERVED).reshape(shape)
        sold = panel.demand[:, panel.n_periods - periods :].reshape(shape) * seen
        plain = sold.sum(axis=(1, 2)) / np.maximum(seen.sum(axis=(1, 2)), 1)
        cycle = (sold.sum(axis=1) + self.weight * plain[:, None]) / (seen.sum(axis=1) + self.weight)
        return cycle[:, np.arange(horizon) % self.season]
