"""The forecast reaches as far as the longest chain of lanes needs."""

from __future__ import annotations

import numpy as np

from pipelines.assemble.lanes import longest_protection
from stockwright.network import Lanes


def lanes(series, kind, lead_time, review=1) -> Lanes:
    n = len(series)
    zeros = np.zeros(n)
    return Lanes(
        series=np.array(series), kind=np.array(kind), source=zeros, lead_time=np.array(lead_time),
        lead_time_sd=zeros, review=np.full(n, review), open_tonight=np.ones(n, np.bool_),
        available_date=np.full(n, np.datetime64("2026-01-01")), moq=zeros, multiple=zeros + 1,
        unit_cost=zeros, unit_freight=zeros, max_units=zeros + np.inf, priority=zeros + np.inf,
        break_start=np.zeros(n + 1, np.int64), break_units=np.zeros(0), break_cost=np.zeros(0),
        supplier_sku=("",) * n,
    )  # fmt: skip


def longest(table: Lanes, upstream, downward) -> int:
    return longest_protection(table, np.array(upstream), np.array(downward))


def test_every_level_of_a_chain_adds_its_own_lead_time_and_review() -> None:
    """Supplier to central 10 + 1, to a region 4 + 1, to a store 2 + 1."""
    table = lanes([0, 1, 2], [0, 1, 1], [10, 4, 2])
    assert longest(table, [-1, 0, 1], [True, True, True]) == 19
    bottom_up = lanes([0, 1, 2], [1, 1, 0], [2, 4, 10])
    assert longest(bottom_up, [1, 2, -1], [True, True, True]) == 19


def test_lateral_lanes_in_a_circle_count_only_where_nothing_else_supplies() -> None:
    table = lanes([0, 0, 1, 1], [0, 1, 0, 1], [10, 50, 6, 50])
    assert longest(table, [-1, 1, -1, 0], [True, False, True, False]) == 11
    alone = lanes([0, 1], [0, 1], [10, 50])
    assert longest(alone, [-1, 0], [True, False]) == 62


def test_no_lane_protects_one_period() -> None:
    assert longest(lanes([], [], []), [], np.zeros(0, np.bool_)) == 1
