"""What past origins knew of groups of series: the contexts of all of them in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from features.context import (
    SEASON_GROUP,
    FeatureContext,
    group_codes,
    group_table,
    membership,
    parents,
    quiet_cells,
    season_codes,
    season_names,
    table_names,
    window_columns,
)
from features.lagged import running_sums, window_sum
from features.params import FeatureParams
from features.season import GroupHistory, learn_season
from stockwright.panel import DemandPanel

Floats = NDArray[np.float64]
#: Series that are worked on at once, so that their running sums stay in the cache.
_CHUNK = 2048


@dataclass(frozen=True)
class _Sums:
    """Sums over groups at one origin.

    expected: (groups + 1, periods up to the origin) of the finest groups of seasons. tables: by
    group name, (11, groups + 1), see ``window_columns``.
    """

    origin: int
    expected: Floats
    tables: dict[str, Floats]


@dataclass(frozen=True)
class _Chunk:
    """Some series: cells without an event, and running sums of them and of all cells."""

    quiet_units: NDArray[np.float32]
    quiet_exposure: NDArray[np.float32]
    sums: tuple[Floats, Floats]
    quiet_sums: tuple[Floats, Floats]
    codes: NDArray[np.int32]
    members: dict[str, sparse.csr_array]


def past_contexts(
    panel: DemandPanel, origins: Sequence[int], tonight: FeatureContext, params: FeatureParams
) -> list[FeatureContext]:
    """``build_context`` as it was at each of the origins, but with what is known tonight of event
    uplifts, price cuts and the leads of signals.

    With what was known then, an event that had been seen once would be underrated in every row,
    and the booster would learn to raise it. Apart from that equal to building them one by one, up
    to rounding; the history is read once.
    """
    codes = season_codes(panel, params)
    rows = int(codes.max(initial=-1)) + 2
    names = {name: group_codes(panel, name) for name in table_names(panel, params)}
    sizes = {name: int(found.max(initial=-1)) + 2 for name, found in names.items()}
    found = [
        _Sums(o, np.zeros((rows, o + 1)), {n: np.zeros((11, size)) for n, size in sizes.items()})
        for o in origins
    ]
    units, count = np.zeros((2, rows, panel.n_periods))
    for start in range(0, panel.n_series, _CHUNK):
        part = slice(start, min(start + _CHUNK, panel.n_series))
        members = {name: membership(names[name][part], sizes[name]) for name in names}
        elasticity = tonight.elasticity[np.where(codes[part] >= 0, codes[part], rows - 1)]
        chunk = _chunk(panel, part, codes[part], members, elasticity, params)
        member = membership(chunk.codes, rows)
        units += member @ chunk.quiet_units
        count += member @ (chunk.quiet_units > 0).astype(np.float32)
        for sums in found:
            _add(sums, chunk, rows, params)
    above = parents(panel, season_names(panel, params), rows)
    return [_context(panel, sums, units, count, above, tonight, params) for sums in found]


def _chunk(
    panel: DemandPanel,
    part: slice,
    codes: NDArray[np.int32],
    members: dict[str, sparse.csr_array],
    elasticity: Floats,
    params: FeatureParams,
) -> _Chunk:
    units, exposure, quiet = quiet_cells(panel, part, 0, elasticity, params)
    quiet_units, quiet_exposure = units * quiet, exposure * quiet
    return _Chunk(
        quiet_units,
        quiet_exposure,
        (running_sums(units), running_sums(exposure)),
        (running_sums(quiet_units), running_sums(quiet_exposure)),
        codes,
        members,
    )


def _add(sums: _Sums, chunk: _Chunk, rows: int, params: FeatureParams) -> None:
    """Add what some series knew at an origin."""
    stop = sums.origin + 1
    first = max(stop - params.history, 0)
    has_quiet = window_sum(chunk.quiet_sums[1], stop, params.history) > 0

    def over(window: int) -> tuple[Floats, Floats]:
        pairs = zip(chunk.quiet_sums, chunk.sums, strict=True)
        units, exposure = (
            np.where(has_quiet, window_sum(a, stop, window), window_sum(b, stop, window))
            for a, b in pairs
        )
        return units, exposure

    units, exposure = over(params.history)
    base = np.divide(units, exposure, out=np.zeros_like(units), where=exposure > 0)
    windows = np.empty((len(base), 3, 3))
    for place, window in enumerate((params.short, params.middle, params.long)):
        units, exposure = over(min(window, params.history))
        windows[:, place] = np.stack([units, exposure, exposure * base], axis=1)
    columns = window_columns(windows).T
    for name, table in sums.tables.items():
        table += (chunk.members[name] @ columns).T
    weighted = membership(chunk.codes, rows, base.astype(np.float32))
    sums.expected[:, first:] += weighted @ chunk.quiet_exposure[:, first:stop]


def _context(
    panel: DemandPanel,
    sums: _Sums,
    units: Floats,
    count: Floats,
    above: NDArray[np.int64],
    tonight: FeatureContext,
    params: FeatureParams,
) -> FeatureContext:
    stop = sums.origin + 1
    first = max(stop - params.history, 0)
    sold, expected, selling = (each[:, first:stop].copy() for each in (units, sums.expected, count))
    for each in (sold, expected, selling):
        each[-1] = each.sum(axis=0)
    named = season_names(panel, params)[-1] == SEASON_GROUP
    history = GroupHistory(sold, expected, selling, above, named)
    season = learn_season(history, panel.calendar, first, params)
    tables = {name: group_table(table) for name, table in sums.tables.items()}
    return replace(tonight, origin=sums.origin, tables=tables, season=season)
