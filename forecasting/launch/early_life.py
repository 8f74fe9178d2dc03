"""Where a launch forecast takes the place of the ordinary one, and fades into it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.context import FeatureContext
from features.params import FeatureParams
from forecasting.launch.cells import is_young, weeks_seen
from forecasting.launch.launch import LaunchCurves, launch_forecast
from stockwright.panel import DemandPanel

Floats = NDArray[np.float64]
# Weeks of life seen after which the launch forecast has no weight, and weight that each one takes.
_GONE, _FADE = 4.0, 0.3
_LEAST_ALIVE = 1e-3


def launch_weight(panel: DemandPanel, params: FeatureParams) -> Floats:
    """Weight of the launch forecast, (series,): 1 until a week was seen, 0 after four."""
    weight = np.clip((_GONE - weeks_seen(panel, params)) * _FADE, 0.0, 1.0)
    return np.asarray(np.where(is_young(panel, params), weight, 0.0), np.float64)


def with_launches(
    found: dict[str, NDArray[Any]],
    panel: DemandPanel,
    groups: FeatureContext,
    params: FeatureParams,
    curves: LaunchCurves | None,
) -> tuple[dict[str, NDArray[Any]], NDArray[np.bool_]]:
    """The ordinary forecast of a block with launches blended in, and which rows they lead.

    found: mean (series, step) and the per-series fields of the spread of a Forecast. Steps with a
    mean of 0 (not on sale) stay at 0.
    """
    weight = launch_weight(panel, params) if curves is not None else np.zeros(panel.n_series)
    some = np.flatnonzero(weight > 0)
    if curves is None or not len(some):
        return found, np.zeros(panel.n_series, np.bool_)
    block, part = panel.take(some), weight[some]
    mean = found["mean"][some].astype(np.float64)
    launch = launch_forecast(block, groups, params, curves, mean.shape[1])
    out = {name: values.copy() for name, values in found.items()}
    blended = part[:, None] * launch.mean + (1 - part)[:, None] * mean
    out["mean"][some] = np.where(mean > 0, blended, 0.0)

    def mixed(name: str, of_launch: Floats | float) -> Floats:
        return np.asarray(part * of_launch + (1 - part) * found[name][some], np.float64)

    share = mixed("tail_share", launch.tail_share)
    ratio = np.minimum(mixed("tail_ratio", launch.tail_ratio), 1 / np.maximum(share, 1e-9))
    own = found["level_variance"][some] - _tail_of(found, some)
    begun = launch.level_variance - _tails(launch.tail_share, launch.tail_ratio)
    level = part * begun + (1 - part) * own
    out["linear_dispersion"][some] = mixed("linear_dispersion", launch.linear_dispersion)
    out["step_variance"][some] = mixed("step_variance", 0.0)
    out["tail_share"][some], out["tail_ratio"][some] = share, ratio
    out["level_variance"][some] = np.maximum(level, 0.0) + _tails(share, ratio)
    return out, weight >= 0.5


def with_ends(
    found: dict[str, NDArray[Any]], alive: Floats
) -> tuple[dict[str, NDArray[Any]], NDArray[np.bool_]]:
    """The forecast of a block where some products may have ended, and which rows those are.

    alive: (series,) probability. Demand is 0 or as it was: a mean of ``alive`` times as much, and
    the relative variance of such a mixture, (1 + variance) / alive - 1.
    """
    doubted = alive < 1
    if not doubted.any():
        return found, doubted
    out = {name: values.copy() for name, values in found.items()}
    part = np.maximum(alive[doubted], _LEAST_ALIVE)
    out["mean"][doubted] *= part[:, None].astype(np.float32)
    for name in ("step_variance", "level_variance"):
        out[name][doubted] = found[name][doubted] / part
    out["level_variance"][doubted] += 1 / part - 1
    return out, doubted


def _tail_of(found: dict[str, NDArray[Any]], rows: NDArray[np.intp]) -> Floats:
    return _tails(found["tail_share"][rows], found["tail_ratio"][rows])


def _tails(share: Floats, ratio: Floats) -> Floats:
    """``tail_variance`` of each row."""
    low = (1 - share * ratio) / (1 - share)
    return np.asarray(share * ratio**2 + (1 - share) * low**2 - 1, np.float64)
