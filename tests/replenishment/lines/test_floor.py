"""A floor under what every location gets of scarce stock."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replenishment import PlanParams, plan_night
from replenishment.limits.prices import Limit
from replenishment.lines.floor import floor_units
from replenishment.wishes.lots import LotTerms
from stockwright.errors import ConfigError
from stockwright.overrides import Overrides

#: A floor goes by what each location alone would want.
PARAMS = PlanParams(paths=128, pooling=False)


def terms_of(first, lot, n):
    columns = (first, lot, 1e9, 0.0, 1.0, 1.0)
    return LotTerms(*(np.broadcast_to(np.float64(value), (n,)) for value in columns))


def floors(wanted, room, floor, lot=1.0, first=None):
    """Floors of one source that feeds all keys."""
    wanted = np.asarray(wanted, np.float64)
    limit = Limit("", np.zeros(len(wanted), np.int64), np.ones(len(wanted)), np.array([room]))
    terms = terms_of(lot if first is None else first, lot, len(wanted))
    return floor_units(wanted, limit, limit.broken(wanted), terms, floor)


lots_wanted = st.lists(st.integers(0, 9), min_size=1, max_size=4)


@given(lots_wanted, st.integers(0, 20), st.sampled_from([0.0, 0.25, 0.5, 0.8, 1.0]))
@settings(max_examples=150, deadline=None)
def test_floors_are_the_whole_lots_nearest_to_the_quotas(wanted, room, floor):
    """No other split of as many whole lots is nearer to the quotas: Hamilton's method."""
    lot = 3.0
    need = lot * np.array(wanted)
    units = floors(need, lot * room, floor, lot)
    if need.sum() <= lot * room:
        assert not units.any()
        return
    quota = need * min(floor, lot * room / need.sum()) / lot
    got = units / lot
    assert got.sum() == np.floor(quota.sum() + 1e-9)
    ranges = [range(each + 1) for each in wanted]
    splits = [s for s in itertools.product(*ranges) if sum(s) == got.sum()]
    best = min(np.abs(np.array(s) - quota).sum() for s in splits)
    assert np.abs(got - quota).sum() == pytest.approx(best, abs=1e-6)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 6), st.integers(1, 4)), min_size=1),
    st.floats(0, 200),
    st.floats(0, 1),
)
@settings(max_examples=150, deadline=None)
def test_floors_keep_lots_minima_wishes_and_the_stock(lines, room, floor):
    lot = np.array([float(size) for _, size, _ in lines])
    first = lot * [least for *_, least in lines]
    wanted = np.floor(np.array([units for units, *_ in lines]) / lot) * lot
    wanted[wanted < first] = 0
    units = floors(wanted, room, floor, lot, first)
    assert units.sum() <= max(min(room, floor * wanted.sum()), 0) + 1e-6
    assert (units <= wanted).all()
    np.testing.assert_allclose(units / lot, np.rint(units / lot), atol=1e-9)
    assert ((units == 0) | (units >= first)).all()


def test_sources_have_floors_of_their_own():
    """The first source has 4 for 8 wanted, the second enough; a key without a source has none."""
    wanted = np.array([6.0, 2.0, 5.0, 7.0])
    group = np.array([0, 0, 1, -1])
    limit = Limit("", group, np.ones(4), np.array([4.0, 9.0]))
    terms = terms_of(1.0, 1.0, 4)
    units = floor_units(wanted, limit, limit.broken(wanted), terms, 1.0)
    assert units.tolist() == [3, 1, 0, 0]


