"""How suppliers deliver in a replay: as late and as incomplete as the shop's receipts show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.replay.chance import uniform
from pipelines.assemble import Situation
from pipelines.assemble.demand import days_of
from stockwright.panel import SeriesIndex

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Deliveries:
    """Past deliveries of each supplier, sorted by supplier: the draws of a replay.

    start: (suppliers + 1,) offsets into days and good. days: longer than the supplier's mean.
    good: good units of one ordered, in [0, 1].
    """

    start: Ints
    days: Floats
    good: Floats

    @classmethod
    def of(cls, receipts: pd.DataFrame, situation: Situation) -> Deliveries:
        """Order lines of ``receipts``, each with the days between order and goods."""
        names = situation.network.suppliers.names
        came = receipts["units_received"].to_numpy(np.float64)
        ordered = receipts["units_ordered"].to_numpy(np.float64)
        rejected = np.nan_to_num(receipts["units_rejected"].to_numpy(np.float64))
        days = (days_of(receipts["received_on"]) - days_of(receipts["ordered_on"])) / _DAY
        told = days_of(receipts["promised_on"])
        late = (days_of(receipts["received_on"]) - told) / _DAY
        days = np.where(np.isnat(told), days, late).astype(np.float64)
        code = pd.Index(names).get_indexer(receipts["supplier"].astype(object))
        asked = ordered > 0
        good = np.where(asked, (came - rejected) / np.where(asked, ordered, 1.0), 1.0)
        kept = np.flatnonzero((code >= 0) & np.isfinite(days) & (came > 0))
        order = kept[np.lexsort((good[kept], days[kept], code[kept]))]
        count = np.bincount(code[order], minlength=len(names))
        mean = np.bincount(code[order], days[order], len(names)) / np.maximum(count, 1)
        start = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
        return cls(start, days[order] - mean[code[order]], np.clip(good[order], 0.0, 1.0))

    @property
    def longest(self) -> int:
        """Days by which a delivery takes longer than usual at most."""
        return int(np.ceil(self.days.max(initial=0.0)))

    def drawn(
        self, index: SeriesIndex, date: np.datetime64, seed: int, series: Ints, supplier: Ints
    ) -> tuple[Floats, Floats]:
        """Days longer than usual, and good units of one ordered, for lines of one evening.

        series, supplier: (lines,) codes. A key and date draw the same delivery in every arm; a
        supplier without receipts is neither late nor short.
        """
        chance = uniform(index, np.array([date]), "deliveries", seed)[series, 0]
        count = np.diff(self.start)[supplier]
        row = self.start[supplier] + np.minimum((chance * count).astype(np.int64), count - 1)
        some = count > 0
        days, good = np.zeros(len(series)), np.ones(len(series))
        days[some], good[some] = self.days[row[some]], self.good[row[some]]
        return days, good
