"""The shadow of a night: what champion and challenger expected of the week, and what it sold.

week.npz      both forecasts of the first week after the night, with the segments of its series
sold.parquet  units of that week, once it is over: sku, location, units, seen (in stock throughout)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.store.files import written_whole
from stockwright.forecast import Forecast
from stockwright.panel import DemandPanel, SeriesIndex, Status

WEEK, SOLD = "week.npz", "sold.parquet"
_ARRAYS = (
    *("mean", "linear_dispersion", "step_variance", "level_variance", "quantum", "model"),
    *("tail_share", "tail_ratio", "committed", "committed_variance"),
)
_SIDES = ("champion", "challenger")
Labels = Mapping[str, NDArray[np.object_]]


@dataclass(frozen=True)
class Week:
    """Both forecasts of one index, cut to the first week. labels: (series,) segment by kind."""

    champion: Forecast
    challenger: Forecast
    labels: Labels

    @property
    def index(self) -> SeriesIndex:
        """The series."""
        return self.champion.index


def week_of(champion: Forecast, challenger: Forecast, labels: Labels, periods: int) -> Week:
    """The first ``periods`` steps of two forecasts, or all of them where they have fewer."""
    steps = min(periods, champion.horizon, challenger.horizon)
    return Week(_cut(champion, steps), _cut(challenger, steps), labels)


def _cut(forecast: Forecast, steps: int) -> Forecast:
    names = ("mean", "committed", "committed_variance")
    return replace(forecast, parts=None, **{n: getattr(forecast, n)[:, :steps] for n in names})


def write_week(folder: Path, week: Week) -> None:
    """Write ``week.npz``. Raises OSError."""
    index = week.index
    held: dict[str, Any] = {
        "skus": np.array(index.skus, np.str_),
        "locations": np.array(index.locations, np.str_),
        "sku": index.sku,
        "location": index.location,
        "origin": np.array(week.champion.origin),
    }
    for side in _SIDES:
        forecast: Forecast = getattr(week, side)
        held |= {f"{side}.{name}": getattr(forecast, name) for name in _ARRAYS}
        held[f"{side}.model_names"] = np.array(forecast.model_names, np.str_)
    held |= {f"label.{kind}": names.astype(np.str_) for kind, names in week.labels.items()}
    with written_whole(folder / WEEK) as file:
        np.savez_compressed(file, **held)


def read_week(folder: Path) -> Week:
    """Read ``week.npz``. Raises OSError, ValueError or KeyError where it is not whole."""
    with np.load(folder / WEEK, allow_pickle=False) as held:
        index = SeriesIndex(
            tuple(held["skus"].tolist()), tuple(held["locations"].tolist()),
            held["sku"], held["location"],
        )  # fmt: skip
        origin = int(held["origin"])
        sides = []
        for side in _SIDES:
            names = tuple(held[f"{side}.model_names"].tolist())
            arrays = {name: held[f"{side}.{name}"] for name in _ARRAYS}
            sides.append(Forecast(index=index, origin=origin, model_names=names, **arrays))
        kinds = [name for name in held.files if name.startswith("label.")]
        labels = {kind.partition(".")[2]: held[kind].astype(object) for kind in kinds}
    return Week(sides[0], sides[1], labels)


def write_sold(
    folder: Path, panel: DemandPanel, units: NDArray[np.float32], first: int, last: int
) -> None:
    """Write ``sold.parquet``: what was sold in periods first ... last of a panel. Raises OSError.

    units: (series, period) sold, commitments included.
    """
    span = slice(first, last + 1)
    frame = pd.DataFrame(
        {
            "sku": pd.array(panel.index.sku_names(), dtype="str"),
            "location": pd.array(panel.index.location_names(), dtype="str"),
            "units": units[:, span].sum(axis=1, dtype=np.float64),
            "seen": (panel.status[:, span] == Status.OBSERVED).all(axis=1),
        }
    )
    with written_whole(folder / SOLD) as file:
        frame.to_parquet(file, index=False, compression="zstd")