def chain(shop, mean, held, multiple=1.0, **changes):
    """A supplier feeds central, central three regions, whose unit short costs 9, 4 and 2."""
    index = shop.index(1, ("central", "east", "south", "west"))
    lanes = shop.lanes(
        4, kind=[0, 1, 1, 1], lead_time=[5, 2, 2, 2], unit_cost=[10, 0, 0, 0],
        unit_freight=[0.0, 0.5, 0.5, 0.5], multiple=multiple,
    )  # fmt: skip
    changes = {"shortage_cost": [4.0, 9.0, 4.0, 2.0], **changes}
    network = shop.network(
        index, lanes, kind=[0, 1, 1, 1], sells=[False, True, True, True], **changes
    )
    return shop.forecast(index, mean), network, shop.stock(4, [held, 0, 0, 0])


def moved(plan):
    out = np.zeros(4)
    out[plan.transfers.series] = plan.transfers.units
    return out[1:]


def split(night, floor):
    return moved(plan_night(*night, replace(PARAMS, floor=floor)))


MEAN = [0.0, 3, 6, 4]


@pytest.mark.parametrize("multiple", [1.0, 3.0])
@pytest.mark.parametrize("held", [6, 12, 15])
def test_at_floor_one_regions_share_in_proportion_to_need_within_a_lot(shop, held, multiple):
    need = split(chain(shop, MEAN, 900, multiple), 0.0)
    got = split(chain(shop, MEAN, held, multiple), 1.0)
    assert got.sum() == held
    assert (np.abs(got - held * need / need.sum()) < multiple).all()


def test_a_floor_moves_units_and_says_so(shop):
    """Marginal value alone serves the dearest first; the floor gives the cheapest its share."""
    night = chain(shop, MEAN, 8)
    need = split(chain(shop, MEAN, 900), 0.0)
    without = split(night, 0.0)
    plan = plan_night(*night, replace(PARAMS, floor=0.4))
    got, lines = moved(plan), plan.transfers
    assert got[2] >= np.floor(0.4 * need[2]) > without[2]
    assert got.sum() == without.sum() == 8
    said = np.zeros(4, bool)
    said[lines.series] = lines.binding == "ALLOCATION_FLOOR"
    np.testing.assert_array_equal(said[1:], got != without)
    np.testing.assert_allclose(lines.units, lines.need + lines.rounding_added - lines.limit_cut)


@pytest.mark.parametrize("held", [5, 9])
@pytest.mark.parametrize("floor", [0.1, 0.2])
def test_the_split_is_the_best_of_all_that_keep_the_floor(shop, held, floor):
    """Brute force over all splits of the stock with no region below its floor."""
    mean = [0.0, 3, 4, 2]
    night, rich = chain(shop, mean, held), chain(shop, mean, 500)
    need = split(rich, 0.0)
    limit = Limit("", np.zeros(3, np.int64), np.ones(3), np.array([float(held)]))
    base = floor_units(need, limit, np.array([True]), terms_of(1.0, 1.0, 3), floor)

    def saved(units):
        said = replace(Overrides.none(4, 60), transfer_frozen=np.array([np.nan, *units]))
        return plan_night(*rich, PARAMS, said).transfers.money_at_risk.sum()

    ranges = [range(int(low), held + 1) for low in base]
    best = max(saved(s) for s in itertools.product(*ranges) if sum(s) == held)
    got = split(night, floor)
    assert (got >= base).all()
    assert saved(got) >= 0.98 * best


def test_a_floor_changes_nothing_where_the_stock_is_enough(shop):
    night = chain(shop, MEAN, 900)
    np.testing.assert_array_equal(split(night, 0.0), split(night, 0.7))


def test_a_floor_keeps_what_locations_can_receive(shop):
    """East has room for 2; what it cannot take goes to the others."""
    night = chain(shop, MEAN, 12, inbound_capacity=[np.inf, 2.0, np.inf, np.inf])
    got = split(night, 1.0)
    assert got[0] <= 2
    assert got.sum() == 12


@pytest.mark.parametrize("floor", [-0.1, 1.1, np.nan])
def test_a_floor_outside_zero_to_one_is_refused(floor):
    with pytest.raises(ConfigError, match="floor"):
        PlanParams(floor=floor)
