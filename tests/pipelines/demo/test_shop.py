"""Demand and stock of the demo shop, in memory."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.demo import DemoParams
from pipelines.demo.params import REGIONAL
from pipelines.demo.position import batches, closing, received
from pipelines.demo.stock import BURN_IN
from pipelines.demo.write import make_shop
from stockwright.errors import ConfigError


def test_regional_stock_is_conserved(shop):
    record = shop.record
    # What was shipped before the record arrives inside it: taken from the balance of each day
    # after the longest transfer, by running the balance from there.
    start = max(site.transfer_days for site in REGIONAL) + 1
    flow = received(record)[:, :, :3]
    moved = flow[start:].sum(axis=0) - record.sold[start:].sum(axis=0, dtype=np.int64)
    early = record.closing - moved
    assert (early >= 0).all()
    # The same balance forward: stock at the close of every day is never negative, and is zero
    # exactly on days on which demand was cut or stock ended.
    stock = early + np.cumsum(flow[start:] - record.sold[start:], axis=0)
    assert (stock >= 0).all()
    np.testing.assert_array_equal(stock[-1], record.closing)
    cut = record.in_stock[start:] < 1
    assert (stock[cut] == 0).all()
    assert cut.any()


def test_central_stock_is_conserved(shop):
    record = shop.record
    moved = record.bought.sum(axis=0, dtype=np.int64) - record.shipped.sum(axis=(0, 2))
    np.testing.assert_array_equal(record.central_opening + moved, record.central_closing)


def test_sales_are_demand_where_in_stock_and_less_elsewhere(shop):
    record, demand = shop.record, shop.demand[BURN_IN:]
    whole = record.in_stock == 1
    np.testing.assert_array_equal(record.sold[whole], demand[whole])
    partly = (record.in_stock > 0) & ~whole
    assert (record.sold[partly] < demand[partly]).all()
    assert (record.sold[record.in_stock == 0] == 0).all()
    assert partly.any()


def test_returns_are_sales_of_the_same_key_that_come_back(shop):
    record = shop.record
    sold, back = record.sold.sum(axis=0), record.returned.sum(axis=0)
    assert (record.restocked <= record.returned).all()
    share = back.sum() / sold.sum()
    assert 0.02 < share < 0.15
    days = np.arange(30, len(record.sold))
    assert (np.cumsum(record.returned, axis=0)[days[-1]] <= sold + back[0] + 60).all()


def test_the_batches_on_hand_add_up_to_the_stock_first_in_first_out(shop):
    sku, site, day, units = batches(shop.record)
    total = np.zeros_like(closing(shop.record))
    np.add.at(total, (sku, site), units)
    np.testing.assert_array_equal(total, closing(shop.record))
    assert (units > 0).all()
    # No batch is larger than what came in on its day, but for the oldest of all.
    flow = received(shop.record)
    newer = day > shop.record.first_day
    came = flow[(day - shop.record.first_day)[newer], sku[newer], site[newer]]
    assert (units[newer] <= came).all()


def test_a_sku_and_a_day_sell_the_same_in_a_larger_and_a_longer_shop(shop):
    other = make_shop(40, 200, 3, DemoParams())
    np.testing.assert_array_equal(other.demand[BURN_IN:], shop.demand[-200:, :40])
    np.testing.assert_array_equal(
        other.mean[BURN_IN:], shop.mean[-len(other.mean) + BURN_IN :, :40]
    )


def test_mean_demand_follows_the_elasticity_at_a_price_cut(shop):
    """Regression of log demand on log price over in-cut and usual days finds the exponent."""
    relative = np.log(shop.price / shop.items.price)
    mean = np.log(np.where(shop.mean.sum(axis=2) > 0, shop.mean.sum(axis=2), np.nan))
    # The day before a cut and its first day differ in weekday, season and price alone.
    table = shop.table.off.max(axis=1)[-len(relative) :]
    quiet = (table[1:] == 0) & (table[:-1] == 0)
    step = np.diff(relative, axis=0)
    jump = (np.abs(step) > 0.1) & quiet[:, None] & np.isfinite(np.diff(mean, axis=0))
    sku = np.nonzero(jump)[1]
    slope = np.diff(mean, axis=0)[jump] / step[jump]
    error = slope + shop.items.elasticity[sku]
    assert jump.sum() > 200
    assert abs(np.median(error)) < 0.1


@pytest.mark.parametrize("wrong", [{"cut_share": 1.5}, {"head_rate": 0}, {"lump_low": 9.0}])
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        DemoParams(**wrong)
