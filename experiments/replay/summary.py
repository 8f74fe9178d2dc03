"""The tables of a replay: by night, by series, by segment, and pairs of arms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.metrics.bootstrap import Blocks, paired_interval_in
from experiments.replay.money import METRICS, RATIOS, SUMS, Account
from experiments.replay.request import BASE
from experiments.replay.segments import ALL, segments_of
from experiments.replay.world import World

Floats = NDArray[np.float64]
_DRAWS = 1000
_DAILY = ("demand_units", "served_units", "lost_units", "stock_units", *SUMS[3:])


def by_night(accounts: Mapping[str, Account], world: World, settled: int) -> pd.DataFrame:
    """One row for each arm and period, warm-up included; ``counted`` is False in it.

    accounts: over all periods. date: the last day of the period.
    """
    ends = world.evenings + np.timedelta64(world.days, "D")
    frames = []
    for arm, account in accounts.items():
        sums = {name: account.total(name) for name in _DAILY}
        sums["stock_value"] = account.total("stock_days") / account.period_days
        asked = sums["demand_units"]
        sums["fill_rate"] = np.divide(
            sums["served_units"], asked, out=np.full(len(asked), np.nan), where=asked > 0
        )
        head = {"variant": arm, "date": ends, "counted": np.arange(len(ends)) >= settled}
        frames.append(pd.DataFrame(head | sums))
    return pd.concat(frames, ignore_index=True)


def by_series(accounts: Mapping[str, Account], world: World) -> pd.DataFrame:
    """One row for each arm and series that is replayed."""
    rows = np.flatnonzero(world.asked.replayed)
    index = world.index.take(rows)
    head: dict[str, Any] = {"sku": index.sku_names(), "location": index.location_names()}
    frames = []
    for arm, account in accounts.items():
        sums = {name: account.sums[name][rows].sum(axis=1) for name in account.sums}
        days = account.period_days * account.sums["profit"].shape[1]
        sums["days"] = np.full(len(rows), float(days))
        told = {name: _ratio(sums, *pair) for name, pair in RATIOS.items()}
        frames.append(pd.DataFrame({"variant": arm} | head | told | {n: sums[n] for n in SUMS}))
    return pd.concat(frames, ignore_index=True)


def _ratio(sums: Mapping[str, Floats], above: str, below: str) -> Floats:
    out = np.full(len(sums[above]), np.nan)
    np.divide(sums[above], sums[below], out=out, where=sums[below] != 0)
    return out


def by_segment(accounts: Mapping[str, Account], world: World) -> pd.DataFrame:
    """One row for each arm, segment and metric."""
    rows = [
        (arm, kind, name, metric, account.value(metric, series))
        for arm, account in accounts.items()
        for kind, name, series in segments_of(world.index, world.catalog)
        for metric in METRICS
    ]
    return pd.DataFrame(rows, columns=["variant", "segment_kind", "segment", "metric", "value"])


def paired(accounts: Mapping[str, Account], world: World) -> pd.DataFrame:
    """Each variant against the base, by segment and metric, with 95 % bootstrap intervals.

    Outcomes are weeks of SKUs: blocks of both are drawn, for demand of a SKU hangs together over
    time and that of a week over SKUs.
    """
    rows = []
    for kind, name, series in segments_of(world.index, world.catalog):
        cells = _Cells(world, series)
        for arm, account in accounts.items():
            if arm != BASE:
                pairs = cells.compared(accounts[BASE], account)
                rows += [(arm, BASE, kind, name, *pair) for pair in pairs]
    head = ["variant", "against", "segment_kind", "segment", "metric", "base", "value"]
    return pd.DataFrame(rows, columns=[*head, "difference", "low", "high"])


class _Cells:
    """The weeks of the SKUs of a segment. series: (series,) which are in it."""

    def __init__(self, world: World, series: NDArray[np.bool_]) -> None:
        self._series = np.flatnonzero(series & world.asked.replayed)
        self._sku = world.index.sku[self._series]
        self._world = world
        self._blocks: Blocks | None = None

    def compared(
        self, base: Account, value: Account
    ) -> Iterator[tuple[str, float, float, float, float, float]]:
        """metric, base, value, difference, low, high of each metric."""
        for metric in METRICS:
            pair = RATIOS.get(metric, (metric,))
            sums = [
                np.stack([self._of(account, name) for name in pair], axis=1)
                for account in (base, value)
            ]
            told = [_figure(each) for each in sums]
            found = paired_interval_in(self._drawn(base), *sums)
            yield metric, told[0], told[1], found.value, found.low, found.high

    def _weeks(self, account: Account) -> NDArray[np.int64]:
        periods = account.sums["profit"].shape[1]
        return np.arange(periods) // max(7 // account.period_days, 1)

    def _of(self, account: Account, name: str) -> Floats:
        """A sum of each week of each SKU, (cells,)."""
        week = self._weeks(account)
        skus, weeks = len(self._world.index.skus), int(week.max()) + 1
        if name == "days":
            # Days are no SKU's own: each has its part, so that their sum is the days.
            used = np.unique(self._sku)
            parts = np.bincount(week) * account.period_days / max(len(used), 1)
            out = np.zeros((skus, weeks))
            out[used] = parts
            return out[used].ravel()
        table = np.add.reduceat(
            account.sums[name][self._series], np.flatnonzero(np.diff(week, prepend=-1)), axis=1
        )
        out = np.zeros((skus, weeks))
        np.add.at(out, self._sku, table)
        return out[np.unique(self._sku)].ravel()

    def _drawn(self, account: Account) -> Blocks:
        if self._blocks is None:
            weeks = int(self._weeks(account).max()) + 1
            skus = len(np.unique(self._sku))
            ways = np.divmod(np.arange(skus * weeks), weeks)
            self._blocks = Blocks(ways, _DRAWS, self._world.seed)
        return self._blocks


def _figure(sums: Floats) -> float:
    total = sums.sum(axis=0)
    if len(total) == 1:
        return float(total[0])
    return float(total[0] / total[1]) if total[1] else float("nan")


def headline(table: pd.DataFrame, arm: str) -> dict[str, float]:
    """The metrics of an arm over the whole shop."""
    rows = table[(table["variant"] == arm) & (table["segment_kind"] == ALL)]
    return dict(zip(rows["metric"], rows["value"].astype(float), strict=True))
