"""From tables to the situation of a night."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pipelines.assemble.ages import ages_of
from pipelines.assemble.arrivals import GoodShares, inbound_arrivals, position_of
from pipelines.assemble.cash import cash_of
from pipelines.assemble.catalog import attributes_of, catalog_of
from pipelines.assemble.clearing_answers import accepted_prices, clearance_answers
from pipelines.assemble.clearing_terms import clearing_terms, held_findings
from pipelines.assemble.commitments import Promised, after_the_end, promised_of
from pipelines.assemble.covariates import covariates_of
from pipelines.assemble.covering import Covered, covered_of, location_fallbacks
from pipelines.assemble.decisions import DECISION_COLUMNS, decided, earlier_lines_frame, promised
from pipelines.assemble.decisions import Promised as Lines
from pipelines.assemble.demand import Sold, Window, days_of, sold, window_of
from pipelines.assemble.festivals import with_festivals
from pipelines.assemble.funds import funds_of, unknown_categories
from pipelines.assemble.given import given_of
from pipelines.assemble.items import items_of, service_levels, tier_prices, unmeasured
from pipelines.assemble.keys import Keys, build_keys
from pipelines.assemble.kits import without_kits
from pipelines.assemble.notices import findings_of, given_findings
from pipelines.assemble.onhand import OnHand, mean_stock_of, on_hand_of
from pipelines.assemble.orders import order_lines
from pipelines.assemble.overriding import overrides_of
from pipelines.assemble.parties import locations_of
from pipelines.assemble.past import Past, location_has_sales, past_of
from pipelines.assemble.returns import returns_of
from pipelines.assemble.sideways import moved_lately
from pipelines.assemble.signals import with_signals
from pipelines.assemble.situation import Catalog, Situation
from pipelines.assemble.substitutes import article_fallbacks, substitute_notes
from pipelines.assemble.supply import Supply, supply_of, unused_notes
from pipelines.config import Config
from pipelines.config.festivals import festivals_of
from pipelines.ingest import Ingested, demand_lines
from stockwright.given import GivenForecast
from stockwright.network import ItemTerms, Locations, Network
from stockwright.panel import DemandPanel
from stockwright.plan import Finding
from stockwright.stock import StockPosition

_STAKE_DAYS = 28


@dataclass(frozen=True)
class _Night:
    """What every step of the assembly looks at."""

    tables: dict[str, pd.DataFrame]
    keys: Keys
    window: Window
    config: Config
    as_of: np.datetime64
    sales: Sold
    notes: list[str]
    answers: pd.DataFrame


@dataclass(frozen=True)
class _Parts:
    """What the steps of the assembly have found."""

    places: Locations
    held: OnHand
    past: Past
    supply: Supply
    catalog: Catalog
    covered: Covered


def assemble(
    ingested: Ingested,
    config: Config,
    as_of: np.datetime64,
    earlier_lines: pd.DataFrame | None = None,
    snapshots: pd.DataFrame | None = None,
    cleared: pd.DataFrame | None = None,
) -> Situation:
    """The situation at the close of ``as_of``.

    earlier_lines: lines of earlier nights' plans (line_id, sku, destination, source, units,
        available_date, kind), to which ``plan_status`` answers.
    cleared: lines of earlier nights' clearances (CLEARED_COLUMNS), to which it answers too.
    snapshots: stock at the close of earlier nights (date, sku, location, on_hand), used where
        there is neither ``availability`` nor ``stock_history``.

    Raises DataError when the tables cannot make a consistent panel.
    """
    tables = dict(ingested.tables)
    answers = clearance_answers(tables["plan_status"], cleared)
    others = ~tables["plan_status"]["line_id"].isin(set(answers["line_id"]))
    tables["plan_status"] = tables["plan_status"][others]
    if snapshots is not None and not len(tables["stock_history"]):
        tables["stock_history"] = snapshots
    as_of = np.array([as_of], "datetime64[D]")[0]
    tables, kit_notes = without_kits(tables)
    keys = build_keys(tables)
    lines = demand_lines(tables, config)
    window = window_of(days_of(lines["date"]), config.period, as_of, config.model.history_days)
    sales = sold(lines, keys, window)
    night = _Night(tables, keys, window, config, as_of, sales, kit_notes, answers)
    parts = _parts(night, "lanes" in ingested.given)
    situation = _situation(night, parts, ingested, earlier_lines_frame(earlier_lines))
    terms = clearing_terms(tables, parts.supply.costs, keys)
    # Kits as they were sold: their components are no baskets.
    days = config.clearance.bundles.days
    orders = order_lines(ingested.tables["sales"], keys, as_of, days)
    local = parts.covered.local
    return replace(situation, local_share=local, clearing=terms, answers=answers, orders=orders)


def _parts(night: _Night, lanes_given: bool) -> _Parts:
    tables, keys, sales, window = night.tables, night.keys, night.sales, night.window
    sells = location_has_sales(sales, keys)
    places = locations_of(tables["locations"], tables["lanes"], sells, keys, window.calendar.days)
    held = on_hand_of(tables["inventory"], places, keys, night.as_of)
    profile = night.config.calendar.selling_profile
    past = past_of(tables, sales, held, sells, keys, window, profile)
    order_date = night.as_of + np.timedelta64(1, "D")
    supply = supply_of(tables, lanes_given, sales, places, keys, night.config, order_date)
    value = sales.recent_units * supply.costs.price
    catalog = catalog_of(
        tables["products"], sales, past.status, value, past.listing, sells, keys, window,
        night.config.grades,
    )  # fmt: skip
    covered = covered_of(tables, places, keys, night.as_of, night.config.tiers)
    return _Parts(places, held, past, supply, catalog, covered)


def _situation(
    night: _Night, parts: _Parts, ingested: Ingested, earlier: pd.DataFrame
) -> Situation:
    keys, supply = night.keys, parts.supply
    panel, committed, signal_notes = _panel(night, parts)
    given, given_notes = _given(night, panel)
    returns, return_notes = returns_of(night.tables, panel, keys, night.window, night.config)
    joined = decided(night.tables["plan_status"], earlier)
    stock, lines, moving = _stock(night, parts, joined, ingested.findings)
    overrides, spoken, override_notes = overrides_of(
        night.tables["overrides"], supply.sources, keys, night.window.calendar,
        panel.origin, panel.horizon,
    )  # fmt: skip
    network = _network(night, parts, lines)
    found = [
        *given_findings(ingested.findings, keys),
        *parts.held.findings,
        *moving,
        *committed.findings,
        *after_the_end(committed.commitments, parts.past.listing.ends, night.window),
        *_of_keys(parts, network.items, stock, panel),
    ]
    notes = (*override_notes, *signal_notes, *committed.notes, *given_notes, *return_notes)
    return Situation(
        as_of=night.as_of,
        panel=panel,
        network=network,
        stock=stock,
        catalog=parts.catalog,
        overrides=overrides,
        findings=tuple(_priced(found, panel, supply)),
        notes=(*ingested.notes, *_notes(night, parts), *notes, *unmeasured(network, keys)),
        commitments=committed.commitments,
        given=given,
        returns=returns,
        mean_stock=mean_stock_of(night.tables["stock_history"], keys, night.as_of),
        previous_decisions=joined[list(DECISION_COLUMNS)].reset_index(drop=True),
        supplier_record=supply.record,
        past_overrides=replace(spoken, kept=committed.commitments) if spoken else None,
    )


def _notes(night: _Night, parts: _Parts) -> tuple[str, ...]:
    unused = unused_notes(parts.supply.lanes, parts.places, night.keys)
    told = substitute_notes(night.tables["products"])
    unknown = unknown_categories(parts.catalog.category, night.config)
    return (*night.notes, *parts.past.notes, *parts.supply.notes, *told, *unused, *unknown)


def _network(night: _Night, parts: _Parts, lines: Lines) -> Network:
    keys, config, supply = night.keys, night.config, parts.supply
    levels = service_levels(parts.catalog.abc_xyz, parts.places, keys, config)
    items = items_of(
        night.tables["products"], supply.costs, parts.past.listing.ends, levels, keys, config
    )
    price = items.shortage_cost * tier_prices(parts.places, keys, config)
    items = replace(items, shortage_cost=price)
    backs = location_fallbacks(parts.covered, keys)
    backs = backs.joined(article_fallbacks(night.tables["products"], price, keys))
    weeks, cash = cash_of(
        night.tables, supply.lanes, supply.sources, supply.costs.unit_cost, lines,
        keys, config, night.as_of + np.timedelta64(1, "D"),
    )  # fmt: skip
    funds = replace(funds_of(parts.catalog.category, keys, config), weeks=weeks, cash=cash)
    return Network(parts.places, supply.suppliers, supply.lanes, items, funds, backs)


def _panel(night: _Night, parts: _Parts) -> tuple[DemandPanel, Promised, list[str]]:
    tables, keys, supply = night.tables, night.keys, parts.supply
    horizon = max(night.config.horizon_periods(), supply.protection)
    accepted = accepted_prices(night.answers, tables["prices"], keys, night.window, horizon)
    covariates = covariates_of(
        tables["events"], tables["prices"], tables["products"], supply.list_price,
        keys, night.window, horizon, accepted,
    )  # fmt: skip
    calendar = night.config.calendar
    festivals = festivals_of(calendar.country, calendar.festival)
    covariates = with_festivals(covariates, night.window.calendar, festivals)
    committed = promised_of(tables, night.sales.units, covariates, keys, night.window, night.config)
    covariates, notes = with_signals(
        covariates, tables["signals"], tables["products"], keys, night.window
    )
    panel = DemandPanel(
        index=keys.index,
        calendar=night.window.calendar,
        demand=committed.demand,
        status=parts.past.status,
        in_stock=parts.past.in_stock,
        covariates=covariates,
        launch=parts.past.listing.launch,
        attributes=attributes_of(tables["products"], supply.list_price, parts.places, keys),
    )
    return panel, committed, notes


def _given(night: _Night, panel: DemandPanel) -> tuple[GivenForecast, list[str]]:
    table = night.tables["forecasts"]
    if night.config.forecasts.use == "ignore" or table.empty:
        return GivenForecast.none(), []
    return given_of(table, night.keys, panel.calendar, panel.origin, panel.horizon)


def _stock(
    night: _Night, parts: _Parts, joined: pd.DataFrame, found: pd.DataFrame
) -> tuple[StockPosition, Lines, tuple[Finding, ...]]:
    config, keys = night.config, night.keys
    shares = GoodShares.from_lanes(parts.supply.lanes, parts.supply.sources)
    inbound = inbound_arrivals(
        night.tables["inbound"],
        keys,
        night.as_of,
        config.period,
        config.gates.overdue_days,
        shares,
        parts.supply.delays,
    )
    lines = promised(joined, night.tables["inbound"], keys, night.as_of)
    stock = position_of(
        parts.held, inbound, lines, parts.places, keys, night.as_of, config.period, shares
    )
    since = night.as_of - np.timedelta64(config.transfers.rest_days, "D")
    moved_in, moved_out = moved_lately(night.tables["inbound"], joined, parts.places, keys, since)
    known = stock.known & ~_unreadable(found, keys)
    age = ages_of(
        stock.age_days, stock.on_hand, night.tables["receipts"], parts.catalog.first_sale,
        keys, night.as_of,
    )  # fmt: skip
    stock = replace(stock, age_days=age, known=known, moved_in=moved_in, moved_out=moved_out)
    return stock, lines, (*inbound.findings, *lines.findings)


def _unreadable(found: pd.DataFrame, keys: Keys) -> np.ndarray:
    """(series,) keys of inventory rows that were set aside: what is there is not known."""
    series = keys.series(found[found["code"] == "STOCK_UNREADABLE"])
    bad = np.zeros(keys.n_series + 1, np.bool_)
    bad[series] = True
    return bad[:-1]


def _of_keys(
    parts: _Parts, items: ItemTerms, stock: StockPosition, panel: DemandPanel
) -> list[Finding]:
    held = held_findings(stock, items, parts.supply.costs.assumed_cost, panel)
    return [*_no_lane(parts, items.stock_mode, panel), *held]


def _no_lane(parts: _Parts, stocked: np.ndarray, panel: DemandPanel) -> list[Finding]:
    """NO_LANE for every stocked key on sale, or with stock that counts, that nothing supplies."""
    supplied = np.zeros(panel.n_series, np.bool_)
    supplied[parts.supply.lanes.series] = True
    ended = parts.past.listing.ends <= panel.origin
    counts = parts.places.counts_stock[panel.index.location]
    return findings_of("NO_LANE", "medium", np.flatnonzero(~supplied & stocked & ~ended & counts))


def _priced(found: list[Finding], panel: DemandPanel, supply: Supply) -> list[Finding]:
    """Findings with the money at stake: the units they name at cost, else what four weeks of
    demand would lose if none of it were served.
    """
    periods = max(_STAKE_DAYS // panel.calendar.days, 1)
    stake = panel.demand[:, -periods:].sum(axis=1, dtype=np.float64) * supply.costs.shortage_cost
    cost = supply.costs.unit_cost
    return [
        one
        if one.series < 0
        else replace(
            one,
            money=float(
                float(one.message["units"]) * cost[one.series]
                if "units" in one.message
                else stake[one.series]
            ),
        )
        for one in found
    ]
