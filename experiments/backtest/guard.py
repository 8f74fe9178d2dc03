"""The guard against leaks: a forecast must be the same whatever comes after its origin.

The tables are copied with all rows altered that the night must not see, and the night forecasts
again. Whatever of the forecast moves was taken from the future.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from experiments.backtest.counterfeit import counterfeit
from experiments.backtest.night import Made, forecast_night
from experiments.shop import Shop
from stockwright.errors import DataError
from stockwright.forecast import Forecast

_PARTS = (
    *("mean", "committed", "committed_variance", "quantum", "linear_dispersion"),
    *("step_variance", "level_variance", "tail_share", "tail_ratio"),
)


def check_blind(shop: Shop, made: Made, series: int | None) -> None:
    """Raise DataError where the forecast of a night moves with rows that it must not see.

    The message names the origin, how far the forecast moved and a table that moved it.
    """
    date = made.situation.as_of
    moved, altered = _moved(shop, made, series)
    if moved == 0:
        return
    alone = (name for name in altered if _moved(shop, made, series, name)[0] > 0)
    table = next((f"{name} ({altered[name]} rows)" for name in alone), "several together")
    raise DataError(
        f"the forecast of {date} knows the future: with other rows after that date it moved by "
        f"{moved:.2%} of its units; table: {table}; find the feature or model that reads what "
        "comes later, for no figure of this backtest can be trusted"
    )


def _moved(
    shop: Shop, made: Made, series: int | None, only: str | None = None
) -> tuple[float, dict[str, int]]:
    """How far the forecast moves with another future, and the rows altered by table."""
    date = made.situation.as_of
    with tempfile.TemporaryDirectory(prefix="stockwright-") as folder:
        altered = dict(counterfeit(shop.source, shop.config, date, Path(folder), only))
        if not altered:
            return 0.0, altered
        again = forecast_night(replace(shop, source=folder), date, series)
    return distance(made.forecast, again.forecast), altered


def distance(one: Forecast, other: Forecast) -> float:
    """Units by which the means of two forecasts differ over the units of the first; 0 only where
    both are the same to the last bit, 1 where they are not even of the same series.
    """
    names = [
        (each.index.sku_names().tolist(), each.index.location_names().tolist())
        for each in (one, other)
    ]
    if names[0] != names[1] or one.mean.shape != other.mean.shape:
        return 1.0
    if all(np.array_equal(getattr(one, name), getattr(other, name)) for name in _PARTS):
        return 0.0
    first, second = one.expected.astype(np.float64), other.expected.astype(np.float64)
    share = float(np.abs(second - first).sum() / max(first.sum(), 1e-9))
    return max(share, 1e-9)
