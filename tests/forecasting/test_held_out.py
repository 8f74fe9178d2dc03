"""What is held out is a sample of the shop that speaks for all of it."""

from __future__ import annotations

import numpy as np

from forecasting.held_out import Draw
from stockwright.panel import SeriesIndex


def wide(skus: int, locations: int) -> SeriesIndex:
    """So many SKUs that each sell at so many locations."""
    return SeriesIndex(
        tuple(f"sku-{i:05d}" for i in range(skus)),
        tuple(f"shop-{i:03d}" for i in range(locations)),
        np.repeat(np.arange(skus), locations).astype(np.int32),
        np.tile(np.arange(locations), skus).astype(np.int32),
    )


def test_many_skus_are_drawn_where_each_sells_at_many_locations() -> None:
    """One series in a hundred of 400 SKUs at 60 locations: 240 series, of 60 SKUs and not of 4."""
    index = wide(400, 60)
    draw = Draw(index, 0.01)
    found = [draw.at(date) for date in range(40)]
    skus = [len(np.unique(index.sku[rows])) for rows in found]
    assert abs(np.mean([len(rows) for rows in found]) / 240 - 1) < 0.15
    assert np.mean(skus) > 45


def test_all_locations_of_a_sku_are_drawn_where_it_has_few() -> None:
    index = wide(600, 3)
    rows = Draw(index, 0.1).at(7)
    counts = np.unique(index.sku[rows], return_counts=True)[1]
    assert (counts == 3).all()
    assert 40 < len(counts) < 80


def test_a_larger_share_only_adds() -> None:
    index = wide(400, 20)
    few, many = (Draw(index, share).at(3) for share in (0.02, 0.05))
    assert np.isin(few, many).all()
    assert len(many) > len(few)
