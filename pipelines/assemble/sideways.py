"""Who got or gave stock lately by transfers between locations of one kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.demand import days_of
from pipelines.assemble.keys import Keys
from stockwright.network import LocationKind, Locations

_ENDS = ["sku", "source", "destination"]
_Flags = NDArray[np.bool_]


def moved_lately(
    inbound: pd.DataFrame,
    decisions: pd.DataFrame,
    locations: Locations,
    keys: Keys,
    since: np.datetime64,
) -> tuple[_Flags, _Flags]:
    """Series that got, and series that gave, stock sideways, (series,) each.

    Told by transfers in ``inbound`` (drafts aside) and by the approved transfer lines of earlier
    nights, as far as they are available after ``since``; decisions: of ``decided``.
    """
    firm = inbound[(inbound["kind"] == "transfer") & (inbound["status"] != "draft")]
    approved = decisions["status"].isin(["accepted", "changed", "ordered"])
    lines = decisions[approved & (decisions["kind"] == "transfer")]
    columns = [*_ENDS, "available_date"]
    # A key that nobody gave stock to has no rows; neither frame decides the types of the other.
    parts = [part[columns].astype(object) for part in (firm, lines) if len(part)]
    got, gave = np.zeros((2, keys.n_series), np.bool_)
    for rows in parts:
        rows = rows[days_of(pd.to_datetime(rows["available_date"])) > since]
        target, source = keys.series(rows, "destination"), keys.series(rows, "source")
        ok = (target >= 0) & (source >= 0)
        target, source = target[ok], source[ok]
        kinds = locations.kind[keys.index.location]
        same = (kinds[target] == kinds[source]) & (kinds[source] != LocationKind.CENTRAL)
        got[target[same]], gave[source[same]] = True, True
    return got, gave
