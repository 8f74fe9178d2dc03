"""The plain forecast in the place of a model's, for the series of segments that have drifted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipelines.night.blocks import joined
from stockwright.demand_model import Predict
from stockwright.forecast import Forecast
from stockwright.panel import DemandPanel


def with_fallback(
    predict: Predict, plain: Callable[[], Predict], panel: DemandPanel, fallen: NDArray[np.bool_]
) -> Predict:
    """``predict``, but ``plain`` for the series of ``panel`` that have fallen back.

    plain: makes the plain forecast's function, where any series needs it. fallen: (series,), or
    empty for none.
    """
    if not fallen.any():
        return predict
    other = plain()

    def mixed(block: DemandPanel) -> Forecast:
        index = block.index
        place = panel.index.find(index.sku.astype(np.int64), index.location.astype(np.int64))
        down = fallen[place]
        if down.all() or not down.any():
            return other(block) if down.all() else predict(block)
        halves = ((predict, np.flatnonzero(~down)), (other, np.flatnonzero(down)))
        parts = [(rows, by(block.take(rows))) for by, rows in halves]
        return joined(parts, block, block.horizon)

    return mixed
