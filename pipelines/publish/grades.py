"""What each grade holds and sells: its shares of SKUs, of the stock at cost and of the sales."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.publish.night import Night

Floats = NDArray[np.float64]
#: Sales of the shares look back this far.
PAST_DAYS = 365


def grade_shares(night: Night) -> dict[str, dict[str, dict[str, float]]]:
    """Shares by two letters, by life stage and of breakouts.

    Each name has ``skus`` (a SKU counts where its keys are, in equal parts), ``stock_value`` (on
    hand at cost) and ``sales`` (units of the last 365 days at list price).
    """
    items, sku = night.situation.network.items, night.index.sku
    price = np.where(np.isnan(items.price), items.unit_cost, items.price)
    recent = night.situation.sold[:, -max(PAST_DAYS // night.days, 1) :]
    weights = {
        "skus": 1.0 / np.bincount(sku)[sku],
        "stock_value": night.situation.stock.on_hand * items.unit_cost,
        "sales": recent.sum(axis=1, dtype=np.float64) * price,
    }
    hit = np.where(night.life().hit, "hit", "other").astype(object)
    by = {"abc_xyz": night.situation.catalog.abc_xyz, "life_stage": night.stages(), "hit": hit}
    return {name: _shares(codes, weights) for name, codes in by.items()}


def _shares(codes: NDArray[np.object_], weights: dict[str, Floats]) -> dict[str, dict[str, float]]:
    names, place = np.unique(codes.astype(str), return_inverse=True)
    parts = {what: np.bincount(place, weight, len(names)) for what, weight in weights.items()}
    whole = {what: max(float(part.sum()), 1e-300) for what, part in parts.items()}
    return {
        name: {what: round(float(part[row] / whole[what]), 4) for what, part in parts.items()}
        for row, name in enumerate(names.tolist())
    }
