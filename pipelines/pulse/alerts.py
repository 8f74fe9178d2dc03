"""alerts.csv: what a planner has to look at now, the dearest first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.config.model import PulseConfig
from pipelines.publish.cells import Table, money, number_texts, rounded
from pipelines.publish.texts import Texts, filled, placeholders
from pipelines.pulse.helping import Lines
from pipelines.pulse.plausible import Implausible
from pipelines.pulse.position import Position, Watch, prior_of
from pipelines.pulse.tables import ranked
from pipelines.pulse.today import Today
from replenishment.pulse.rates import largest_ordinary_order

#: Standard deviations, and factor, beyond which a key sells faster than forecast.
_SURPRISE, _FACTOR = 2.5, 1.25
_SEVERITIES = ("high", "medium", "low")


def alert_table(
    position: Position,
    seen: Watch,
    lines: tuple[Lines, Lines],
    strange: Implausible,
    settings: PulseConfig,
    day: np.datetime64,
    texts: Texts,
) -> Table:
    """One row for each key and code, ranked by money at risk."""
    cases = {"IMPLAUSIBLE": strange.key, **_cases(position, seen, settings)}
    key = np.concatenate(list(cases.values()))
    code = np.repeat(list(cases), [len(rows) for rows in cases.values()]).astype(object)
    below = _below(position, seen, settings)
    table = _rows(position, seen, key, code, below, day)
    table |= _words(position, table | _figures(position, key, strange), key, lines, day, texts)
    table |= {"planner": position.state.columns["planner"][key].astype(object)}
    table = _with_strays(table, position.today, texts)
    rank = ranked(table["sku"], table["code"], -table["money_at_risk"])
    return {name: column[rank] for name, column in table.items()}


def _below(position: Position, seen: Watch, settings: PulseConfig) -> NDArray[np.bool_]:
    """Keys below the warning line."""
    stocked = position.state.columns["stocked"]
    short = (seen.chance > 1.0 - settings.warning_level) & (seen.missed >= settings.least_units)
    return np.asarray(stocked & short, np.bool_)


def _cases(position: Position, seen: Watch, settings: PulseConfig) -> dict[str, NDArray[np.int64]]:
    """Keys by the code of what is seen of them."""
    stocked, least = position.state.columns["stocked"], settings.least_units
    below = _below(position, seen, settings)
    gone = below & (position.free < 1e-9)
    apart, more = position.today.demanded - position.counted, position.counted - seen.expected
    bulk = stocked & (apart > 0) & (apart >= least)
    # One unit of a key that hardly sells is no news, however unlikely on that day.
    faster = stocked & (seen.surprise > _SURPRISE) & (seen.rate > _FACTOR) & (more >= least)
    cases = {
        "SOLD_OUT": gone,
        "WARNING_LINE": below & ~gone,
        "SELLING_FASTER": faster & ~(bulk & (more < apart)),
        "BULK_ORDER": bulk,
        "RESTOCK_OVERDUE": position.overdue > 1e-9,
    }
    return {code: np.flatnonzero(which) for code, which in cases.items()}


def _figures(position: Position, key: NDArray[np.int64], strange: Implausible) -> Table:
    """What messages say on top of the columns; the rows of ``strange`` are the first."""
    count = len(strange.key)
    table, units, most = np.full(len(key), "", object), np.zeros(len(key)), np.zeros(len(key))
    table[:count], units[:count], most[:count] = strange.table, strange.units, strange.most
    apart = position.today.demanded[key] - position.counted[key]
    ordinary = largest_ordinary_order(prior_of(position.state, key))
    return {
        "table": table,
        "value": rounded(units),
        "most": rounded(most, 0),
        "apart": rounded(apart),
        "ordinary": rounded(ordinary, 1),
    }


def _rows(
    position: Position, seen: Watch, key: NDArray[np.int64], code: NDArray[np.object_],
    below: NDArray[np.bool_], day: np.datetime64,
) -> Table:  # fmt: skip
    names, columns = position.state.names, position.state.columns
    missed = seen.missed[key]
    today_gone = seen.hours[key] <= 24.0 - position.moment.hour
    severity = np.where(below[key] & today_gone, 0, np.where(below[key], 1, 2))
    severity = np.where(code == "RESTOCK_OVERDUE", np.minimum(severity, 1), severity)
    severity = np.where(code == "IMPLAUSIBLE", 0, severity)
    ends = np.minimum(np.where(np.isfinite(seen.hours[key]), seen.hours[key], 0.0), 9e4)
    moment = day.astype("datetime64[m]") + np.asarray(
        np.round((position.moment.hour + ends) * 60), "timedelta64[m]"
    )
    endless = ~np.isfinite(seen.hours[key])
    shown = np.char.replace(np.datetime_as_string(moment), "T", " ").astype(object)
    return {
        "severity": np.array(_SEVERITIES, object)[severity],
        "code": code,
        "sku": names.skus[names.sku[key]],
        "location": names.locations[names.location[key]],
        "free_units": rounded(position.free[key]),
        "sold_today": rounded(position.today.demanded[key]),
        "expected_by_now": rounded(seen.expected[key], 2),
        "hours_of_cover": rounded(seen.hours[key], 1),
        "stockout_time": np.where(endless, "", shown).astype(object),
        "next_arrival_days": seen.next_day[key],
        "overdue_units": rounded(position.overdue[key]),
        "units_short": rounded(missed, 2),
        "money_at_risk": money(missed * columns["shortage_cost"][key]),
    }


def _words(
    position: Position, table: Table, key: NDArray[np.int64], lines: tuple[Lines, Lines],
    day: np.datetime64, texts: Texts,
) -> Table:  # fmt: skip
    n = len(position.state)
    ways = position.state.ways["key"]
    ordered, moved = (np.bincount(ways[a.way], a.units, minlength=n)[key] for a in lines)
    saved, worth = (
        sum(np.bincount(ways[a.way], getattr(a, name), minlength=n)[key] for a in lines)
        for name in ("avoided", "benefit")
    )
    days = position.state.ways["lead_days"]
    first = np.full(n, np.iinfo(np.int64).max)
    for each in lines:
        np.minimum.at(first, ways[each.way], days[each.way].astype(np.int64))
    coming = position.booked_in.sum(axis=1)[key]
    told = np.where(coming > 0, "BOOKED", table["code"])
    told = np.where(ordered + moved > 0, "HELP", told)
    told = np.where(table["code"] == "IMPLAUSIBLE", table["code"], told)
    arrival = day + np.where(ordered + moved > 0, first[key], 0).astype("timedelta64[D]")
    until = day + position.state.columns["resupply_days"][key].astype("timedelta64[D]")
    help_ = {"ordered": ordered, "moved": moved, "booked": coming, "saved": rounded(saved, 2)}
    help_ |= {"worth": money(worth), "arrival": arrival, "until": until}
    return {
        "message": _filled(texts, "pulse_messages", table["code"], table),
        "suggestion": _filled(texts, "pulse_suggestions", told, table | help_),
    }


def _filled(texts: Texts, section: str, code: NDArray[np.object_], table: Table) -> NDArray[Any]:
    """The text of each row's code with the row's figures, code by code."""
    said = np.full(len(code), "", object)
    for one in dict.fromkeys(code.tolist()):
        rows, text = np.flatnonzero(code == one), texts.of(section, one)
        columns = {name: _shown(table[name][rows]) for name in placeholders(text)}
        names = list(columns)
        said[rows] = (
            [
                filled(text, dict(zip(names, row, strict=True)))
                for row in zip(*columns.values(), strict=True)
            ]
            if names
            else text
        )
    return said


def _shown(values: NDArray[Any]) -> list[str]:
    if values.dtype.kind not in "iuf":
        return [str(value) for value in values.tolist()]
    # Few numbers differ, and to write one takes longer than to find it.
    different, place = np.unique(values, return_inverse=True)
    shown = number_texts(different)
    return [shown[each] for each in place.tolist()]


def _with_strays(table: Table, today: Today, texts: Texts) -> Table:
    """Sales of keys that the night does not know: what stock they take is unknown."""
    stray = today.stray
    count = len(stray)
    if not count:
        return table
    units = stray["units"].to_numpy(np.float64)
    named = zip(stray["sku"], stray["location"], number_texts(units), strict=True)
    told = [
        texts.fill("pulse_messages", "UNKNOWN_KEY", {"sku": s, "location": p, "sold_today": u})
        for s, p, u in named
    ]
    rows: Table = {
        "severity": np.full(count, "medium", object),
        "code": np.full(count, "UNKNOWN_KEY", object),
        "sku": stray["sku"].to_numpy(object),
        "location": stray["location"].to_numpy(object),
        "sold_today": units,
        "message": np.array(told, object),
        "suggestion": np.full(count, texts.of("pulse_suggestions", "UNKNOWN_KEY"), object),
        "money_at_risk": np.zeros(count),
        "next_arrival_days": np.zeros(count, np.int64),
    }
    return {
        name: np.concatenate([column, rows[name] if name in rows else _blanks(column, count)])
        for name, column in table.items()
    }


def _blanks(column: NDArray[Any], count: int) -> NDArray[Any]:
    """Cells that say nothing, of the kind of ``column``."""
    if column.dtype.kind == "O":
        return np.full(count, "", object)
    return np.full(count, np.nan if column.dtype.kind == "f" else 0, column.dtype)
