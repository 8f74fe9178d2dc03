"""Forecast in blocks of series: bounded memory, parallel, and one bad series stays alone.

A block is the unit of parallelism and of failure isolation. Each series' forecast depends on its
own rows and on the model only, so neither the size of a block nor the number of workers decides
anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.night.events import Event, Observer
from stockwright.decomposition import PARTS, Decomposition
from stockwright.errors import DataError, describe
from stockwright.forecast import Forecast
from stockwright.panel import DemandPanel
from stockwright.plan import Finding

Predict = Callable[[DemandPanel], Forecast]
Rows = NDArray[np.int64]
_NO_MODEL = "none"


@dataclass(frozen=True)
class BlockRun:
    """How to cut and how to judge.

    block_size: series per block, >= 1. workers: blocks at a time, >= 1. failed_share: most of the
    series that may fail before the night does.
    """

    block_size: int
    workers: int
    failed_share: float


@dataclass(frozen=True)
class Failure:
    """A series without a forecast, and the fault that its prediction raised."""

    series: int
    fault: str


@dataclass(frozen=True)
class Route:
    """Series that a model of their own forecasts."""

    rows: Rows
    predict: Predict


def forecast_in_blocks(
    predict: Predict,
    panel: DemandPanel,
    horizon: int,
    run: BlockRun,
    observe: Observer,
    others: Sequence[Route] = (),
) -> tuple[Forecast, tuple[Finding, ...]]:
    """The forecast of all series, and a SERIES_FAILED finding for each that has none.

    others: series that another model than ``predict`` forecasts, each in one of them at most.

    A series that fails has mean 0, so that nothing is ordered on a forecast that does not exist.
    Raises DataError where more than the allowed share of the series fails.
    """
    allowed = int(run.failed_share * panel.n_series)
    rest = np.ones(panel.n_series, np.bool_)
    for route in others:
        rest[route.rows] = False
    routes = [Route(np.flatnonzero(rest), predict), *others]
    blocks = [
        (route.predict, route.rows[first : first + run.block_size])
        for route in routes
        for first in range(0, len(route.rows), run.block_size)
    ]
    parts: list[tuple[Rows, Forecast]] = []
    failures: list[Failure] = []
    with ThreadPoolExecutor(max_workers=run.workers) as pool:
        jobs = pool.map(lambda block: _isolated(block[0], panel, block[1], allowed), blocks)
        for done, (good, bad) in enumerate(jobs, start=1):
            parts += good
            failures += bad
            fields: dict[str, object] = {"done": done, "total": len(blocks)}
            observe(Event("progress", "forecast", fields=fields))
    _judge(failures, panel, allowed)
    return joined(parts, panel, horizon), tuple(_finding(failure) for failure in failures)


def _isolated(
    predict: Predict, panel: DemandPanel, rows: Rows, allowed: int
) -> tuple[list[tuple[Rows, Forecast]], list[Failure]]:
    """Forecast a block; where that fails, halve it until the bad series stand alone."""
    good: list[tuple[Rows, Forecast]] = []
    bad: list[Failure] = []
    waiting = [rows]
    while waiting and len(bad) <= allowed:
        some = waiting.pop()
        try:
            good.append((some, predict(panel.take(some))))
        except MemoryError:
            raise
        except Exception as error:
            if len(some) == 1:
                bad.append(Failure(int(some[0]), f"{type(error).__name__}: {error}"))
            else:
                half = len(some) // 2
                waiting += [some[half:], some[:half]]
    return good, bad


def _judge(failures: list[Failure], panel: DemandPanel, allowed: int) -> None:
    if len(failures) <= allowed:
        return
    skus, locations = panel.index.sku_names(), panel.index.location_names()
    cases = [f"{skus[f.series]} at {locations[f.series]}: {f.fault}" for f in failures]
    raise DataError(
        describe(
            f"series without a forecast, more than the {allowed} that gates.failed_series_share "
            "allows",
            cases,
            "mend their rows or raise the gate",
        )
    )


def joined(parts: list[tuple[Rows, Forecast]], panel: DemandPanel, horizon: int) -> Forecast:
    """One forecast in panel order; series in no part have mean 0 and the model "none"."""
    empty = Forecast.certain(panel.index, panel.origin, np.zeros((panel.n_series, horizon)))
    if not parts:
        return replace(empty, model_names=(_NO_MODEL,))
    names = tuple(sorted({name for _, part in parts for name in part.model_names} | {_NO_MODEL}))
    values = {field.name: getattr(empty, field.name) for field in fields(Forecast)}
    arrays: dict[str, Any] = {
        name: value.copy() for name, value in values.items() if isinstance(value, np.ndarray)
    }
    arrays["model"][:] = names.index(_NO_MODEL)
    told = [(rows, part.parts) for rows, part in parts]
    for rows, part in parts:
        codes = np.array([names.index(name) for name in part.model_names], np.uint8)
        for name, array in arrays.items():
            array[rows] = codes[part.model] if name == "model" else getattr(part, name)
    # What is not given per series is that of the first model, the same in every part of it.
    whole = _joined_parts(told, empty)
    return replace(parts[0][1], index=panel.index, model_names=names, parts=whole, **arrays)


def _joined_parts(
    told: list[tuple[Rows, Decomposition | None]], empty: Forecast
) -> Decomposition | None:
    """Parts in panel order, 0 for series in no block; None where a block tells of none."""
    units = np.zeros((len(PARTS), *empty.mean.shape), np.float32)
    for rows, part in told:
        if part is None:
            return None
        units[:, rows] = part.units
    return Decomposition(PARTS, units)


def _finding(failure: Failure) -> Finding:
    message: dict[str, float | str] = {"fault": failure.fault}
    return Finding("SERIES_FAILED", "high", failure.series, 0.0, message)
