"""The peers, run in their own environment: ``python peers.py FOLDER NAME``.

Reads FOLDER/input.npz (see exchange.py) and writes FOLDER/NAME.npz: quantiles of every step
(steps), of sums forecast directly from summed data (direct_SPAN), means, the seconds spent and
the peak memory. Imports nothing of the project.
"""

from __future__ import annotations

import resource
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LOCAL_MEMBERS = ("AutoETS", "Theta", "CrostonSBA", "TSB", "IMAPA")


@dataclass(frozen=True)
class Task:
    """What a peer is asked.

    key: (series,). demand: (series, period), from the period ``first`` (series,) on. covariates:
    name -> (series, period + horizon). static: name -> (series,). season: periods of a cycle.
    dates: first day of each period and step, datetime64. freq: of pandas.
    light: fewer trees, for origins that are only tuned on.
    """

    key: NDArray[np.uint64]
    demand: NDArray[np.float32]
    first: NDArray[np.int64]
    covariates: dict[str, NDArray[np.float32]]
    static: dict[str, NDArray[np.int32]]
    horizon: int
    levels: tuple[float, ...]
    season: int
    dates: NDArray[np.datetime64]
    freq: str
    light: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    def timed(self, name: str, began: float) -> float:
        """Count the time since ``began`` under a name; returns now."""
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - began
        return now


#: Quantiles (series, step, level) and means (series, step).
Said = tuple[Floats, Floats]


def read_task(folder: Path, local: bool) -> tuple[Task, tuple[int, ...]]:
    """The task of a folder, for the sample of the slow peers or for all, and the summed spans."""
    with np.load(folder / "input.npz") as file:
        given = {name: file[name] for name in file.files}
    rows = np.flatnonzero(given["local"] if local else given["wide"])
    periods = given["demand"].shape[1]
    days = int(given["days"])
    width = given["discount"].shape[1]
    dates = given["start"] + np.arange(width) * np.timedelta64(days, "D")
    least = 60 if days == 1 else 26
    first = np.clip(np.minimum(given["launch"][rows], periods - least), 0, None)
    covariates = {"discount": given["discount"][rows]}
    for name in ("event", "phase"):
        for code in range(1, int(given[name].max()) + 1):
            covariates[f"{name}_{code}"] = (given[name][rows] == code).astype(np.float32)
    if days == 1:
        covariates["holiday"] = np.broadcast_to(_holidays(dates), (len(rows), width))
    covariates = {k: v for k, v in covariates.items() if np.ptp(v) > 0}
    static = {k[10:]: v[rows] for k, v in given.items() if k.startswith("attribute_")}
    task = Task(
        key=given["key"][rows],
        demand=given["demand"][rows],
        first=first.astype(np.int64),
        covariates=covariates,
        static=static,
        horizon=width - periods,
        levels=tuple(given["levels"].tolist()),
        season=7 if days == 1 else 52,
        dates=dates,
        freq="D" if days == 1 else "W-MON",
        light=bool(given["light"]),
    )
    return task, tuple(span for span in given["pooled"].tolist() if span > 1)


def _holidays(dates: NDArray[np.datetime64]) -> NDArray[np.float32]:
    """Public holidays of mainland China in the years of the data, and weekends."""
    import holidays

    years = sorted({int(str(date)[:4]) for date in dates})
    free = np.array(sorted(holidays.country_holidays("CN", years=years)), "datetime64[D]")
    weekend = (dates.astype(np.int64) + 3) % 7 >= 5
    return (np.isin(dates.astype("datetime64[D]"), free) | weekend).astype(np.float32)


def summed(task: Task, span: int) -> Task:
    """The task in blocks of ``span`` periods that end at the origin, one block ahead."""
    periods = task.demand.shape[1]
    blocks = periods // span
    skip = periods - blocks * span

    def block(values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        part = values[:, skip : skip + count * span]
        return part.reshape(len(values), count, span).sum(axis=2)

    covariates = {k: block(v, blocks + 1) / span for k, v in task.covariates.items()}
    first = np.clip(-(-(task.first - skip) // span), 0, max(blocks - 4, 0))
    days = (task.dates[1] - task.dates[0]).astype(int)
    dates = task.dates[skip] + np.arange(blocks + 1) * np.timedelta64(int(days * span), "D")
    return Task(
        task.key, block(task.demand, blocks), first, covariates, task.static, 1, task.levels,
        max(round(task.season / span), 1) if task.season > 7 else 1, dates, f"{days * span}D",
        task.light, task.seconds,
    )  # fmt: skip


def long_frame(task: Task, with_covariates: bool = False):  # type: ignore[no-untyped-def]
    """Rows (unique_id, ds, y, covariates) of the history, and of the future without y."""
    import pandas as pd

    n, periods = task.demand.shape

    def frame(inside: NDArray[np.bool_], shift: int):  # type: ignore[no-untyped-def]
        series, period = np.nonzero(inside)
        columns = {"unique_id": series, "ds": task.dates[period + shift].astype("datetime64[ns]")}
        if with_covariates:
            for name, values in task.covariates.items():
                columns[name] = values[series, period + shift]
        return pd.DataFrame(columns), series, period

    past, series, period = frame(np.arange(periods) >= task.first[:, None], 0)
    past["y"] = task.demand[series, period].astype(np.float64)
    if with_covariates:
        for name, codes in task.static.items():
            past[name] = pd.Categorical(codes[series])
    future, _, _ = frame(np.ones((n, task.horizon), bool), periods)
    return past, future


def main(folder: Path, name: str) -> None:
    """Answer one task under one name."""
    from peer_models import MODELS

    warnings.filterwarnings("ignore")
    local = name in (*LOCAL_MEMBERS, "demandplan")
    task, spans = read_task(folder, local)
    model: Callable[[Task], Said] = MODELS[name]
    steps, mean = model(task)
    parts = {"key": task.key, "steps": steps.astype(np.float32), "mean": mean.astype(np.float32)}
    kept = dict(task.seconds)
    for span in spans:
        direct, _ = model(summed(task, span))
        parts[f"direct_{span}"] = direct[:, 0].astype(np.float32)
    kept["direct sums"] = sum(task.seconds.values()) - sum(kept.values())
    write(folder / f"{name}.npz", parts, kept)


def ensemble(folder: Path) -> None:
    """The median of the members' quantiles."""
    said = [np.load(folder / f"{name}.npz") for name in LOCAL_MEMBERS]
    parts = {"key": said[0]["key"]}
    for what in [each for each in said[0].files if each[:4] in ("step", "mean", "dire")]:
        parts[what] = np.median([each[what] for each in said], axis=0)
    total = {name: float(s["times"].sum()) for name, s in zip(LOCAL_MEMBERS, said, strict=True)}
    write(folder / "Ensemble.npz", parts, total)


def write(path: Path, parts: dict[str, NDArray[np.generic]], seconds: dict[str, float]) -> None:
    """Keep an answer; a half-written file never carries the final name."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    part = path.with_name(f"part-{path.name}")
    np.savez(
        part,
        **parts,
        time_names=np.array(list(seconds)),
        times=np.array(list(seconds.values())),
        peak_megabytes=np.array(peak),
    )
    part.replace(path)


if __name__ == "__main__":
    if sys.argv[2] == "Ensemble":
        ensemble(Path(sys.argv[1]))
    else:
        main(Path(sys.argv[1]), sys.argv[2])
