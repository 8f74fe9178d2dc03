"""Rehearsals: what is rehearsed, and which limit breaks first."""

import numpy as np
import pytest

from experiments.whatif.figures import TIME, Figures
from experiments.whatif.night import Night
from experiments.whatif.rehearsal import (
    busiest,
    extremes,
    first_broken,
    next_event,
    rehearse,
    without,
)


def figures(sales: float = 1000.0, **broken: float) -> Figures:
    return Figures({"served_sales": sales}, broken)


def test_the_limit_that_breaks_first_is_that_of_the_mildest_step():
    steps = [
        ("x1.5", figures(BUDGET=1.0, CAPACITY=30.0)),
        ("x3", figures(BUDGET=900.0, CAPACITY=40.0)),
    ]
    assert first_broken(steps, figures(CAPACITY=10.0)) == ("CAPACITY", "x1.5", 20.0)


def test_what_costs_no_more_than_before_is_not_broken():
    assert first_broken([("x2", figures(TIME=50.0))], figures(TIME=50.0)) == ("", "", 0.0)


def test_demand_is_raised_on_the_days_of_the_next_event(night: Night):
    first, last = next_event(night.base)
    events = night.base.ingested.tables["events"]
    assert first is not None
    assert np.datetime64(first) in events["start"].to_numpy("datetime64[D]")
    assert first <= last
    demand = extremes(night.base)[0]
    assert [s.demand[0].factor for s in demand.steps] == [1.5, 2.0, 3.0]
    assert {s.demand[0].start for s in demand.steps} == {first}


def test_the_warehouse_that_is_lost_has_the_most_demand(night: Night):
    base = night.base
    index, items = base.situation.panel.index, base.situation.network.items
    worth = base.forecast.expected.sum(axis=1) * items.unit_cost
    names = index.location_names()
    places = {name: worth[names == name].sum() for name in index.locations if name != "central"}
    assert busiest(base) == max(places, key=places.get)


@pytest.mark.parametrize("name", ["WH-1", "华东仓", "a b"])
def test_a_warehouse_that_is_lost_may_have_any_name(name: str):
    assert without(name).variant.name
    assert without(name).outage[0].party == name


@pytest.mark.slow
def test_each_extreme_serves_less_than_the_plan_as_it_is(night: Night):
    from experiments.whatif.figures import figures_of

    before = figures_of(night.base, night.base).values["missed_money"]
    found = {each.name: each for each in rehearse(night)}
    assert set(found) == {"demand", "inbound", "warehouse"}
    for each in found.values():
        assert each.figures.values["missed_money"] > before
        assert each.first in {"", TIME} | set(each.figures.broken)
