"""What the receipts of past orders tell of each lane from a supplier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.demand import days_of
from pipelines.assemble.keys import Keys
from pipelines.config import Config
from replenishment.supply.learn import Level, shrunk_means, still_open_share
from stockwright.network import LaneKind

Floats = NDArray[np.float64]
# Orders younger than the time within which this share has come are not learnt from.
_COME = 0.98
_ORDER = ["order_id", "supplier", "destination", "ordered_on"]


@dataclass(frozen=True)
class Learnt:
    """What is expected of each lane (rows of ``links``), (links,).

    days, sd_days: lead time in days, NaN where receipts tell nothing of it. fill: units that come
    of one ordered. reject: share of them that is sent back. share: good units of one ordered, not
    below the configured least.
    """

    days: Floats
    sd_days: Floats
    fill: Floats
    reject: Floats
    share: Floats

    @classmethod
    def nothing(cls, n: int) -> Learnt:
        """Of ``n`` lanes nothing is known but what they state."""
        unknown, whole = np.full(n, np.nan), np.ones(n)
        return cls(unknown, unknown, whole, np.zeros(n), whole)


def order_lines(
    tables: Mapping[str, pd.DataFrame], lanes: pd.DataFrame, links: pd.DataFrame, keys: Keys
) -> pd.DataFrame:
    """One row for each order line that was received, and that nothing of is still to come.

    Columns: order_id, supplier, destination, ordered_on, sku, series, days (mean days from the
    order to the units), promised (days, NaN where unknown), ordered (NaN where unknown), received,
    rejected.
    """
    rows = tables["receipts"].astype(dict.fromkeys(["order_id", "sku", "destination"], object))
    series = keys.series(rows, "destination")
    ordered, received = days_of(rows["ordered_on"]), days_of(rows["received_on"])
    units = rows["units_received"].to_numpy(np.float64)
    promised = (days_of(rows["promised_on"]) - ordered) / np.timedelta64(1, "D")
    rows = rows.assign(
        supplier=_suppliers(rows, series, lanes, links),
        series=series,
        waited=units * (received - ordered).astype(np.float64),
        promised=promised,
        received=units,
    )
    lines = rows.groupby([*_ORDER, "sku", "series"], sort=True, as_index=False).agg(
        ordered=("units_ordered", "max"),
        received=("received", "sum"),
        rejected=("units_rejected", "sum"),
        waited=("waited", "sum"),
        promised=("promised", "max"),
    )
    came = lines["received"].to_numpy(np.float64)
    waited = lines["waited"].to_numpy(np.float64)
    days = np.divide(waited, came, out=np.full(len(came), np.nan), where=came > 0)
    return lines.assign(days=days)[~_still_coming(lines, tables["inbound"])].reset_index(drop=True)


def _suppliers(
    rows: pd.DataFrame, series: NDArray[np.int64], lanes: pd.DataFrame, links: pd.DataFrame
) -> NDArray[np.object_]:
    """The supplier of each row; where it is not given, the only one of the key."""
    given = rows["supplier"].to_numpy(object)
    bought = links[links["kind"] != LaneKind.TRANSFER]
    sources = lanes["source"].to_numpy(object)[bought["row"]]
    by_key = pd.Series(sources, index=bought["series"].to_numpy()).groupby(level=0)
    sole = by_key.first()[by_key.nunique() == 1]
    named = sole.reindex(series).fillna("").to_numpy(object)
    return np.asarray(np.where(given == "", named, given), object)


def _still_coming(lines: pd.DataFrame, inbound: pd.DataFrame) -> NDArray[np.bool_]:
    names = ["order_id", "sku", "destination"]
    firm = inbound[(inbound["status"] != "draft") & (inbound["units"] > 0)]
    coming = pd.MultiIndex.from_frame(firm[names].astype(object))
    found: NDArray[np.bool_] = pd.MultiIndex.from_frame(lines[names]).isin(coming)
    return found


def learnt_of(
    lines: pd.DataFrame,
    lanes: pd.DataFrame,
    links: pd.DataFrame,
    keys: Keys,
    config: Config,
    as_of: np.datetime64,
) -> Learnt:
    """What ``lines`` (see ``order_lines``) tell of the lanes: suppliers, their lanes to each
    location, and each article there, the finer as far as it has orders of its own.
    """
    nothing = Learnt.nothing(len(links))
    if not config.supply.learn or lines.empty:
        return nothing
    table = lanes.iloc[links["row"].to_numpy()]
    stated = pd.DataFrame(
        {
            "link": np.arange(len(links)),
            "series": links["series"].to_numpy(np.int64),
            "supplier": table["source"].to_numpy(object),
            "kind": links["kind"].to_numpy(np.int64),
            "stated": table["lead_time_days"].to_numpy(np.float64),
            "sd": np.nan_to_num(table["lead_time_sd_days"].to_numpy(np.float64)),
        }
    )
    seen = _of_regular_lanes(lines, stated)
    seen = _old_enough(seen, as_of)
    if seen.empty:
        return nothing
    tree = _Tree.of(stated, keys)
    known = tree.known(seen)
    days, sd_days = _lead_times(seen, stated, tree, config.supply.prior_orders)
    regular = known & (stated["kind"] == LaneKind.REGULAR).to_numpy()
    fill, reject = _yields(seen, tree, config.supply.prior_orders)
    fill, reject = np.where(known, fill, 1.0), np.where(known, reject, 0.0)
    return Learnt(
        days=np.where(regular, days, np.nan),
        sd_days=np.where(regular, sd_days, np.nan),
        fill=fill,
        reject=reject,
        share=np.maximum(fill * (1 - reject), config.supply.least_share),
    )


def _of_regular_lanes(lines: pd.DataFrame, stated: pd.DataFrame) -> pd.DataFrame:
    """The lines of lanes in use with link, stated days and sd; lines whose promise is nearer to an
    expedited lane are left out.
    """
    regular = stated[stated["kind"] == LaneKind.REGULAR].drop(columns="kind")
    fast = stated[stated["kind"] == LaneKind.EXPEDITED][["series", "supplier", "stated"]]
    seen = lines.merge(regular, on=["series", "supplier"]).merge(
        fast.rename(columns={"stated": "fast"}), on=["series", "supplier"], how="left"
    )
    off, fast_off = (seen["promised"] - seen["stated"]).abs(), (seen["promised"] - seen["fast"])
    return seen[~(fast_off.abs() < off)]


def _old_enough(seen: pd.DataFrame, as_of: np.datetime64) -> pd.DataFrame:
    """Lines so old that nearly all of their age have come: of younger ones only the quick are
    known (right truncation).
    """
    came = seen[seen["days"].notna()]
    longest = still_open_share(came["days"].to_numpy(), came["stated"].to_numpy(), _COME)
    age = (as_of - days_of(seen["ordered_on"])) / np.timedelta64(1, "D")
    return seen[age >= longest * np.maximum(seen["stated"].to_numpy(), 1.0)]


@dataclass(frozen=True)
class _Tree:
    """Groups of the lanes: supplier, supplier and location, lane of an article; (links,)."""

    supplier: NDArray[np.int64]
    lane: NDArray[np.int64]

    @classmethod
    def of(cls, stated: pd.DataFrame, keys: Keys) -> _Tree:
        supplier = pd.factorize(stated["supplier"])[0].astype(np.int64)
        place = keys.index.location[stated["series"].to_numpy()]
        flat = supplier * max(keys.n_locations, 1) + place
        return cls(supplier, np.unique(flat, return_inverse=True)[1].astype(np.int64))

    def known(self, seen: pd.DataFrame) -> NDArray[np.bool_]:
        """(links,) lanes of suppliers of whom there are receipts."""
        return np.isin(self.supplier, self.supplier[seen["link"].to_numpy()])

    def means(
        self, seen: pd.DataFrame, values: Floats, weight: Floats, prior: float, count: float
    ) -> Floats:
        """(links,) shrunk means of observed ``values``; ``weight``: of a line within its order."""
        link = seen["link"].to_numpy(np.int64)
        places = np.zeros(int(self.lane.max()) + 1, np.int64)
        places[self.lane] = self.supplier
        top = np.zeros(int(self.supplier.max()) + 1, np.int64)
        levels = [
            Level(self.supplier[link], top, weight),
            Level(self.lane[link], places, weight),
            Level(link, self.lane, np.ones(len(link))),
        ]
        return shrunk_means(values, levels, prior, count)[-1]


def _lead_times(
    seen: pd.DataFrame, stated: pd.DataFrame, tree: _Tree, prior: float
) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the lead time of each lane, days."""
    came = seen[seen["days"].notna()]
    if came.empty:
        return stated["stated"].to_numpy(), stated["sd"].to_numpy()
    lines = came.groupby(_ORDER)["days"].transform("size").to_numpy(np.float64)
    excess = came["days"].to_numpy() - came["stated"].to_numpy()
    over = tree.means(came, excess, 1 / lines, 0.0, prior)
    square = (excess - over[came["link"].to_numpy()]) ** 2
    usual = float((came["sd"] ** 2).mean())
    spread = tree.means(came, square, 1 / lines, usual, prior)
    days = np.maximum(stated["stated"].to_numpy() + over, 0.0)
    return days, np.sqrt(np.maximum(spread, 0.0))


