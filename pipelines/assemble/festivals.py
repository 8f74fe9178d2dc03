"""The festivals of trade as events of periods that the events table says nothing of."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from lunar_python import Lunar
from numpy.typing import NDArray

from pipelines.config.festivals import Festival
from stockwright.calendar import Calendar, Dates, iso_weekday
from stockwright.panel import Covariates

Codes = NDArray[np.int16]
# A festival during which so many series have an event of the table is known to the table.
_KNOWN = 0.2
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class _Occurrence:
    """A festival of one year: its periods ``first`` ... ``stop`` - 1 and the phase of each.

    event: code. phase: (stop - first,) codes, 0 where no phase falls.
    """

    event: int
    first: int
    phase: Codes

    @property
    def stop(self) -> int:
        return self.first + len(self.phase)


def main_days(festival: Festival, first_year: int, last_year: int) -> Dates:
    """The main day of a festival in each year that has one, shift included, rising.

    A lunar date is that of the Chinese calendar in the lunar year of the same number.
    """
    found = [_main_day(festival, year) for year in range(first_year, last_year + 1)]
    days: Dates = np.array([day for day in found if day is not None], "datetime64[D]")
    days += festival.shift * _DAY
    return np.sort(days)


def _main_day(festival: Festival, year: int) -> np.datetime64 | None:
    if festival.lunar_month is not None:
        solar = Lunar.fromYmd(year, festival.lunar_month, festival.lunar_day).getSolar()
        return np.datetime64(solar.toYmd(), "D")
    month = np.datetime64(f"{year}-{festival.month:02d}", "M")
    first, stop = (each.astype("datetime64[D]").astype(np.int64) for each in (month, month + 1))
    days: Dates = np.arange(first, stop).astype("datetime64[D]")
    if festival.weekday is None:
        fitting = days[festival.day - 1 : festival.day] if festival.day else days[:0]
    else:
        same = days[iso_weekday(days) == festival.weekday]
        nth = int(festival.nth or 1)
        fitting = same[-1:] if nth < 0 else same[nth - 1 : nth]
    return fitting[0] if len(fitting) else None


def with_festivals(
    covariates: Covariates, calendar: Calendar, festivals: list[Festival]
) -> Covariates:
    """The covariates with the festivals where the events table is silent.

    A festival of one year is left out when a fifth of the series has an event of the table while
    it lasts: the table knows it. Otherwise it fills the periods without an event. A festival with
    the name of an event of the table gets its code, and the same holds for phases. A week takes
    the phase of most of its days, the later one of two equal ones.
    """
    event_names, phase_names = covariates.event_names, covariates.phase_names
    named = [each for each in festivals if each.phases]
    event_names = _joined(event_names, [each.name for each in named])
    phase_names = _joined(phase_names, [name for each in named for name in each.phases])
    found = [
        each
        for festival in named
        for each in _occurrences(
            festival,
            event_names.index(festival.name) + 1,
            np.array([phase_names.index(name) + 1 for name in festival.phases], np.int16),
            calendar,
            covariates.n_periods,
        )
    ]
    taken = covariates.event > 0
    kept = [one for one in found if taken[:, one.first : one.stop].any(axis=1).mean() <= _KNOWN]
    if not kept:
        return covariates
    event, phase = covariates.event.copy(), covariates.phase.copy()
    for one in sorted(kept, key=lambda one: (one.first, one.event)):
        span = slice(one.first, one.stop)
        free = (event[:, span] == 0) & (one.phase > 0)
        event[:, span] = np.where(free, np.int16(one.event), event[:, span])
        phase[:, span] = np.where(free, one.phase, phase[:, span])
    return replace(
        covariates, event=event, phase=phase, event_names=event_names, phase_names=phase_names
    )


def _joined(names: tuple[str, ...], more: list[str]) -> tuple[str, ...]:
    return (*names, *sorted(set(more) - set(names)))


def _occurrences(
    festival: Festival, event: int, phases: Codes, calendar: Calendar, periods: int
) -> list[_Occurrence]:
    """The festival in every year that touches the periods."""
    days = periods * calendar.days
    years = calendar.start + np.array([0, days - 1]) * _DAY
    first, last = years.astype("datetime64[Y]").astype(np.int64) + 1970
    spans = np.array(list(festival.phases.values()))
    found = []
    for day in main_days(festival, int(first) - 1, int(last) + 1):
        place = int((day - calendar.start) / _DAY)
        daily = np.zeros(days, np.int16)
        for code, (start, end) in zip(phases, spans + place, strict=True):
            daily[max(start, 0) : max(end + 1, 0)] = code
        by_period = _most_frequent(daily.reshape(periods, calendar.days))
        busy = np.flatnonzero(by_period)
        if len(busy):
            found.append(_Occurrence(event, int(busy[0]), by_period[busy[0] : busy[-1] + 1]))
    return found


def _most_frequent(codes: Codes) -> Codes:
    """The code above 0 of most columns in each row, the later of equal ones; 0 where all are 0."""
    if codes.shape[1] == 1:
        return codes[:, 0]
    same = (codes[:, :, None] == codes[:, None, :]).sum(axis=2) * (codes > 0)
    best = codes.shape[1] - 1 - np.argmax(same[:, ::-1], axis=1)
    return np.asarray(codes[np.arange(len(codes)), best], np.int16)
