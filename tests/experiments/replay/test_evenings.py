"""An evening of a replay knows nothing of later days; with a perfect forecast it serves better."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.replay.arm import opened, play
from experiments.replay.evenings import fitted_block, forecast_key, replanned_block
from experiments.replay.tables import ReplayTables
from experiments.replay.world import World, opening_stock, world_of
from experiments.shop import Shop
from pipelines.config.variant import Variant
from pipelines.night.planning import Planning
from stockwright.forecast import Forecast

FIRST = np.datetime64("2025-09-21")
NIGHTS = 5
EVENINGS = FIRST + np.arange(NIGHTS)
LAST = FIRST + np.timedelta64(NIGHTS, "D")


@pytest.fixture(scope="module")
def tables(shop: Shop) -> ReplayTables:
    return ReplayTables.open(shop, LAST, None)


@pytest.fixture(scope="module")
def block(shop: Shop, tables: ReplayTables) -> tuple[Planning, ...]:
    return fitted_block(tables, shop.config, EVENINGS)


@pytest.fixture(scope="module")
def world(shop: Shop, tables: ReplayTables) -> World:
    return world_of(tables, shop.config, EVENINGS)


def _altered(shop: Shop, place: Path) -> Shop:
    """The shop with other sales, stock, receipts and prices after the first evening."""
    folder = place / "altered"
    shutil.copytree(shop.source, folder)
    for path in (*folder.glob("*.csv"), *folder.glob("*.parquet")):
        dates = {"sales": "date", "availability": "date", "receipts": "received_on"}
        known = {"prices": "known_since", "events": "known_since", "commitments": "known_since"}
        column = (dates | known).get(path.stem)
        if column is None:
            continue
        csv = path.suffix == ".csv"
        frame = pd.read_csv(path, dtype=str) if csv else pd.read_parquet(path)
        later = pd.to_datetime(frame[column]) > pd.Timestamp(FIRST)
        for name in {"units", "price", "in_stock", "units_received", "discount_off"} & {*frame}:
            values = pd.to_numeric(frame[name])
            other = values * (0.25 if name in ("in_stock", "discount_off") else 3.0)
            frame[name] = np.where(later, other, values)
        frame.to_csv(path, index=False) if csv else frame.to_parquet(path, index=False)
    return replace(shop, source=str(folder))


def test_later_rows_change_nothing_of_an_evenings_plan(
    shop: Shop, tables: ReplayTables, block: tuple[Planning, ...], world: World, tmp_path: Path
):
    other = _altered(shop, tmp_path)
    again = ReplayTables.open(other, LAST, None)
    assert (again.sku, again.location) == (tables.sku, tables.location)
    found = fitted_block(again, other.config, EVENINGS[:1])[0]
    assert np.array_equal(found.forecast.mean, block[0].forecast.mean)
    state = opened(world, opening_stock(world, block))
    one, two = (play(world, shop.config, state, [each]) for each in (found, block[0]))
    for name in vars(one.log):
        assert np.array_equal(getattr(one.log, name), getattr(two.log, name)), name
    ahead = world_of(again, other.config, EVENINGS)
    assert not np.array_equal(ahead.asked.units, world.asked.units)


@pytest.mark.slow
def test_a_perfect_forecast_loses_no_more_units(
    shop: Shop, block: tuple[Planning, ...], world: World
):
    state = opened(world, opening_stock(world, block))
    usual = play(world, shop.config, state, block).log
    sure = []
    for evening, planning in enumerate(block):
        ahead = np.zeros(planning.forecast.mean.shape)
        rest = world.asked.units[:, evening:]
        steps = min(ahead.shape[1], rest.shape[1])
        ahead[:, :steps] = rest[:, :steps]
        # What comes after the replay is as usual, for the plan looks further.
        ahead[:, steps:] = planning.forecast.mean[:, steps:]
        certain = Forecast.certain(world.index, planning.forecast.origin, ahead)
        sure.append(replace(planning, forecast=certain))
    knowing = play(world, shop.config, state, sure).log
    assert usual.missed.sum() > 0
    assert knowing.missed.sum() <= usual.missed.sum()


@pytest.mark.slow
def test_goods_that_are_weighed_are_conserved_too(
    shop: Shop, block: tuple[Planning, ...], world: World
):
    asked = replace(world.asked, units=world.asked.units * 0.37, whole=False)
    weighed = replace(world, asked=asked, terms=replace(world.terms, whole=False))
    opening = opening_stock(weighed, block) / 3
    log = play(weighed, shop.config, opened(weighed, opening), block).log
    before = np.concatenate([opening[:, None], log.left[:, :-1]], axis=1)
    into, out = log.received + log.returned, log.shipped + log.sold + log.expired
    assert np.abs(before + into - out - log.left).max() < 1e-6
    assert (log.left >= 0).all()
    served = log.sold - log.stood_in + log.elsewhere + log.missed
    assert np.allclose(served, asked.units)
    assert log.elsewhere.sum() > 0


def test_keys_that_are_not_replayed_begin_with_nothing(world: World, block: tuple[Planning, ...]):
    """So that figures of all keys are those of the keys that the plan keeps in stock."""
    kept = np.arange(world.index.n_series) % 3 > 0
    partly = replace(
        world,
        asked=replace(world.asked, replayed=world.asked.replayed & kept),
        known_stock=np.full(world.index.n_series, 7.0),
    )
    stock = opening_stock(partly, block)
    start = opened(partly, stock)
    assert not stock[~partly.asked.replayed].any()
    assert (stock[partly.asked.replayed] == 7.0).all()
    assert not start.shop.pipeline[~partly.asked.replayed].any()


def test_settings_of_stock_alone_share_the_forecasts_that_they_would_make(
    shop: Shop, tables: ReplayTables, block: tuple[Planning, ...]
):
    other = Variant("v", {"service": {"mode": "cycle", "default": 0.9}}).of(shop.config)
    assert forecast_key(other) == forecast_key(shop.config)
    shared = replanned_block(tables, other, EVENINGS[:1], block[:1])[0]
    own = fitted_block(tables, other, EVENINGS[:1])[0]
    assert np.array_equal(shared.forecast.mean, own.forecast.mean)
    assert np.array_equal(shared.network.items.service_level, own.network.items.service_level)
    assert (shared.network.items.service_level == 0.9).all()


@pytest.mark.parametrize(
    "change", [{"model": {"trees": 3}}, {"horizon": 40}, {"calendar": {"country": "CN"}}]
)
def test_settings_of_the_forecast_are_told_apart(shop: Shop, change: dict[str, object]):
    assert forecast_key(Variant("v", change).of(shop.config)) != forecast_key(shop.config)
