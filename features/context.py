"""What a forecast origin knows of groups of series: rates, trends, seasons, event uplifts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from features.params import FeatureParams
from features.price import learn_elasticity, price_factor
from features.rivals import Rivals, learn_rivals
from features.season import GroupHistory, SeasonIndex, learn_season, nested, surrounding
from features.signal import exposure_of
from features.signals import learn_leads
from features.state import window_sums
from stockwright.errors import DataError
from stockwright.panel import DemandPanel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SHOP, LOCATION, SKU = "shop", "location", "sku"
#: The attribute that splits categories by the season that their goods are made for.
SEASON_GROUP = "season_group"
_CHUNK = 4096
#: Expected uplift counts, in selling periods, at which a group weighs as much as the shop.
_UPLIFT_COUNT = 20.0


@dataclass(frozen=True)
class GroupTable:
    """Sums over the short, middle and long window by group code; last row: code unknown (-1).

    rate: (groups + 1, 3) units per in-stock period and series. pace: (groups + 1, 3) units over
    what the series' own mean rates let expect. typical: (groups + 1,) power mean (exponent 1/2) of
    the series' rates, which a few big sellers do not dominate. units, exposure: (groups + 1,) of
    the long window. NaN where nothing was seen.
    """

    rate: Floats
    pace: Floats
    typical: Floats
    units: Floats
    exposure: Floats


@dataclass(frozen=True)
class FeatureContext:
    """Group knowledge at one origin, looked up by the codes of the series of any block.

    tables: by group name: shop, location, sku and the attributes of ``params.groups``.
    season: of the finest of ``params.season_groups``. uplift: (groups + 1, events) expected units
    in an event over units without it, 1 where never seen; seen: the same not shrunk, NaN where
    never seen. Column = event * phases + phase. leads: by how many periods a signal runs ahead.
    elasticity: (groups + 1,) of demand to discounts; uplifts are over what the discount makes of
    the base. rivals: the discounts of each category.
    """

    origin: int
    tables: Mapping[str, GroupTable]
    season: SeasonIndex
    uplift: Floats
    seen: Floats
    phases: int
    leads: Mapping[str, int] = field(default_factory=dict)
    elasticity: Floats = field(default_factory=lambda: np.zeros(1))
    rivals: Rivals | None = None

    def event_column(self, event: NDArray[np.int16], phase: NDArray[np.int16]) -> Ints:
        """Column of the uplift tables for each cell; 0 for no event or one from outside."""
        column = event.astype(np.int64) * self.phases + phase
        inside = (phase < self.phases) & (column < self.uplift.shape[1]) & (event > 0)
        return np.where(inside, column, 0)


def group_codes(panel: DemandPanel, name: str) -> NDArray[np.int32]:
    """Code of each series in a group, -1 for unknown or where the panel has no such attribute."""
    if name == SHOP:
        return np.zeros(panel.n_series, np.int32)
    if name == LOCATION:
        return panel.index.location
    if name == SKU:
        return panel.index.sku
    missing = np.full(panel.n_series, -1, np.int32)
    return np.asarray(panel.attributes.get(name, missing), np.int32)


def table_names(panel: DemandPanel, params: FeatureParams) -> tuple[str, ...]:
    """The groups that have a table."""
    return (SHOP, LOCATION, SKU, *(name for name in params.groups if name in panel.attributes))


def season_names(panel: DemandPanel, params: FeatureParams) -> tuple[str, ...]:
    """The nested groups of seasons that the panel has, coarse to fine; the shop if it has none."""
    present = tuple(name for name in params.season_groups if name in panel.attributes)
    return present or (SHOP,)


def season_codes(panel: DemandPanel, params: FeatureParams) -> NDArray[np.int32]:
    """Code of each series in the finest group of seasons, -1 for unknown."""
    return group_codes(panel, season_names(panel, params)[-1])


def category_names(panel: DemandPanel, params: FeatureParams) -> tuple[str, ...]:
    """The nested groups of seasons without those that a named season splits."""
    names = tuple(name for name in season_names(panel, params) if name != SEASON_GROUP)
    return names or (SHOP,)


def category_codes(panel: DemandPanel, params: FeatureParams) -> NDArray[np.int32]:
    """Code of each series in the finest group of seasons that no season splits."""
    return group_codes(panel, category_names(panel, params)[-1])


def parents(panel: DemandPanel, names: tuple[str, ...], rows: int) -> Ints:
    """Code of the coarser group of each finest group (its largest, where not nested), or -1."""
    parent = np.full(rows, -1, np.int64)
    if len(names) > 1:
        np.maximum.at(parent, group_codes(panel, names[-1]), group_codes(panel, names[-2]))
        parent[-1] = -1
    return parent


def check_codes(codes: NDArray[np.int32], rows: int, name: str) -> None:
    """Raise DataError when a block has codes that the context never saw."""
    if len(codes) and int(codes.max()) >= rows - 1:
        unknown = np.unique(codes[codes >= rows - 1])
        raise DataError(
            f"codes of {name} outside the feature context: {len(unknown)}"
            f" ({', '.join(map(str, unknown[:5]))}); build the context on the whole panel"
        )


def build_context(panel: DemandPanel, params: FeatureParams) -> FeatureContext:
    """Learn group knowledge from the whole panel up to its origin."""
    codes = season_codes(panel, params)
    rows = int(codes.max(initial=-1)) + 2
    first = max(panel.n_periods - params.history, 0)
    parent = parents(panel, season_names(panel, params), rows)
    elasticity = _elasticity_of(panel, parent, first, params)
    history, base, windows = _scan(panel, codes, rows, first, elasticity, params)
    history = replace(history, parent=parent, named=season_names(panel, params)[-1] == SEASON_GROUP)
    season = learn_season(history, panel.calendar, first, params)
    phases = int(panel.covariates.phase.max(initial=0)) + 1
    factor = season.factor(panel.calendar, np.arange(first, panel.n_periods), params)
    factor *= surrounding(history, factor, params)
    table = _event_table(panel, codes, base, factor, elasticity, first, phases, params)
    uplift, seen = _shrunk_uplift(table, history.parent)
    names = table_names(panel, params)
    tables = {name: _table(group_codes(panel, name), windows) for name in names}
    leads = learn_leads(panel, params)
    rivals = learn_rivals(panel, category_codes(panel, params))
    return FeatureContext(
        panel.origin, tables, season, uplift, seen, phases, leads, elasticity, rivals
    )


def _elasticity_of(panel: DemandPanel, parent: Ints, first: int, params: FeatureParams) -> Floats:
    """Elasticity of each group of seasons, (groups + 1,): goods of one category share it, whatever
    season they are made for. parent: (groups + 1,) code of the coarser group."""
    names = category_names(panel, params)
    codes = group_codes(panel, names[-1])
    above = parents(panel, names, int(codes.max(initial=-1)) + 2)
    learned = learn_elasticity(panel, codes, above, first, params)
    if names == season_names(panel, params):
        return learned
    return learned[parent]


def _scan(
    panel: DemandPanel,
    codes: NDArray[np.int32],
    rows: int,
    first: int,
    elasticity: Floats,
    params: FeatureParams,
) -> tuple[GroupHistory, Floats, Floats]:
    """One pass over the history in chunks of series.

    Returns the group sums, each series' mean rate without events, and (series, 3 windows, 3)
    sums of units, exposure and expected units. All are taken over periods without an event (over
    all periods where a series has no other), so that a peak does not look like growth after it.
    """
    length = panel.n_periods - first
    sums = np.zeros((3, rows, length))
    base = np.zeros(panel.n_series)
    windows = np.zeros((panel.n_series, 3, 3))
    ends = tuple(min(w, length) for w in (params.short, params.middle, params.long))
    for start in range(0, panel.n_series, _CHUNK):
        part = slice(start, min(start + _CHUNK, panel.n_series))
        group = np.where(codes[part] >= 0, codes[part], rows - 1)
        units, exposure, quiet = quiet_cells(panel, part, first, elasticity[group], params)
        seen_quiet = np.asarray((exposure * quiet).any(axis=1), np.bool_)
        calm = quiet | ~seen_quiet[:, None]
        units *= calm
        exposure *= calm
        base[part] = _mean_rate(units, exposure)
        expected = exposure * base[part].astype(np.float32)[:, None]
        for k, values in enumerate((units, exposure, expected)):
            totals = window_sums(values, tuple(sorted(set(ends))))
            windows[part, :, k] = np.stack([totals[w] for w in ends], axis=1)
        member = membership(codes[part], rows)
        units *= quiet
        expected *= quiet
        for k, values in enumerate((units, expected, (units > 0).astype(np.float32))):
            sums[k] += member @ values
    # The last row holds the series of unknown group; it becomes the whole shop.
    sums[:, -1] = sums.sum(axis=1)
    return GroupHistory(sums[0], sums[1], sums[2], np.full(rows, -1)), base, windows


def membership(
    codes: NDArray[np.int32], rows: int, weight: NDArray[np.floating] | None = None
) -> sparse.csr_array:
    """(rows, series) matrix that sums over the series of each group; last row: code unknown."""
    group = np.where(codes >= 0, codes, rows - 1)
    ones = np.ones(len(group), np.float32) if weight is None else weight
    shape = (len(group), rows)
    return sparse.csr_array((ones, group, np.arange(len(group) + 1)), shape=shape).T.tocsr()


def quiet_cells(
    panel: DemandPanel, part: slice, first: int, elasticity: Floats, params: FeatureParams
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Units, exposure and "no event" of some series from period ``first`` on.

    A discount counts as more exposure, by what it makes of demand.
    """
    status, in_stock = panel.status[part, first:], panel.in_stock[part, first:]
    exposure = exposure_of(status, in_stock, params.least_exposure)
    units = panel.demand[part, first:] * (exposure > 0)
    event, discount = panel.covariates.event, panel.covariates.discount
    event = event if event.shape[0] == 1 else event[part]
    discount = discount if discount.shape[0] == 1 else discount[part]
    exposure = exposure * price_factor(discount[:, first : panel.n_periods], elasticity)
    return units, exposure, event[:, first : panel.n_periods] == 0


