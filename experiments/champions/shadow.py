"""Nights in the shadow as evidence: champion and challenger on the weeks that both foresaw.

Each night's forecast of the week after it is held against what that week sold at the keys that
were in stock throughout. Weeks of consecutive nights overlap, so the blocks that are drawn for an
interval are SKUs and stretches of seven nights.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.champions.gate import LEVELS
from experiments.metrics.bootstrap import Blocks, paired_ratio_intervals
from experiments.metrics.calibration import pit_bounds, pit_share
from experiments.metrics.losses import LEVELS as PINBALL_LEVELS
from experiments.metrics.losses import pinball
from pipelines.night.shadow import MONEY
from pipelines.store.champions import ChampionFolder
from pipelines.store.shadows import SOLD, WEEK, Week, read_week
from stockwright.forecast import Forecast
from stockwright.panel import text_hash

Floats = NDArray[np.float64]
#: Top and bottom of each metric, (rows,) each.
Pairs = dict[str, tuple[Floats, Floats]]
_DRAWS, _STRETCH = 500, 7
_STABLE = "stability"


@dataclass(frozen=True)
class NightMoney:
    """Figures of one night's plans by name, None where there is nothing to tell one."""

    date: str
    champion: Mapping[str, float | None]
    challenger: Mapping[str, float | None]


@dataclass(frozen=True)
class ShadowWeeks:
    """What the nights in the shadow say.

    paired: as ``paired.parquet`` of a backtest. nights: whose week was scored. weeks: as many as
    they fill: of whole weeks, and of stretches of seven days that they lie in, the fewer. money:
    figures of both plans, of each night. span: dates of the first and the last night scored.
    """

    paired: pd.DataFrame | None
    nights: int
    weeks: int
    money: tuple[NightMoney, ...]
    span: tuple[str, str]


@dataclass(frozen=True)
class _Rows:
    """One night's series that were in stock throughout."""

    sku: NDArray[np.int64]
    stretch: int
    labels: Mapping[str, NDArray[np.object_]]
    champion: Pairs
    challenger: Pairs


