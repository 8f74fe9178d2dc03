"""Rows that name what is not there, keys that are there twice, and lanes that run in a circle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from pipelines.ingest.table import TableInHand
from stockwright.errors import describe

Tables = Mapping[str, TableInHand]
Mask = NDArray[np.bool_]
Node = TypeVar("Node", int, str)
#: Columns that name a location of the locations table.
_PLACES = (
    ("locations", "parent"),
    ("sales", "location"),
    ("availability", "location"),
    ("stock_history", "location"),
    ("inventory", "location"),
    ("inbound", "destination"),
    ("receipts", "destination"),
    ("commitments", "location"),
    ("events", "location"),
    ("prices", "location"),
    ("signals", "location"),
    ("forecasts", "location"),
    ("channels", "location"),
)

_ARTICLES = (
    ("products", "sku"),
    ("sales", "sku"),
    ("inventory", "sku"),
    ("inbound", "sku"),
    ("commitments", "sku"),
    ("kits", "kit"),
)


def duplicate_keys(held: TableInHand) -> list[str]:
    """A problem for a master table in which a key stands twice."""
    key = list(held.table.key)
    if not key:
        return []
    frame = held.frame
    again = frame[frame.duplicated(key)]
    if again.empty:
        return []
    texts = again[key].astype("str").fillna("")
    cases = ["/".join(v for v in row if v) for row in texts.to_numpy()]
    name = f"{held.table.name}: keys ({', '.join(key)}) that are there twice"
    return [describe(name, cases, "keep one row of each")]


def check_references(tables: Tables) -> None:
    """Set aside the rows that name an unknown location or supplier, or a lane to nowhere."""
    if "locations" in tables:
        known = set(tables["locations"].frame["location"])
        for table, column in _PLACES:
            if table in tables:
                _only_known(tables[table], column, known, "unknown location; locations lacks it")
    if "coverage" in tables:
        reason = "covers a region from nowhere: unknown location"
        _only_known(tables["coverage"], "location", known_locations(tables), reason)
    if "lanes" in tables:
        _check_lanes(tables)
    if "closures" in tables:
        parties = known_locations(tables) | known_suppliers(tables)
        _only_known(tables["closures"], "party", parties, "unknown supplier or location")
    if "events" in tables:
        _check_locks(tables["events"])
    if "products" in tables:
        _check_substitutes(tables)


def _check_substitutes(tables: Tables) -> None:
    """A substitute is another article that some table knows."""
    products = tables["products"]
    set_aside(
        products,
        (products.frame["substitute"] == products.frame["sku"]).to_numpy(),
        "substitute",
        "an article is no substitute of itself",
    )
    named = ("products", "sales", "inventory", "inbound", "commitments")
    asked = pd.Index(products.frame["substitute"].unique())
    known = asked == ""
    for table in (name for name in named if name in tables):
        known |= asked.isin(pd.Index(tables[table].frame["sku"].unique()).astype("str"))
    unknown = products.frame["substitute"].isin(asked[~known]).to_numpy(dtype=bool)
    set_aside(products, unknown, "substitute", "unknown substitute; no table names it")


def _check_locks(events: TableInHand) -> None:
    """Units can be locked for one channel and one article only."""
    locked = (events.frame["locked_units"] > 0).to_numpy()
    for column in ("sku", "channel"):
        nobody = (events.frame[column] == "").to_numpy()
        set_aside(events, locked & nobody, column, "locked_units need a sku and a channel")
        locked = locked[~(locked & nobody)]


def _only_known(held: TableInHand, column: str, known: set[str], reason: str) -> None:
    names = held.frame[column]
    set_aside(held, ~among(names, known | {""}), column, reason)


def among(names: pd.Series, known: set[str]) -> Mask:
    """Which of ``names`` are ``known``, (rows,)."""
    found: Mask = names.isin(sorted(known)).to_numpy()
    return found


def set_aside(held: TableInHand, bad: Mask, column: str, reason: str, gated: bool = True) -> None:
    """Move the ``bad`` rows of a table, (rows,), to the rejected ones; ``column`` is to blame.

    See ``TableInHand.set_aside``.
    """
    values = held.frame[column][bad].astype("str").to_numpy()
    held.set_aside(bad, column, values, reason, gated)


def unknown_articles(tables: Tables, skus: pd.Series) -> Mask:
    """Which of ``skus`` no table names that says what is sold, kept or on its way, (rows,)."""
    asked = pd.Index(skus.unique())
    known = np.zeros(len(asked), np.bool_)
    for table, column in _ARTICLES:
        if table in tables:
            names = tables[table].frame[column].unique()
            known |= asked.isin(pd.Index(names).astype("str"))
    unknown: Mask = skus.isin(asked[~known]).to_numpy(dtype=bool)
    return unknown


def known_locations(tables: Tables) -> set[str]:
    """The locations table's, or without one those with sales, stock, inbound or commitments."""
    if "locations" in tables:
        return set(tables["locations"].frame["location"])
    named = (
        ("sales", "location"),
        ("inventory", "location"),
        ("inbound", "destination"),
        ("commitments", "location"),
    )
    frames = [tables[table].frame[column] for table, column in named if table in tables]
    return {str(name) for names in frames for name in names.unique() if name}