def _mean_rate(units: NDArray[np.float32], exposure: NDArray[np.float32]) -> Floats:
    """Units over exposure of each series, 0 where nothing was seen."""
    rate = np.zeros(len(units))
    np.divide(units.sum(axis=1), exposure.sum(axis=1), out=rate, where=exposure.any(axis=1))
    return rate


def _table(codes: NDArray[np.int32], windows: Floats) -> GroupTable:
    rows = int(codes.max(initial=-1)) + 2
    group = np.where(codes >= 0, codes, rows - 1)
    columns = window_columns(windows)
    each = [np.bincount(group, column, minlength=rows) for column in columns]
    sums = np.asarray(np.stack(each), np.float64)
    return group_table(sums)


def window_columns(windows: Floats) -> Floats:
    """What is summed over the series of a group for its table, (11, series).

    windows: (series, 3 windows, 3) sums of units, exposure and expected units.
    """
    long_units, long_exposure = windows[:, 2, 0], windows[:, 2, 1]
    seen = long_exposure > 0
    root = np.sqrt(_divide(long_units, long_exposure, 0.0))
    return np.stack([*windows.transpose(2, 1, 0).reshape(9, -1), root * seen, seen])


def group_table(sums: Floats) -> GroupTable:
    """The table of groups from the sums of their ``window_columns``, (11, groups + 1)."""
    units, exposure, expected = sums[:9].reshape(3, 3, -1).transpose(0, 2, 1)
    typical = _divide(sums[9], sums[10], np.nan) ** 2
    rate, pace = _divide(units, exposure, np.nan), _divide(units, expected, np.nan)
    return GroupTable(rate, pace, typical, units[:, 2], exposure[:, 2])


