"""The signals table to arrays: each key reads its own rows of each signal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.demand import Window, days_of
from pipelines.assemble.keys import Ints, Keys
from pipelines.assemble.notices import listed
from pipelines.assemble.prices import category_prefixes, series_of_scope
from stockwright.errors import counted
from stockwright.panel import Covariates

_SCOPE = ("sku", "category", "location")


def with_signals(
    covariates: Covariates,
    signals: pd.DataFrame,
    products: pd.DataFrame,
    keys: Keys,
    window: Window,
) -> tuple[Covariates, list[str]]:
    """The covariates with the signals of the table, and notes on rows that tell of nothing.

    A signal measured on a channel is the signal ``name@channel``. A name is known ahead when any
    of its rows says so; of other names, rows after the night are left out.
    """
    if signals.empty:
        return covariates, []
    code, names = _named(signals)
    ahead = np.zeros(len(names), np.bool_)
    ahead[code[signals["known_ahead"].to_numpy(dtype=bool)]] = True
    late = (days_of(signals["date"]) > window.as_of) & ~ahead[code]
    notes = _late_notes(names[code[late]], window)
    prefixes = category_prefixes(products, keys)
    found, idle = dict(covariates.signals), 0
    for place, name in enumerate(names):
        rows = signals[(code == place) & ~late]
        values, unread = _signal(rows, prefixes, keys, window, covariates.n_periods)
        idle += unread
        if values is not None:
            found[name] = values
    if idle:
        notes.append(f"signals: {counted(idle, 'row fits', 'rows fit')} no key")
    known = covariates.known_ahead | (frozenset(names[ahead]) & frozenset(found))
    return replace(covariates, signals=found, known_ahead=known), notes


def _named(signals: pd.DataFrame) -> tuple[Ints, NDArray[np.object_]]:
    """Code of each row's signal, and the sorted names that the codes stand for."""
    code, (name, channel) = _combined(signals, ("name", "channel"))
    texts = [n if c == "" else f"{n}@{c}" for n, c in zip(name, channel, strict=True)]
    names, place = np.unique(np.array(texts, dtype=object), return_inverse=True)
    return place[code], names


def _combined(
    frame: pd.DataFrame, columns: tuple[str, ...]
) -> tuple[Ints, tuple[NDArray[np.object_], ...]]:
    """A code for each distinct row of some category columns, and the texts of each code."""
    codes = [frame[name].cat.codes.to_numpy(np.int64) for name in columns]
    texts = [frame[name].cat.categories.to_numpy(dtype=object) for name in columns]
    sizes = tuple(max(len(names), 1) for names in texts)
    flat, code = np.unique(np.ravel_multi_index(tuple(codes), sizes), return_inverse=True)
    places = np.unravel_index(flat, sizes)
    return code, tuple(names[place] for names, place in zip(texts, places, strict=True))


def _late_notes(names: NDArray[np.object_], window: Window) -> list[str]:
    if not len(names):
        return []
    return [
        f"signals: {counted(len(names), 'row')} dated after {window.as_of} "
        f"{'is left out, for it is' if len(names) == 1 else 'are left out, for they are'} not "
        f"known ahead ({listed(sorted(set(map(str, names))))})"
    ]


def _signal(
    rows: pd.DataFrame, prefixes: pd.DataFrame, keys: Keys, window: Window, width: int
) -> tuple[NDArray[np.float32] | None, int]:
    """(series or 1, width) float32 of one signal, None where no row fits, and rows that fit none.

    A table of scopes by periods is filled where there are rows; each series points to its finest
    scope.
    """
    period = window.calendar.index_of(days_of(rows["date"]))
    inside = (period >= 0) & (period < width)
    if not inside.any():
        return None, 0
    period, value = period[inside], rows["value"].to_numpy(np.float64)[inside]
    scope, texts = _combined(rows[inside], _SCOPE)
    scopes = pd.DataFrame(dict(zip(_SCOPE, texts, strict=True)))
    chosen, read = _finest(scopes, prefixes, keys)
    unread = int((~read[scope]).sum())
    if not read.any():
        return None, unread
    cell, place = np.unique(scope * width + period, return_inverse=True)
    table = np.full((len(scopes) + 1, width), np.nan, np.float32)
    table.ravel()[cell] = np.bincount(place, value) / np.bincount(place)
    shared = bool((chosen == chosen[0]).all())
    return table[chosen[:1] if shared else chosen], unread


def _finest(
    scopes: pd.DataFrame, prefixes: pd.DataFrame, keys: Keys
) -> tuple[Ints, NDArray[np.bool_]]:
    """Scope of each series, -1 for none, and whether each scope fits any series."""
    row, series = series_of_scope(scopes, prefixes, keys)
    given = [(scopes[name] != "").to_numpy(dtype=bool) for name in _SCOPE]
    deep = np.where(given[1], 1 + scopes["category"].str.count("/").to_numpy(np.int64), 0)
    # The finer scope has the larger rank: a SKU, then the depth of a category, then a location.
    rank = (given[0] * (1 << 20) + deep) * 2 + given[2]
    chosen = np.full(keys.n_series, -1, np.int64)
    order = np.argsort(rank[row], kind="stable")
    chosen[series[order]] = row[order]
    read = np.zeros(len(scopes), np.bool_)
    read[row] = True
    return chosen, read
