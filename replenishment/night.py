"""One night's plan: lanes, needs, transfers, orders, and how every key is steered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from replenishment.allocation.rebalance import rebalance
from replenishment.allocation.room import Moves
from replenishment.lines.emergency import Emergencies, order_emergencies
from replenishment.lines.impossible import told_apart
from replenishment.lines.lateral import lateral_cuts, lateral_lines
from replenishment.lines.orders import place_orders
from replenishment.lines.outcome import joined_prices
from replenishment.lines.promised import check_promised
from replenishment.lines.steering import steer
from replenishment.lines.transfers import move_stock
from replenishment.network.echelon import build_echelons
from replenishment.network.expiry import without_expiring
from replenishment.network.lanes import LaneChoice, choose_lanes
from replenishment.params import PlanParams
from replenishment.peaks.tonight import built_up
from replenishment.wishes.find import Wishes, find_wishes
from replenishment.wishes.helped import with_help
from replenishment.wishes.overruled import cost_of_overrides
from stockwright.errors import DataError
from stockwright.forecast import Forecast
from stockwright.life import LifeStages
from stockwright.network import Network
from stockwright.overrides import Overrides
from stockwright.plan import Plan
from stockwright.stock import StockPosition


def plan_night(
    forecast: Forecast,
    network: Network,
    stock: StockPosition,
    params: PlanParams,
    overrides: Overrides | None = None,
    life: LifeStages | None = None,
    life_of_sku: LifeStages | None = None,
) -> Plan:
    """Decide what to order and what to move tonight.

    All arguments hold the same series in the same order. The forecast already carries what
    planners said about demand; of ``overrides`` the blocks, targets, levels and quantities are
    used. life, life_of_sku: handed on in the plan. Raises InfeasiblePlanError when frozen
    quantities break a hard limit, DataError when the arguments do not fit together.
    """
    said = _said(overrides, forecast, network, stock)
    # No demand after the end of an item's life, whoever made the forecast.
    sold = forecast.until(network.items.ends - forecast.origin)
    choice = choose_lanes(network, forecast.index)
    echelons = build_echelons(choice, network)
    stock, expiring = without_expiring(sold, network, stock, choice, echelons)
    helped = with_help(sold, network, stock, choice, echelons, params, said)
    sold, network = helped.forecast, helped.network
    rush = order_emergencies(sold, network, stock, choice, echelons, params, said)
    stock, params = rush.stock, replace(params, budget=max(params.budget - rush.value, 0.0))
    backed = rush.backed(network)
    first = rush.at_full_loss(find_wishes(sold, backed, stock, choice, echelons, params, said))
    check_promised(first, sold, network, stock, choice, params, said)
    overruled = cost_of_overrides(first, sold, network, stock, choice, echelons, params, said)
    policy = steer(first, sold, network, stock)
    good = replace(first, needs=first.needs.in_good_units())
    moves, gone = rebalance(good, sold, network, stock, choice, echelons, params, said)
    stock, wishes = _once_moved(moves, first, rush, sold, network, stock, choice, params, said)
    wishes = built_up(wishes, sold, network, stock, choice, echelons, params, said)
    moved = move_stock(wishes, sold, network, stock, choice, moves.leaving(first), params, said)
    ordered = place_orders(wishes, sold, network, stock, moved, params, said)
    found = (*wishes.findings(), *moved.findings, *ordered.findings)
    found = told_apart(found, wishes, sold, network, params)
    return Plan(
        policy=policy,
        orders=rush.behind(ordered.lines(wishes, policy)),
        transfers=moved.lines(wishes, policy).joined(lateral_lines(moves, first, network, policy)),
        findings=(*rush.findings, *found, *lateral_cuts(gone, first), *overruled.findings()),
        limits=joined_prices(rush.prices, moved.prices, ordered.prices),
        life=life,
        life_of_sku=life_of_sku,
        override_cost=overruled.of_series(len(stock.on_hand)),
        expiring=expiring,
        help=helped.help,
    )


def _said(
    overrides: Overrides | None, forecast: Forecast, network: Network, stock: StockPosition
) -> Overrides:
    """What planners say. Raises DataError unless all hold the same series."""
    if not forecast.index.n_series == len(network.items.unit_cost) == len(stock.on_hand):
        raise DataError("forecast, network and stock do not hold the same series")
    return overrides or Overrides.none(forecast.index.n_series, forecast.horizon)


def _once_moved(
    moves: Moves, wishes: Wishes, rush: Emergencies, forecast: Forecast, network: Network,
    stock: StockPosition, choice: LaneChoice, params: PlanParams, said: Overrides,
) -> tuple[StockPosition, Wishes]:  # fmt: skip
    """The stock with lateral transfers under way, and the wishes of the SKUs they move anew."""
    if not len(moves):
        return stock, wishes
    stock = moves.after(wishes, network, stock)
    skus = forecast.index.sku[wishes.series[moves.target]]
    touched = np.isin(forecast.index.sku, skus)
    few = LaneChoice(np.where(touched, choice.lane, -1), np.where(touched, choice.parent, -1))
    echelons = build_echelons(few, network)
    backed = rush.backed(network)
    anew = find_wishes(forecast, backed, stock, few, echelons, params, said)
    return stock, wishes.renewed(np.flatnonzero(touched[wishes.series]), rush.at_full_loss(anew))