def _divide(top: Floats, bottom: Floats, empty: float) -> Floats:
    out = np.full(np.broadcast_shapes(top.shape, bottom.shape), empty)
    np.divide(top, bottom, out=out, where=bottom > 0)
    return out


def _event_table(
    panel: DemandPanel,
    codes: NDArray[np.int32],
    base: Floats,
    factor: Floats,
    elasticity: Floats,
    first: int,
    phases: int,
    params: FeatureParams,
) -> Floats:
    """Units in event periods, base rate times ``factor`` in them, and selling periods.

    factor: (groups + 1, periods from ``first`` on). (3, groups + 1, event columns), last row the
    shop. Units and expected units are weighed by 1 / (1 + expected / usual), ``usual`` the mean
    base of the series that sell: inverse to a variance over mean that rises with the mean, for
    the luck of a few best sellers in a few days would otherwise pass for the uplift of an event.
    """
    event = panel.covariates.event
    events = (int(event.max(initial=0)) + 1) * phases
    rows = len(factor)
    some = first + np.flatnonzero((event[:, first : panel.n_periods] > 0).any(axis=0))
    sums = np.zeros((3, rows * events))
    factor = factor[:, some - first]
    usual = float(base[base > 0].mean()) if (base > 0).any() else 1.0
    for start in range(0, panel.n_series if len(some) else 0, _CHUNK):
        part = np.arange(start, min(start + _CHUNK, panel.n_series))
        group = np.where(codes[part] >= 0, codes[part], rows - 1)
        units, expected, column = _event_cells(panel, part, some, elasticity[group], phases, params)
        expected *= base[part][:, None] * factor[group]
        weight = usual / (usual + expected)
        hit = column >= phases
        place = (group[:, None] * events + column)[hit]
        for k, values in enumerate((weight * units, weight * expected, units > 0)):
            sums[k] += np.bincount(place, values[hit], minlength=rows * events)
    table = sums.reshape(3, rows, events)
    table[:, -1] = table.sum(axis=1)
    return table


