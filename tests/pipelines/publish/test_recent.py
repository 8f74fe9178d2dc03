"""The sales of a sample of keys, as later plots read them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.publish import recent


def test_a_sample_has_eight_weeks_of_what_each_key_sold(publish, parts) -> None:
    table = pd.read_parquet(publish() / recent.FILE)
    panel, situation = parts.situation.panel, parts.situation
    sold = np.asarray(situation.sold)[:, -56 // panel.calendar.days :]
    keys = table.groupby(["sku", "location"], observed=True)["units"].sum()
    index = panel.index
    names = list(zip(index.sku_names(), index.location_names(), strict=True))
    wanted = {names[place]: sold[place].sum() for place in np.flatnonzero(sold.sum(axis=1) > 0)}
    assert {key: float(units) for key, units in keys.items()} == wanted
    assert table["date"].nunique() == sold.shape[1]
    assert list(table.columns) == recent.SCHEMA.names
    assert table["in_stock"].between(0, 1).all()


def test_a_smaller_sample_is_part_of_a_larger_one(publish, parts, monkeypatch) -> None:
    """The hash of a key's names decides, whatever else there is."""
    found = []
    for most in (1, 2, 3):
        monkeypatch.setattr(recent, "KEYS", most)
        table = pd.read_parquet(publish(f"of {most}") / recent.FILE)
        keys = table[["sku", "location"]].drop_duplicates()
        found.append(set(keys.itertuples(index=False, name=None)))
    assert found[0] <= found[1] <= found[2]
    assert len(found[0]) == min(1, len(found[2]))
