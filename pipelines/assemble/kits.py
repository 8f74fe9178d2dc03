"""Kits to components: what is sold, or promised, of a kit is demand for what is in it.

A kit that ``inventory`` or ``inbound`` names is packed and kept as an article of its own: its
demand stays its own. Any other kit has no stock and no series.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.assemble.notices import listed

Frames = dict[str, pd.DataFrame]
_LONG_AGO, _NEVER = np.datetime64("0001-01-01", "s"), np.datetime64("9999-12-31", "s")
_EXPLODED = ("sales", "commitments")


def without_kits(tables: Frames) -> tuple[Frames, list[str]]:
    """The tables with the rows of kits replaced by rows of their components, and notes.

    A row counts by the contents that hold on its date; where none do, it stays the kit's own.
    Units count ``quantity`` times. What a component cost in a kit is not known: its price is
    empty.
    """
    kits = tables["kits"]
    if kits.empty:
        return tables, []
    packed = _packed(tables)
    contents = _contents(kits[~kits["kit"].isin(packed)])
    out, notes = dict(tables), []
    for name in _EXPLODED:
        out[name], left = _exploded(tables[name], contents)
        if left:
            notes.append(
                f"{name}: {left} rows of kits lie outside the dates of their contents; they stay "
                "demand for the kit itself"
            )
    own = sorted(set(kits["kit"]) & packed)
    if own:
        notes.append(f"kits: {listed(own)} have stock of their own and keep their demand")
    return out, notes


def _packed(tables: Frames) -> set[str]:
    """SKUs that inventory or inbound name."""
    return {str(sku) for name in ("inventory", "inbound") for sku in tables[name]["sku"].unique()}


def _contents(kits: pd.DataFrame) -> pd.DataFrame:
    """Columns kit, component, quantity, start, end: kits in kits resolved to what is no kit."""
    links = kits[["kit", "component", "quantity"]].copy()
    links["start"] = kits["start"].fillna(pd.Timestamp(_LONG_AGO)).astype("datetime64[s]")
    links["end"] = kits["end"].fillna(pd.Timestamp(_NEVER)).astype("datetime64[s]")
    names, inner = set(links["kit"]), links.add_suffix("_inner")
    while (nested := links["component"].isin(names)).any():
        deeper = links[nested].merge(inner, left_on="component", right_on="kit_inner")
        deeper = pd.DataFrame(
            {
                "kit": deeper["kit"],
                "component": deeper["component_inner"],
                "quantity": deeper["quantity"] * deeper["quantity_inner"],
                "start": deeper[["start", "start_inner"]].max(axis=1),
                "end": deeper[["end", "end_inner"]].min(axis=1),
            }
        )
        links = pd.concat([links[~nested], deeper], ignore_index=True)
    return links[links["start"] <= links["end"]]


def _exploded(rows: pd.DataFrame, contents: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The rows with those of kits replaced, and how many rows of kits have no contents."""
    kit = rows["sku"].isin(contents["kit"].unique()).to_numpy(dtype=bool)
    if not kit.any():
        return rows, 0
    sold = rows[kit].assign(sku=rows["sku"][kit].astype("str"), row=np.arange(int(kit.sum())))
    parts = sold.merge(contents, left_on="sku", right_on="kit", suffixes=("", "_kit"))
    parts = parts[(parts["date"] >= parts["start"]) & (parts["date"] <= parts["end"])]
    left = ~sold["row"].isin(parts["row"]).to_numpy(dtype=bool)
    parts = parts.assign(sku=parts["component"])
    for name in ("units", "fulfilled"):
        if name in rows.columns:
            parts[name] = parts[name] * parts["quantity"]
    if "price" in rows.columns:
        parts["price"] = np.nan
    stay = np.ones(len(rows), np.bool_)
    stay[np.flatnonzero(kit)[~left]] = False
    return _joined(rows[stay], parts[list(rows.columns)]), int(left.sum())


def _joined(rows: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    """Both, with the texts of a big table as sorted categories."""
    kinds = {
        name: _categories([rows[name], parts[name]])
        for name in rows.columns
        if isinstance(rows[name].dtype, pd.CategoricalDtype)
    }
    return pd.concat([rows.astype(kinds), parts.astype(kinds)], ignore_index=True)


def _categories(columns: list[pd.Series]) -> pd.CategoricalDtype:
    texts = [pd.Index(column.unique()).astype("str") for column in columns]
    return pd.CategoricalDtype(texts[0].union(texts[1]).sort_values())