def known_suppliers(tables: Tables) -> set[str]:
    """Suppliers of the suppliers table, and those that lanes start from."""
    named = (("suppliers", "supplier"), ("lanes", "source"))
    frames = [tables[table].frame[column] for table, column in named if table in tables]
    return {str(name) for names in frames for name in names.unique() if name}


def _check_lanes(tables: Tables) -> None:
    lanes, places = tables["lanes"], known_locations(tables)
    suppliers = set(tables["suppliers"].frame["supplier"]) if "suppliers" in tables else None
    set_aside(
        lanes,
        ~among(lanes.frame["destination"], places),
        "destination",
        "a lane to nowhere: unknown location",
    )
    checks: list[tuple[str, Callable[[pd.DataFrame], Mask], str]] = [
        ("source", lambda f: (f["source"] == f["destination"]).to_numpy(), "its own destination"),
        (
            "source",
            lambda f: (f["kind"] == "transfer").to_numpy() & ~among(f["source"], places),
            "a transfer from nowhere: unknown location",
        ),
    ]
    if suppliers is not None:
        both = places | suppliers
        checks.append(
            ("source", lambda f: ~among(f["source"], both), "unknown supplier or location")
        )
    for column, is_bad, reason in checks:
        set_aside(lanes, is_bad(lanes.frame), column, reason)
    _name_kinds(lanes.frame, places - (suppliers or set()))


def _name_kinds(lanes: pd.DataFrame, places: set[str]) -> None:
    derived = np.where(among(lanes["source"], places), "transfer", "regular")
    unnamed = (lanes["kind"] == "").to_numpy()
    lanes["kind"] = pd.array(np.where(unnamed, derived, lanes["kind"]), dtype="str")


def lane_cycles(tables: Tables) -> list[str]:
    """A problem when transfers run in a circle for any SKU.

    Lateral lanes, between locations of one kind neither of which is the other's parent, are not
    used for replenishment and do not count.
    """
    if "lanes" not in tables or tables["lanes"].frame.empty:
        return []
    lanes = tables["lanes"].frame
    lanes = lanes[(lanes["kind"] == "transfer").to_numpy()]
    lanes = lanes[~_lateral(lanes, tables)]
    circle = _circle(lanes)
    if not circle:
        return []
    return [
        describe(
            "lanes: transfers that run in a circle",
            [" -> ".join([*circle, circle[0]])],
            "take one of these lanes out",
        )
    ]


def _lateral(lanes: pd.DataFrame, tables: Tables) -> Mask:
    if "locations" not in tables:
        return np.zeros(len(lanes), np.bool_)
    places = tables["locations"].frame.set_index("location")
    kinds, parents = places["kind"].to_dict(), places["parent"].to_dict()
    source, destination = lanes["source"], lanes["destination"]
    kind = source.map(kinds).fillna("").to_numpy()
    same = (kind == destination.map(kinds).fillna("").to_numpy()) & (kind != "")
    feeds = (destination.map(parents).fillna("") == source).to_numpy()
    result: Mask = same & ~feeds
    return result


def _circle(lanes: pd.DataFrame) -> list[str]:
    """Locations of a circle in the order of its lanes; a graph for each SKU with own lanes."""
    names, codes = np.unique(
        lanes[["source", "destination"]].to_numpy(dtype=object).ravel(), return_inverse=True
    )
    source, destination = codes.reshape(-1, 2).T
    skus, sku = np.unique(lanes["sku"].to_numpy(dtype=object), return_inverse=True)
    general = np.flatnonzero(lanes["sku"].to_numpy() == "")
    layers = np.arange(len(skus))
    layer = np.concatenate([sku, np.repeat(layers, len(general))])
    start = np.concatenate([source, np.tile(source[general], len(skus))])
    end = np.concatenate([destination, np.tile(destination[general], len(skus))])
    n = len(names) * len(skus)
    start, end = layer * len(names) + start, layer * len(names) + end
    graph = coo_matrix((np.ones(len(start), np.int8), (start, end)), (n, n))
    _, part = connected_components(graph, connection="strong")
    inside = np.flatnonzero(part[start] == part[end])
    if not len(inside):
        return []
    steps = {int(start[lane]): int(end[lane]) for lane in inside[::-1]}
    return [str(names[node % len(names)]) for node in circle_from(steps, int(start[inside[0]]))]


def circle_from(steps: Mapping[Node, Node], node: Node) -> list[Node]:
    """The circle that is reached from ``node`` by taking one step after the other."""
    seen: list[Node] = []
    while node not in seen:
        seen.append(node)
        node = steps[node]
    return seen[seen.index(node) :]
