"""Kits to components: what is sold, or promised, of a kit is demand for what is in it.

A kit that ``inventory`` or ``inbound`` names is packed and kept as an article of its own: its
demand stays its own. Any other kit has no stock and no series.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.assemble.notices import listed
from stockwright.errors import counted

Frames = dict[str, pd.DataFrame]
_LONG_AGO, _NEVER = np.datetime64("0001-01-01", "s"), np.datetime64("9999-12-31", "s")
_EXPLODED = ("sales", "commitments")
# Tables whose rows on a kit speak of the kit alone.
_KEPT = ("forecasts", "events", "prices", "signals")


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
    links = _links(kits[~kits["kit"].isin(packed)])
    contents, inside = _contents(links)
    out, notes = dict(tables), []
    for name in _EXPLODED:
        out[name], left, sold = _exploded(tables[name], contents)
        if left:
            notes.append(
                f"{name}: {counted(left, 'row of kits lies', 'rows of kits lie')} outside the "
                f"dates of their contents; {'it stays' if left == 1 else 'they stay'} demand for "
                "the kit itself"
            )
        if lacking := _lacking(sold, inside, links):
            notes.append(
                f"{name}: {counted(lacking, 'row of kits lies', 'rows of kits lie')} outside the "
                "dates of a kit in them; its contents get nothing of these rows"
            )
    for name in _KEPT:
        if own_rows := int(tables[name]["sku"].isin(links["kit"].unique()).sum()):
            rows = counted(own_rows, "row of kits; it does", "rows of kits; they do")
            notes.append(f"{name}: {rows} not reach the components")
    own = sorted(set(kits["kit"]) & packed)
    if own:
        notes.append(f"kits: {listed(own)} have stock of their own and keep their demand")
    return out, notes


def _packed(tables: Frames) -> set[str]:
    """SKUs that inventory or inbound name."""
    return {str(sku) for name in ("inventory", "inbound") for sku in tables[name]["sku"].unique()}


def _links(kits: pd.DataFrame) -> pd.DataFrame:
    """Columns kit, component, quantity, start, end: the rows with both dates filled."""
    links = kits[["kit", "component", "quantity"]].copy()
    links["start"] = kits["start"].fillna(pd.Timestamp(_LONG_AGO)).astype("datetime64[s]")
    links["end"] = kits["end"].fillna(pd.Timestamp(_NEVER)).astype("datetime64[s]")
    return links


def _contents(links: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Kits in kits resolved to what is no kit, and to every kit in them; columns of ``links``."""
    names, inner, inside = set(links["kit"]), links.add_suffix("_inner"), []
    while (nested := links["component"].isin(names)).any():
        inside.append(links[nested])
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
    whole = pd.concat([links.iloc[:0], *inside], ignore_index=True)
    return links[links["start"] <= links["end"]], whole[whole["start"] <= whole["end"]]


def _holding(rows: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Each row of a kit (its ``sku``) beside every link of the kit that holds on its date."""
    parts = rows.merge(links, left_on="sku", right_on="kit", suffixes=("", "_kit"))
    return parts[(parts["date"] >= parts["start"]) & (parts["date"] <= parts["end"])]


def _lacking(sold: pd.DataFrame, inside: pd.DataFrame, links: pd.DataFrame) -> int:
    """How many of the rows of kits hold a kit that has no contents on the row's date."""
    found = _holding(sold, inside)[["row", "date", "component"]]
    found = found.rename(columns={"component": "sku"}).drop_duplicates()
    found["pair"] = np.arange(len(found))
    empty = ~found["pair"].isin(_holding(found, links)["pair"])
    return int(found["row"][empty].nunique())


def _exploded(rows: pd.DataFrame, contents: pd.DataFrame) -> tuple[pd.DataFrame, int, pd.DataFrame]:
    """The rows with those of kits replaced, how many rows of kits have no contents, and the
    replaced ones (sku, date, row).
    """
    kit = rows["sku"].isin(contents["kit"].unique()).to_numpy(dtype=bool)
    if not kit.any():
        none = pd.DataFrame({"sku": rows["sku"].astype("str"), "date": rows["date"], "row": 0})
        return rows, 0, none.iloc[:0]
    sold = rows[kit].assign(sku=rows["sku"][kit].astype("str"), row=np.arange(int(kit.sum())))
    parts = _holding(sold, contents)
    left = ~sold["row"].isin(parts["row"]).to_numpy(dtype=bool)
    parts = parts.assign(sku=parts["component"])
    for name in ("units", "fulfilled"):
        if name in rows.columns:
            parts[name] = parts[name] * parts["quantity"]
    if "price" in rows.columns:
        parts["price"] = np.nan
    stay = np.ones(len(rows), np.bool_)
    stay[np.flatnonzero(kit)[~left]] = False
    replaced = sold.loc[~left, ["sku", "date", "row"]]
    return _joined(rows[stay], parts[list(rows.columns)]), int(left.sum()), replaced


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
