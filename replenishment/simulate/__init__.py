"""The one simulated shop: stock of many rows through time, under any way of ordering.

A row is one SKU at one location in one demand path. Inside a period: receive, sell, close, review,
order. An order placed at the close of period t on a lane with lead time L is received at the start
of period t + 1 + L.

A whole replay, under a rule::

    run = simulate(demand, BaseStock(target), terms, ShopState.opening(target, terms))
    run.missed.sum(), run.cost.mean()

Only its sums, some fifty times faster, under a policy with fixed parameters::

    sums = simulate_totals(demand, OrderUpTo(target, reorder_point, review=7), terms, start)

A network, day by day, with any way to decide (a night's plan, for example)::

    terms = ShopTerms(lead_time, holding, shortage, source=feeds,  # -1: from a supplier
                      receiving=Receiving(location, capacity))
    state = ShopState.opening(on_hand, terms)  # nothing under way; or ShopState(on_hand, pipeline)
    for day in range(days):
        plan = decide(state.stock())  # a StockPosition of all rows
        lines = Decisions.lines(to=rows, units=units, source=from_rows, lead_time=periods)
        state, books = step(state, lines, demand[:, day], terms, rng)
        books.missed, books.received, books.short, books.cost  # (series,) each

Transfers leave at the close and are taken from the stock of their source at once. A source that is
asked for more than it has shares it in proportion, in whole multiples; what it does not send is
not owed (``short``) and may be asked for again. ``state.arrivals()`` tells what is under way.
Several demand paths: ``terms.repeated(paths)``, with demand of (paths * series, period).
"""

from replenishment.simulate.place import Decisions, place
from replenishment.simulate.policies import BaseStock, OrderUpTo
from replenishment.simulate.run import Books, Ordering, Replay, simulate, step
from replenishment.simulate.state import Closing, Placing, ShopState
from replenishment.simulate.terms import (
    RandomLead,
    Receiving,
    ShelfLife,
    ShopTerms,
    Substitutes,
)
from replenishment.simulate.totals import Totals, simulate_totals

__all__ = [
    "BaseStock",
    "Books",
    "Closing",
    "Decisions",
    "OrderUpTo",
    "Ordering",
    "Placing",
    "RandomLead",
    "Receiving",
    "Replay",
    "ShelfLife",
    "ShopState",
    "ShopTerms",
    "Substitutes",
    "Totals",
    "place",
    "simulate",
    "simulate_totals",
    "step",
]
