"""Parts of a shop in figures: categories, locations and classes of value of a night."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.record import Segment
from pipelines.assemble.segments import top_level

#: Most segments of a night: a run in MLflow each.
MOST = 20


def segments_of(keys: pd.DataFrame) -> tuple[list[Segment], int]:
    """The segments of a night, and how many smaller ones are left out.

    keys: as ``night.keys_of`` gives them. Classes of value come first, then the largest
    categories (top level) and locations by the demand that tonight's orders have to last for.
    """
    kinds = {
        "abc": keys["abc_xyz"].astype(str).str[:1],
        "category": pd.Series(top_level(keys["category"].to_numpy(object)), keys.index),
        "location": keys["location"].astype(str),
    }
    found: list[tuple[bool, float, str, str]] = []
    for kind, names in kinds.items():
        demand = keys["demand_mean"].fillna(0.0).groupby(names.to_numpy()).sum()
        known = demand[(demand.index != "") & (demand.index != "nan")]
        found += [(kind != "abc", -value, kind, str(name)) for name, value in known.items()]
    found.sort()
    chosen = [
        Segment(
            f"{kind} {name}",
            figures_of(keys[(kinds[kind] == name).to_numpy()]),
            {"segment_kind": kind, "segment": name},
        )
        for _, _, kind, name in found[:MOST]
    ]
    return chosen, len(found) - len(chosen)


def figures_of(keys: pd.DataFrame) -> dict[str, float]:
    """Figures of some keys; what cannot be told is left out.

    Accuracy and service level are weighted by the demand of the protection interval.
    """
    demand = keys["demand_mean"].fillna(0.0)
    cost = keys["unit_cost"].fillna(0.0)
    figures = {
        "keys": len(keys),
        "demand_mean": demand.sum(),
        "safety_stock_value": (keys["safety_stock"].fillna(0.0) * cost).sum(),
        "available_value": (keys["available"].fillna(0.0) * cost).sum(),
        "inbound_value": (keys["inbound_units"].fillna(0.0) * cost).sum(),
        "money_at_risk": keys["money_at_risk"].fillna(0.0).sum(),
        "stockout_days_8w": keys["stockout_days_8w"].mean(),
        "service_level": _weighted(keys["service_level"], demand),
        "wape_8w": _weighted(keys["wape_8w"], demand),
        "bias_8w": _weighted(keys["bias_8w"], demand),
    }
    return {name: float(value) for name, value in figures.items() if np.isfinite(value)}


def _weighted(values: pd.Series, weights: pd.Series) -> float:
    """Mean of the known values; NaN where none has a weight."""
    known = values.notna() & (weights > 0)
    whole = float(weights[known].sum())
    return float((values[known] * weights[known]).sum()) / whole if whole > 0 else np.nan