def _event_cells(
    panel: DemandPanel,
    part: Ints,
    some: Ints,
    elasticity: Floats,
    phases: int,
    params: FeatureParams,
) -> tuple[Floats, Floats, Ints]:
    """Units, exposure and event column of some series in some periods, (series, periods).

    A discount counts as more exposure, by what it makes of demand.
    """
    here = np.ix_(part, some)
    exposure = exposure_of(panel.status[here], panel.in_stock[here], params.least_exposure)
    units = panel.demand[here] * (exposure > 0)
    covariates = panel.covariates
    event, phase = (
        values[:, some] if values.shape[0] == 1 else values[here]
        for values in (covariates.event, covariates.phase)
    )
    cut = covariates.discount
    cut = cut[:, some] if cut.shape[0] == 1 else cut[here]
    exposure = exposure * price_factor(cut, elasticity)
    column = event.astype(np.int64) * phases + phase
    column = np.broadcast_to(column, units.shape)
    return units.astype(np.float64), exposure.astype(np.float64), column


def _shrunk_uplift(table: Floats, parent: Ints) -> tuple[Floats, Floats]:
    """Uplift shrunk to the parent's and the shop's (1 where never seen), and raw."""
    seen = _divide(table[0], table[1], np.nan)
    shop = np.where(np.isfinite(seen[-1]), seen[-1], 1.0)
    uplift = nested((table[0], table[1], table[2]), shop, parent, _UPLIFT_COUNT)
    uplift[:, 0] = 1.0
    return np.clip(uplift, 0.1, 50.0), seen