def _yields(seen: pd.DataFrame, tree: _Tree, prior: float) -> tuple[Floats, Floats]:
    """Fill and reject rate of each lane."""
    n = len(tree.supplier)
    fill, reject = np.ones(n), np.zeros(n)
    asked = seen[seen["ordered"] > 0]
    if len(asked):
        ratio = np.minimum((asked["received"] / asked["ordered"]).to_numpy(np.float64), 1.0)
        fill = tree.means(asked, ratio, np.ones(len(asked)), 1.0, prior)
    came = seen[seen["received"] > 0]
    if len(came):
        bad = np.minimum((came["rejected"] / came["received"]).to_numpy(np.float64), 1.0)
        reject = tree.means(came, bad, np.ones(len(came)), 0.0, prior)
    return fill, reject


def delays_of(lines: pd.DataFrame, lanes: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Days by which each line was late against its promise, or without one against what its lane
    states: columns supplier, days; early ones below 0.
    """
    seen = _with_stated(lines, lanes, links)
    late = seen["days"] - seen["promised"].fillna(seen["stated"])
    return pd.DataFrame({"supplier": seen["supplier"], "days": late}).dropna()


def _with_stated(lines: pd.DataFrame, lanes: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """The lines of known suppliers with the lead time that their regular lanes state."""
    table = lanes.iloc[links["row"].to_numpy()]
    regular = pd.DataFrame(
        {
            "series": links["series"].to_numpy(np.int64),
            "supplier": table["source"].to_numpy(object),
            "stated": table["lead_time_days"].to_numpy(np.float64),
        }
    )[(links["kind"] == LaneKind.REGULAR).to_numpy()]
    named = lines[lines["supplier"] != ""]
    return named.merge(regular, on=["series", "supplier"], how="left")


def record_of(lines: pd.DataFrame, lanes: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """How each supplier has delivered, one row each, sorted by supplier.

    Columns: supplier, lines, on_time (share of the lines that came by the promised day, or where
    none was promised within the stated lead time), days and sd_days (of the lines), stated_days
    (what their lanes state), fill (units received / ordered), reject (units rejected / received).
    Every line counts that has come as a whole.
    """
    seen = _with_stated(lines, lanes, links)
    due = seen["promised"].fillna(seen["stated"])
    judged = due.notna() & seen["days"].notna()
    told = seen["ordered"].notna()
    seen = seen.assign(
        on_time=(seen["days"] <= due).astype(np.float64).where(judged),
        came=seen["received"].where(told, 0.0),
        asked=seen["ordered"].where(told, 0.0),
    )
    by = seen.groupby("supplier", sort=True)
    sums = by[["came", "asked", "received", "rejected"]].sum()
    frame = pd.DataFrame(
        {
            "lines": by.size(),
            "on_time": by["on_time"].mean(),
            "days": by["days"].mean(),
            "sd_days": by["days"].std(ddof=1),
            "stated_days": by["stated"].mean(),
            "fill": sums["came"] / sums["asked"].where(sums["asked"] > 0),
            "reject": sums["rejected"] / sums["received"].where(sums["received"] > 0),
        }
    )
    return frame.reset_index()