def shadow_weeks(
    folder: ChampionFolder, version: str, champion: str, shop: str = ""
) -> ShadowWeeks:
    """The nights that a challenger spent beside a champion.

    shop: digest of the shop's configuration that they had, "" for any. Raises OSError, ValueError
    or KeyError where a file of them is damaged.
    """
    nights = [folder.shadow(version) / name for name in folder.nights_of(version)]
    cards = [json.loads((night / MONEY).read_text("utf-8")) for night in nights]
    mine = [
        (night, card)
        for night, card in zip(nights, cards, strict=True)
        if card["against"] == champion and (not shop or card.get("shop", shop) == shop)
    ]
    scored = [night for night, _ in mine if (night / SOLD).is_file() and (night / WEEK).is_file()]
    rows = list(_rows_of(scored))
    table = _paired(rows, version, champion) if rows else None
    money = tuple(NightMoney(c["date"], c["champion"], c["challenger"]) for _, c in mine)
    # Nights before periods were written down were those of days.
    days = mine[-1][1].get("days", 1) if mine else 1
    weeks = min(len({one.stretch for one in rows}), len(rows) * days // _STRETCH)
    span = (scored[0].name, scored[-1].name) if scored else ("", "")
    return ShadowWeeks(table, len(rows), weeks, money, span)


def _rows_of(nights: Sequence[Path]) -> Iterator[_Rows]:
    before: tuple[np.datetime64, Week] | None = None
    for night in nights:
        date, week = np.datetime64(night.name, "D"), read_week(night)
        sold = _sold(night, week)
        seen = np.flatnonzero(np.isfinite(sold))
        # The night before foresaw the same days but one.
        last = before[1] if before and before[0] == date - np.timedelta64(1, "D") else None
        champion, challenger = (
            _pairs(getattr(week, side), sold, seen, getattr(last, side, None))
            for side in ("champion", "challenger")
        )
        labels = {kind: names[seen] for kind, names in week.labels.items()}
        code = text_hash(week.index.skus).view(np.int64)[week.index.sku[seen]]
        yield _Rows(code, int(date.astype(np.int64)) // _STRETCH, labels, champion, challenger)
        before = (date, week)


def _sold(night: Path, week: Week) -> Floats:
    """Units that each series sold in the week, (series,); NaN where it was not always in stock."""
    table = pd.read_parquet(night / SOLD)
    keys = pd.MultiIndex.from_frame(table[["sku", "location"]].astype(object))
    units = pd.Series(table["units"].where(table["seen"]).to_numpy(np.float64), keys)
    wanted = pd.MultiIndex.from_arrays([week.index.sku_names(), week.index.location_names()])
    return np.asarray(units.reindex(wanted), np.float64)


def _pairs(
    forecast: Forecast, sold: Floats, seen: NDArray[np.int64], before: Forecast | None
) -> Pairs:
    units = sold[seen]
    total = forecast.take(seen).total(1, forecast.horizon)
    below, above = pit_bounds(total, units)
    quantile = total.quantile(PINBALL_LEVELS)
    one = np.ones(len(seen))
    found: Pairs = {
        "pinball": (pinball(quantile, units), units),
        "wape": (np.abs(quantile[:, 0] - units), units),
        "bias": (total.mean - units, units),
    }
    for level in LEVELS:
        found[f"coverage_{100 * level:.0f}"] = (pit_share(below, above, level), one)
    found[_STABLE] = _moved(forecast, before, seen)
    return found


def _moved(
    forecast: Forecast, before: Forecast | None, seen: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """How far the means of the same days moved since the night before, and those means."""
    zeros = np.zeros(len(seen))
    if before is None or forecast.horizon < 2 or not _same_names(before, forecast):
        return zeros, zeros
    sku, location = (
        codes[seen].astype(np.int64) for codes in (forecast.index.sku, forecast.index.location)
    )
    places = before.index.find(sku, location)
    known = places >= 0
    old = before.expected[np.maximum(places, 0), 1:].astype(np.float64)
    new = forecast.expected[seen, :-1].astype(np.float64)
    steps = min(old.shape[1], new.shape[1])
    change = np.abs(new[:, :steps] - old[:, :steps]).sum(axis=1)
    return np.where(known, change, 0.0), np.where(known, new[:, :steps].sum(axis=1), 0.0)


def _same_names(one: Forecast, other: Forecast) -> bool:
    return one.index.skus == other.index.skus and one.index.locations == other.index.locations


def _paired(rows: Sequence[_Rows], version: str, champion: str) -> pd.DataFrame:
    sku = np.concatenate([one.sku for one in rows])
    stretch = np.repeat([one.stretch for one in rows], [len(one.sku) for one in rows])
    sides = [_columns([getattr(one, side) for one in rows]) for side in ("champion", "challenger")]
    metrics = list(rows[0].champion)
    parts = []
    for kind, segment, some in _segments(rows):
        blocks = Blocks((sku[some], stretch[some]), _DRAWS)
        base, value = (tuple(part[some] for part in side) for side in sides)
        found = paired_ratio_intervals(blocks, (base[0], base[1]), (value[0], value[1]))
        frame = pd.DataFrame(found, columns=["difference", "low", "high"])
        frame.insert(0, "value", _ratio(*value))
        frame.insert(0, "base", _ratio(*base))
        frame.insert(0, "metric", metrics)
        frame.insert(0, "segment", segment)
        frame.insert(0, "segment_kind", kind)
        parts.append(frame)
    return pd.concat(parts, ignore_index=True).assign(variant=version, against=champion)


def _segments(rows: Sequence[_Rows]) -> Iterator[tuple[str, str, NDArray[np.int64]]]:
    yield "all", "all", np.arange(sum(len(one.sku) for one in rows))
    for kind in rows[0].labels:
        names = np.concatenate([one.labels[kind] for one in rows]).astype(str)
        order = np.argsort(names, kind="stable")
        found, starts = np.unique(names[order], return_index=True)
        for name, some in zip(found.tolist(), np.split(order, starts[1:]), strict=True):
            if name:
                yield kind, name, np.sort(some)


def _columns(pairs: Sequence[Pairs]) -> tuple[Floats, Floats]:
    """Tops and bottoms of all metrics, (rows, metrics) each."""
    tops, bottoms = (
        np.stack([np.concatenate([one[name][k] for one in pairs]) for name in pairs[0]], axis=1)
        for k in (0, 1)
    )
    return tops, bottoms


def _ratio(top: Floats, bottom: Floats) -> Floats:
    over, under = top.sum(axis=0), bottom.sum(axis=0)
    return np.asarray(np.where(under != 0, over / np.where(under != 0, under, 1.0), np.nan))
