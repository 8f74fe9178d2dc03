"""Nights of the demo shop for replays: each evening's network and forecast, kept in a cache.

A replay walks through days that the shop's tables have recorded. Every evening the engine sees the
recorded sales up to that day, and everything that was known ahead by then; what it decides meets
the true demand of the days after.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks" / "forecasting")]

from rounds import cut  # noqa: E402

from forecasting.model import FittedModel, fit  # noqa: E402
from forecasting.params import ModelParams  # noqa: E402
from pipelines.assemble import Situation, assemble  # noqa: E402
from pipelines.config import load_config  # noqa: E402
from pipelines.demo import Truth, write_demo  # noqa: E402
from pipelines.ingest import read_tables  # noqa: E402
from stockwright.commitments import Commitments  # noqa: E402
from stockwright.forecast import Forecast  # noqa: E402
from stockwright.network import Network  # noqa: E402
from stockwright.panel import DemandPanel  # noqa: E402

Floats = NDArray[np.float64]
DAY = np.timedelta64(1, "D")
DAYS, HORIZON, REFIT, RECENT = 1120, 45, 28, 90
# Days for which price cuts are announced in the demo shop.
ANNOUNCED = 45
# The best sellers that make this share of the last year's value are the hits.
HIT_SHARE = 0.6
_SOURCES = ("pipelines/demo", "pipelines/assemble", "forecasting", "features", "stockwright")


@dataclass(frozen=True)
class Evening:
    """The close of one day.

    recent: (series, RECENT) units sold in the last days. hit: (series,) its SKU is among those
    that sell half of the shop's value.
    """

    date: np.datetime64
    forecast: Forecast
    network: Network
    recent: Floats
    hit: NDArray[np.bool_]


@dataclass(frozen=True)
class Span:
    """The evenings of a replay and what follows them.

    demand: (series, evenings) true units asked for on the day after each evening. price:
    (series, evenings) what is paid for a unit then.
    """

    evenings: tuple[Evening, ...]
    demand: Floats
    price: Floats


def sources_key() -> str:
    """Hash of the code that a night depends on."""
    text = hashlib.sha256()
    for place in _SOURCES:
        for path in sorted((ROOT / place).rglob("*.py")):
            text.update(path.read_bytes())
    return text.hexdigest()[:12]


def span_of(
    cache: Path, seed: int, skus: int, first: str, days: int, horizon: int = HORIZON
) -> Span:
    """Evenings from ``first`` on with forecasts of ``horizon`` days, cached or made anew."""
    cache.mkdir(parents=True, exist_ok=True)
    kept = cache / f"nights-{sources_key()}-{seed}-{skus}-{first}-{days}-{horizon}.pickle"
    if kept.exists():
        found: Span = pickle.loads(kept.read_bytes())
        return found
    span = _made(shop_folder(cache, seed, skus), np.datetime64(first), days, horizon)
    kept.write_bytes(pickle.dumps(span))
    return span


def shop_folder(cache: Path, seed: int, skus: int) -> Path:
    """Folder of the tables of a shop, written unless it is there."""
    key = hashlib.sha256()
    for path in sorted((ROOT / "pipelines" / "demo").glob("*.py")):
        key.update(path.read_bytes())
    folder = cache / f"demo-replay-{skus}-{key.hexdigest()[:12]}-{seed}"
    if not (folder / "stockwright.toml").is_file():
        write_demo(folder, skus=skus, days=DAYS, seed=seed)
        # Stock is the replay's own; without a date the rows tell of every night which keys exist.
        stock = pd.read_csv(folder / "inventory.csv", dtype=str)
        stock.drop(columns="date").to_csv(folder / "inventory.csv", index=False)
        # In the replay everybody delivers on the stated terms, and no location stands in.
        for name in ("coverage", "receipts", "closures"):
            (folder / f"{name}.csv").unlink()
    return folder


def _made(folder: Path, first: np.datetime64, days: int, horizon: int) -> Span:
    truth = Truth.load(folder)
    evenings = tuple(_evenings(folder, first, days, horizon))
    index = evenings[0].forecast.index
    rows = truth.rows(index.sku_names(), index.location_names())
    dates = first + DAY * np.arange(1, days + 1)
    demand = truth.demand(dates[0], days).reshape(-1, days)[np.maximum(rows, 0)].astype(np.float64)
    price = np.repeat(truth.planned_price(dates), len(truth.locations), axis=0)
    known = (rows >= 0)[:, None]
    return Span(evenings, np.where(known, demand, 0.0), price[np.maximum(rows, 0)] * known)


def _evenings(folder: Path, first: np.datetime64, days: int, horizon: int) -> Iterator[Evening]:
    """Weekly assemblies, whose panel is seen as it stood at each day of the week before.

    Price cuts are known ANNOUNCED days ahead and events 75 days: of later days the panel of the
    week's first evening tells, so that nothing is seen that was not known. Promises are those of
    the week's first evening, too. Order weekdays repeat every week.
    """
    starts = [situation_of(folder, first + DAY * day, horizon + 7) for day in range(7)]
    names = _names(starts[0])
    networks = [_restricted(start, names) for start in starts]
    hits = _hits(starts[0])
    fitted: FittedModel | None = None
    begun = starts[0]
    for week in range(0, days, 7):
        later = situation_of(folder, first + DAY * (week + 7), horizon + 7)
        rows, sold = _names(later).get_indexer(names), later.sold
        whole = later.panel.take(rows)
        before = begun.panel.take(_names(begun).get_indexer(names))
        for day in range(week, min(week + 7, days)):
            panel = cut(whole, whole.origin - 7 + day - week, horizon)
            panel = _as_announced(panel, before, day - week)
            if fitted is None or day % REFIT == 0:
                params = ModelParams.for_period("day", horizon)
                fitted = fit(panel, replace(params, country="CN", threads=1))
            forecast = fitted.predict(panel, horizon, fitted.context(panel))
            forecast = replace(_promised(begun, day - week, names).on(forecast), parts=None)
            recent = sold[rows, panel.origin - RECENT + 1 : panel.origin + 1]
            yield Evening(
                first + DAY * day, forecast, networks[day % 7], recent.astype(np.float64), hits
            )
        begun = later


def _as_announced(panel: DemandPanel, before: DemandPanel, passed: int) -> DemandPanel:
    """The panel with prices beyond ANNOUNCED days as they were known ``passed`` days ``before``."""
    shown, known = panel.covariates, before.covariates
    ahead = np.arange(ANNOUNCED + 1, panel.horizon + 1)
    told = {}
    for name in ("price", "discount"):
        told[name] = np.array(getattr(shown, name))
        told[name][:, panel.origin + ahead] = getattr(known, name)[
            :, before.origin + passed + ahead
        ]
    return replace(panel, covariates=replace(shown, **told))


def _names(situation: Situation) -> pd.MultiIndex:
    index = situation.panel.index
    return pd.MultiIndex.from_arrays([index.sku_names(), index.location_names()])


def _promised(begun: Situation, passed: int, names: pd.MultiIndex) -> Commitments:
    """What was promised at the close of ``begun``, ``passed`` days later."""
    told = begun.commitments
    series = names.get_indexer(_names(begun))[told.series]
    ahead = (told.step > passed) & (series >= 0)
    open_rows = {name: getattr(told, name)[ahead] for name in ("units", "variance")}
    none = np.zeros(0, np.int64)
    return replace(
        told, series=series[ahead], step=told.step[ahead] - passed, **open_rows,
        kept_series=none, kept_period=none, kept_units=np.zeros(0),
    )  # fmt: skip


def situation_of(folder: Path, date: np.datetime64, horizon: int) -> Situation:
    """The shop at the close of ``date``, with what is known ``horizon`` days ahead."""
    config = load_config(folder=folder)
    model = config.model.model_copy(update={"history_days": 2000})
    config = config.model_copy(update={"horizon": horizon, "model": model})
    return assemble(read_tables(str(folder), config, date), config, date)


def _restricted(situation: Situation, names: pd.MultiIndex) -> Network:
    """The network with the keys of ``names`` alone, in their order."""
    rows, network = names.get_indexer(_names(situation)), situation.network
    back = _names(situation).get_indexer(names)
    items = {f.name: getattr(network.items, f.name)[back] for f in fields(network.items)}
    lanes = network.lanes
    kept = np.flatnonzero(rows[lanes.series] >= 0)
    count = np.diff(lanes.break_start)
    step = np.repeat(np.isin(np.arange(len(lanes)), kept), count)
    told: dict[str, Any] = {
        "break_start": np.concatenate([[0], np.cumsum(count[kept])]),
        "break_units": lanes.break_units[step],
        "break_cost": lanes.break_cost[step],
        "supplier_sku": tuple(lanes.supplier_sku[i] for i in kept),
        "series": rows[lanes.series[kept]],
    }
    for each in fields(lanes):
        value = getattr(lanes, each.name)
        if each.name not in told and isinstance(value, np.ndarray) and len(value) == len(lanes):
            told[each.name] = value[kept]
    return replace(network, items=replace(network.items, **items), lanes=replace(lanes, **told))


def _hits(start: Situation) -> NDArray[np.bool_]:
    """Keys of the SKUs that made most of the last year's value, (series,)."""
    index, items = start.panel.index, start.network.items
    price = np.where(np.isfinite(items.price), items.price, items.unit_cost)
    value = np.bincount(index.sku, start.sold[:, -365:].sum(axis=1) * price, len(index.skus))
    order = np.argsort(-value, kind="stable")
    best = np.zeros(len(value), np.bool_)
    best[order[np.cumsum(value[order]) - value[order] < HIT_SHARE * value.sum()]] = True
    return np.asarray(best[index.sku])
