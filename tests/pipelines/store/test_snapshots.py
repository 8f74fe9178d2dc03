"""Stock at the close of a night is what later nights, and only later nights, read."""

import numpy as np

from pipelines.store.snapshots import read_snapshots, snapshots_before, write_snapshot
from stockwright.panel import SeriesIndex
from stockwright.stock import StockPosition


def test_snapshots_come_back_as_the_stock_history_of_the_dates_before(tmp_path):
    index = SeriesIndex(("00123", "123", "9"), ("east",), np.arange(3), np.zeros(3))
    on_hand, unknown = np.array([0.0, 2.5, 7.0]), np.full(3, np.nan)
    known = np.array([True, True, False])
    none = np.empty(0)
    stock = StockPosition(on_hand, np.zeros(3), unknown, known, none, none, none)
    for date in ("2026-11-18", "2026-11-19", "2026-11-20"):
        write_snapshot(tmp_path, np.datetime64(date, "D"), index, stock)
    paths = snapshots_before(tmp_path, np.datetime64("2026-11-20", "D"))
    history = read_snapshots(paths)
    assert list(history["date"].dt.strftime("%Y-%m-%d")) == ["2026-11-18"] * 2 + ["2026-11-19"] * 2
    assert list(history["sku"].astype(str)) == ["00123", "123"] * 2
    assert list(history["on_hand"]) == [0.0, 2.5] * 2
