"""Which windows, lags and half-lives the features use."""

from __future__ import annotations

from dataclasses import dataclass

from stockwright.calendar import PeriodName
from stockwright.errors import ConfigError


@dataclass(frozen=True)
class FeatureParams:
    """All lengths are in periods. ``for_period`` gives the defaults of a period.

    period: "day" or "week".
    country: ISO code of the country whose public holidays count; "" for none.
    cycle: periods in a week: 7 (day) or 1 (week, no weekday pattern).
    year: periods after which a season repeats with its weekday: 364 or 52.
    year_reach: the lag of a year is averaged over this many periods on either side.
    lags: single periods before the first step.
    cycle_lags: how many same-weekday periods before the target are features of their own.
    cycle_means: numbers of same-weekday periods that are averaged.
    windows: rolling means, ascending; short, middle, long: windows named by other features.
    half_lives: exponential means.
    quantile_window, quantiles: rolling quantiles of the in-stock rate.
    level_half_life: of the base level; level_count: selling periods at which the recent
    mean weighs as much as the long one; prior_exposure: periods that the group counts for.
    least_exposure: censored periods in stock for a smaller share are not used.
    least_rate_exposure: periods in stock for a smaller share give no lag, quantile or spread.
    floor: smallest level, units per period.
    groups: attributes with group features, where the panel has them.
    codes: attributes (or "location") whose codes are categorical features.
    season_groups: nested attributes, coarse to fine: seasons and event uplifts are learned for the
        finest that the panel has, shrunk to the next coarser one's, those to the whole shop's.
    history: periods of history from which seasons and event uplifts are learned.
    event_reach: days to and since an event are counted up to this many periods.
    """

    period: PeriodName = "day"
    country: str = "CN"
    cycle: int = 7
    year: int = 364
    year_reach: int = 3
    lags: tuple[int, ...] = (1, 2, 7, 14, 28)
    cycle_lags: int = 3
    cycle_means: tuple[int, ...] = (4, 12)
    windows: tuple[int, ...] = (7, 14, 28, 56, 91, 182, 364)
    short: int = 28
    middle: int = 91
    long: int = 364
    half_lives: tuple[float, ...] = (3.0, 7.0, 14.0, 28.0, 91.0)
    quantile_window: int = 56
    quantiles: tuple[float, ...] = (0.5, 0.75, 0.9)
    level_half_life: float = 14.0
    level_count: float = 4.0
    prior_exposure: float = 14.0
    least_exposure: float = 0.1
    least_rate_exposure: float = 0.5
    floor: float = 1e-3
    groups: tuple[str, ...] = ("category_1", "category_2", "season_group", "brand", "style")
    codes: tuple[str, ...] = ("location", "category_1", "category_2", "brand")
    season_groups: tuple[str, ...] = ("category_1", "category_2", "season_group")
    history: int = 1096
    event_reach: int = 14

    def __post_init__(self) -> None:
        windows = (*self.windows, self.short, self.middle, self.long, self.quantile_window)
        positive = (*windows, *self.lags, *self.half_lives, *self.cycle_means, self.cycle)
        wrong = [
            rule
            for rule, kept in {
                "period is 'day' or 'week'": self.period in ("day", "week"),
                "lags, windows, half-lives and cycles are positive": min(positive) > 0,
                "windows ascend": list(self.windows) == sorted(set(self.windows)),
                "short < middle < long": self.short < self.middle < self.long,
                "short, middle, long are windows": {self.short, self.middle, self.long}
                <= set(self.windows),
                "no window is longer than long": max(windows) <= self.long <= self.year,
                "quantiles are in (0, 1)": all(0 < q < 1 for q in self.quantiles),
                "least_exposure is in (0, 1]": 0 < self.least_exposure <= 1,
                "floor and prior_exposure are positive": min(self.floor, self.prior_exposure) > 0,
            }.items()
            if not kept
        ]
        if wrong:
            raise ConfigError("feature parameters must obey: " + "; ".join(wrong))

    @classmethod
    def for_period(cls, period: PeriodName, country: str = "CN") -> FeatureParams:
        """Return the defaults for a period."""
        if period == "day":
            return cls(country=country)
        return cls(
            period=period,
            country=country,
            cycle=1,
            year=52,
            year_reach=1,
            lags=(1, 2, 3, 4, 5, 6, 7, 8),
            cycle_lags=0,
            cycle_means=(),
            windows=(2, 4, 8, 13, 26, 52),
            short=4,
            middle=13,
            long=52,
            half_lives=(1.0, 2.0, 4.0, 8.0, 16.0),
            quantile_window=13,
            level_half_life=5.0,
            level_count=5.0,
            prior_exposure=2.0,
            history=160,
            event_reach=3,
        )

    def window(self, last_step: int) -> int:
        """Periods of history that the features of a series touch, for steps up to this one."""
        years = -(-(last_step + self.year_reach) // self.year)
        return years * self.year + self.year_reach + self.short + 1
