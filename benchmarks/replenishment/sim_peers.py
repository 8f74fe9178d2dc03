"""A base-stock shop in a peer, run in its own environment: ``python sim_peers.py NAME FOLDER``.

Reads FOLDER/input.npz (demand (series, period), target, opening, lead, holding, shortage) and
prints one JSON line: SKU-periods, seconds of the simulation alone, and units missed. Imports
nothing of the project.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np


def replenishment(task: Any) -> tuple[float, float | None]:
    """Order, then count the lead time from that close: its lead time is ours plus one."""
    from replenishment import ArticleSimulationConfig, simulate_replenishment_for_articles

    target, lead = int(task["target"]), int(task["lead"])

    class BaseStock:
        def order_quantity_for(self, state: Any) -> int:
            return target - state.inventory_position

    demand = task["demand"].astype(int).tolist()
    articles = {
        str(number): ArticleSimulationConfig(
            len(row), row, int(task["opening"]), lead + 1, BaseStock(),
            float(task["holding"]), float(task["shortage"]),
        )
        for number, row in enumerate(demand)
    }  # fmt: skip
    began = time.perf_counter()
    found = simulate_replenishment_for_articles(articles)
    seconds = time.perf_counter() - began
    return seconds, float(sum(each.summary.total_backorders for each in found.values()))


def stockcast(task: Any) -> tuple[float, float | None]:
    """Receives, orders, then sells: its order of a period is ours at the close before."""
    import pandas as pd
    from stockcast.core import InventoryStateDataFrame, SimulationEngine
    from stockcast.policies import OrderUpToPolicy

    n, periods = task["demand"].shape
    lead, days = int(task["lead"]), pd.date_range("2026-01-02", periods=periods)
    names = [f"sku{i:05d}" for i in range(n)]
    demand = pd.DataFrame(
        {
            "unique_id": np.repeat(names, periods),
            "date": np.tile(days, n),
            "y": task["demand"].ravel(),
        }
    )
    shelf = pd.DataFrame({"unique_id": names, "date": days[0] - pd.Timedelta(days=1)})
    state = InventoryStateDataFrame.from_observed(shelf.assign(on_hand=float(task["opening"])))
    policy = OrderUpToPolicy(
        lead_time=lead, review_period=1, freq="D", service_level=0.95, allow_backorders=False
    )
    targets = pd.DataFrame({"unique_id": names, "S": float(task["target"])})
    policy.fit(targets, target_column="S", forecast_origin=days[0] - pd.Timedelta(days=1))
    began = time.perf_counter()
    result = SimulationEngine().run(policy=policy, demand_source=demand, inventory=state)
    seconds = time.perf_counter() - began
    return seconds, float(result.to_event_frame()["shortage_units"].sum())


def stockpyl(task: Any) -> tuple[float, float | None]:
    """One node a SKU; unmet demand is owed: it knows no lost sales."""
    from stockpyl.sim import simulation
    from stockpyl.supply_chain_network import single_stage_system

    seconds = 0.0
    for row in task["demand"]:
        network = single_stage_system(
            holding_cost=float(task["holding"]),
            stockout_cost=float(task["shortage"]),
            shipment_lead_time=int(task["lead"]),
            demand_type="D",
            demand_list=row.astype(int).tolist(),
            policy_type="BS",
            base_stock_level=int(task["target"]),
        )
        began = time.perf_counter()
        simulation(network, len(row), rand_seed=1, progress_bar=False)
        seconds += time.perf_counter() - began
    return seconds, None


PEERS = {"replenishment": replenishment, "stockcast": stockcast, "stockpyl": stockpyl}

if __name__ == "__main__":
    name, folder = sys.argv[1:]
    task = np.load(Path(folder) / "input.npz")
    seconds, missed = PEERS[name](task)
    print(json.dumps({"cells": task["demand"].size, "seconds": seconds, "missed": missed}))
