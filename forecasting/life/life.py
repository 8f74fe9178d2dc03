"""Life stage and breakouts, told from demand without season, events and stock-outs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from features.context import LOCATION, FeatureContext, season_codes
from features.params import FeatureParams
from forecasting.launch.cells import is_launch, weekly
from forecasting.life.life_signal import LifeSignal, by_sku, life_signal, season_ahead
from forecasting.life.noise import Noise, learn_noise
from stockwright.life import LifeStage, LifeStages
from stockwright.panel import DemandPanel, Status

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# Standard deviation of trends between series, per week, that no assortment falls below.
_LEAST_SPREAD = 0.01
# Share of living products that end in a week: one in eight a year.
_WEEKLY_END = 0.0025


@dataclass(frozen=True)
class LifeParams:
    """silent_days: known days without a sale before silence can mean the end of life.

    introduction: weeks since the launch, and least_seen: weeks seen, that end the introduction.
    trend_weeks: that a trend is told from. errors: standard errors of a trend beyond chance;
    change: factor over 13 weeks, up or down, that makes growth or decline. silence: probability
    below which silence is no chance. season: share of the usual season below which it is over.
    windows: latest weeks in which a breakout is looked for. before: weeks of the past to compare
    with, at least least_before of them seen. lift: least factor of a breakout. false_share: of
    false ones among the breakouts of an assortment.
    """

    silent_days: int = 91
    introduction: float = 8.0
    least_seen: float = 4.0
    trend_weeks: int = 16
    errors: float = 2.0
    change: float = 1.25
    silence: float = 1e-3
    season: float = 0.12
    windows: tuple[int, ...] = (1, 2, 4)
    before: int = 26
    least_before: float = 6.0
    lift: float = 1.6
    false_share: float = 0.05


def life_stages(
    panel: DemandPanel,
    groups: FeatureContext,
    params: FeatureParams,
    life: LifeParams | None = None,
) -> tuple[LifeStages, LifeStages]:
    """The stage of every series of a whole panel, and of every SKU over all its locations.

    panel: all series, for breakouts are judged against the pace of the category, and the share of
    false ones is held over the assortment. groups: ``build_context`` of it. Returns (series,) and
    (skus,) of the index; a location that never sold has the stage of its SKU.
    """
    rules = life or LifeParams()
    signal = life_signal(panel, groups, params)
    group = season_codes(panel, params).astype(np.int64)
    ended = ended_series(panel)
    launch = np.where(is_launch(panel, params), panel.launch, -(10**6)).astype(np.float64)
    season = season_ahead(panel, groups, params, max(panel.horizon, 1))
    own = _judged(signal, group, _weeks(panel, launch), ended | (season < rules.season), rules)
    selling = groups.tables[LOCATION].exposure[panel.index.location] > 0
    code, skus = panel.index.sku.astype(np.int64), len(panel.index.skus)
    # A SKU kept only where nothing is sold has not ended: it waits for its launch.
    waiting = np.bincount(code, selling, skus) == 0
    ended = (np.bincount(code, selling & ~ended, skus) == 0) & ~waiting
    launch = _least(np.where(selling | waiting[code], launch, np.inf), code, skus)
    season = -_least(-season, code, skus)
    group = -_least(-group.astype(np.float64), code, skus).astype(np.int64)
    gone = ended | (season < rules.season)
    pooled = _judged(by_sku(signal, code, skus), group, _weeks(panel, launch), gone, rules)
    return own.with_rows(~selling, pooled.take(code)), pooled


def _weeks(panel: DemandPanel, launch: Floats) -> Floats:
    """Weeks from the launch to the end of the history."""
    return np.asarray((panel.origin + 1 - launch) / weekly(panel), np.float64)


def _least(values: Floats, code: Ints, skus: int) -> Floats:
    out = np.full(skus, np.inf)
    np.minimum.at(out, code, values)
    return np.where(np.isfinite(out), out, 0.0)


def ended_series(panel: DemandPanel) -> Bools:
    """Launched, and not on sale in the last period: delisted or past the end date; (series,)."""
    last = panel.status[:, -1] == Status.NOT_LISTED
    return np.asarray(last & (panel.launch <= panel.origin))


def faded(
    panel: DemandPanel, groups: FeatureContext, params: FeatureParams, rules: LifeParams
) -> Floats:
    """Probability that a series of a block that has fallen silent still lives, (series,); else 1.

    Only series silent for as long as the rules ask, and beyond chance, are doubted. By Bayes'
    rule s / (s + h): s the chance of the silence of a living product, h that of an end meanwhile.
    """
    alive = np.ones(panel.n_series)
    days = rules.silent_days // panel.calendar.days
    late = (panel.demand[:, -days:] == 0).all(axis=1) & (panel.launch <= panel.origin)
    some = np.flatnonzero(late)
    if days > panel.n_periods or not len(some):
        return alive
    quiet, silence = silences(life_signal(panel.take(some), groups, params))
    end = 1 - (1 - _WEEKLY_END) ** quiet
    chance = silence / (silence + np.maximum(end, _WEEKLY_END))
    alive[some] = np.where(is_silent(quiet, silence, rules), chance, 1.0)
    return alive


def _judged(
    signal: LifeSignal, group: Ints, weeks: Floats, ended: Bools, rules: LifeParams
) -> LifeStages:
    noise = learn_noise(signal.calm_units, signal.calm_exposure, rules.before)
    trend, error = trends(signal, noise, rules)
    shrunk = shrunk_trend(trend, error)
    # A breakout must not pass for noise.
    late = max(rules.windows)
    calm = (signal.calm_units[:, :-late], signal.calm_exposure[:, :-late])
    lift, chance = breakouts(signal, learn_noise(*calm, rules.before), group, rules)
    quiet, silence = silences(signal)
    gone = ended | is_silent(quiet, silence, rules)
    seen = (signal.exposure > 0).sum(axis=1)
    # Before the launch, and until enough was seen, nothing can be told of a trend.
    new = (weeks < rules.introduction) | ((seen < rules.least_seen) & (weeks < rules.before))
    told = np.abs(trend) >= rules.errors * error
    far = np.abs(trend) * 13 >= np.log(rules.change)
    cases = [gone, new, told & far & (trend > 0), told & far & (trend < 0)]
    stages = [LifeStage.ENDED, LifeStage.INTRODUCTION, LifeStage.GROWTH, LifeStage.DECLINE]
    hit = discoveries(chance, rules.false_share) & (lift >= rules.lift) & ~gone & ~new
    return LifeStages(
        stage=np.select(cases, [int(s) for s in stages], int(LifeStage.MATURITY)).astype(np.uint8),
        hit=np.asarray(hit, np.bool_),
        trend=shrunk,
        trend_error=error,
        weeks=weeks,
        lift=lift,
        chance=chance,
        silence=silence,
    )


def trends(signal: LifeSignal, noise: Noise, rules: LifeParams) -> tuple[Floats, Floats]:
    """Slope of log demand per week over the last weeks, and its standard error, (rows,) each.

    Quasi-Poisson regression (McCullagh & Nelder 1989, chapter 9) by Newton's steps; the error
    carries the dispersion of the series and the autocorrelation of its noise. Slope 0 and error 1
    where nothing was sold.
    """
    units = signal.calm_units[:, -rules.trend_weeks :].astype(np.float64)
    exposure = signal.calm_exposure[:, -rules.trend_weeks :].astype(np.float64)
    time = np.arange(rules.trend_weeks) - (rules.trend_weeks - 1) / 2
    slope, info = np.zeros(len(units)), np.zeros(len(units))
    total = units.sum(axis=1)
    for _ in range(6):
        shape = exposure * np.exp(slope[:, None] * time)
        sums = shape.sum(axis=1)
        mean = shape * np.divide(total, sums, out=np.zeros_like(sums), where=sums > 0)[:, None]
        whole = np.maximum(mean.sum(axis=1), 1e-12)
        middle = (mean @ time / whole)[:, None]
        info = (mean * (time - middle) ** 2).sum(axis=1)
        score = ((units - mean) * time).sum(axis=1)
        step = np.divide(score, info, out=np.zeros_like(info), where=info > 0)
        slope = np.clip(slope + np.clip(step, -0.1, 0.1), -0.5, 0.5)
    dispersion = noise.dispersion * noise.inflation(rules.trend_weeks)
    told = info > 0
    error = np.sqrt(np.divide(dispersion, info, out=np.ones_like(info), where=told))
    return np.where(told, slope, 0.0), np.where(told, error, 1.0)


def shrunk_trend(trend: Floats, error: Floats) -> Floats:
    """Trends pulled to none by the share of their variance that is error (Efron & Morris 1975).

    The variance between series is what their squares leave over their errors, and never nothing.
    """
    weight = 1 / (error**2 + _LEAST_SPREAD**2) ** 2
    excess = float((weight * (trend**2 - error**2)).sum() / max(float(weight.sum()), 1e-12))
    between = max(excess, _LEAST_SPREAD**2)
    return np.asarray(trend * between / (between + error**2), np.float64)


def breakouts(
    signal: LifeSignal, noise: Noise, group: Ints, rules: LifeParams
) -> tuple[Floats, Floats]:
    """Largest lift of the latest weeks and its chance, (rows,) each.

    In each window the units are held against the rate of the weeks before it, times the pace of
    the category where that rises; their chance is the upper tail of a negative binomial with
    the series' dispersion and the error of its rate. The smallest chance counts, times the
    number of windows (Bonferroni).
    """
    units = signal.calm_units.astype(np.float64)
    exposure = signal.calm_exposure.astype(np.float64)
    longest = max(rules.windows)
    past = slice(-longest - rules.before, -longest)
    sold, seen = units[:, past].sum(axis=1), exposure[:, past].sum(axis=1)
    enough = (exposure[:, past] > 0).sum(axis=1) >= rules.least_before
    # Half a unit more, lest a series that sold nothing breaks out with its first sale.
    rate = np.divide(sold + 0.5, seen, out=np.zeros_like(sold), where=seen > 0)
    lift, chance = np.ones(len(units)), np.ones(len(units))
    for window in rules.windows:
        latest = slice(-window, None)
        got, time = units[:, latest].sum(axis=1), exposure[:, latest].sum(axis=1)
        mean = rate * time * _pace(got, rate * time, group)
        spread = noise.variance(mean, window)
        spread += mean**2 * noise.dispersion * noise.inflation(rules.before) / (sold + 0.5)
        here = _upper_tail(got, mean, spread)
        here = np.where(enough & (mean > 0), np.minimum(here * len(rules.windows), 1.0), 1.0)
        better = here < chance
        ratio = np.divide(got, mean, out=np.ones_like(got), where=mean > 0)
        lift, chance = np.where(better, ratio, lift), np.where(better, here, chance)
    return lift, chance


def _pace(units: Floats, mean: Floats, group: Ints) -> Floats:
    """Units over mean of the category of each row, the row's weight bounded; at least 1."""
    codes = group % (int(group.max(initial=-1)) + 2)
    weight = 1.0 / (mean + 1.0)
    top = np.bincount(codes, weight * units)
    bottom = np.bincount(codes, weight * mean)
    pace = np.divide(top, bottom, out=np.ones(len(top)), where=bottom > 0)
    return np.asarray(np.maximum(pace, 1.0)[codes], np.float64)


def _upper_tail(units: Floats, mean: Floats, variance: Floats) -> Floats:
    """P(X >= units) of a negative binomial, (rows,)."""
    out = np.ones(len(units))
    some = np.flatnonzero(units > 0)
    mean = np.maximum(mean[some], 1e-12)
    excess = np.maximum(variance[some] - mean, mean * 1e-6)
    size, p = mean**2 / excess, mean / (mean + excess)
    out[some] = np.clip(special.betaincc(size, np.ceil(units[some]), p), 0.0, 1.0)
    return out


def discoveries(chance: Floats, share: float) -> Bools:
    """Rows beyond chance such that false ones make up ``share`` of them at most on average.

    Benjamini & Hochberg (1995). Rows with chance 1 say nothing and are not counted.
    """
    some = np.flatnonzero(chance < 1)
    found = np.zeros(len(chance), np.bool_)
    if not len(some):
        return found
    order = np.sort(chance[some])
    passed = np.flatnonzero(order <= share * np.arange(1, len(some) + 1) / len(some))
    if len(passed):
        found[some] = chance[some] <= order[passed[-1]]
    return found


def silences(signal: LifeSignal) -> tuple[Floats, Floats]:
    """Known weeks since the last sale, and the chance of so long a silence, (rows,) each.

    K selling weeks in B known weeks up to the last sale, at an unknown steady rate with Jeffreys'
    prior, make a silence of E weeks with probability (B / (B + E)) ** (K + 1/2). Weeks count by
    their season. 1 where nothing was sold in a year.
    """
    sold = signal.units > 0
    last = sold.shape[1] - 1 - np.argmax(sold[:, ::-1], axis=1)
    after = np.arange(sold.shape[1]) > last[:, None]
    exposure = signal.exposure.astype(np.float64)
    quiet = np.where(after, exposure, 0.0).sum(axis=1)
    before = np.maximum(exposure.sum(axis=1) - quiet, 1e-9)
    count = sold.sum(axis=1)
    chance = (before / (before + quiet)) ** (count + 0.5)
    known = np.where(after, exposure > 0, False).sum(axis=1).astype(np.float64)
    none = count == 0
    return np.where(none, 0.0, known), np.where(none, 1.0, chance)


def is_silent(quiet: Floats, silence: Floats, rules: LifeParams) -> Bools:
    """Silent for as long as the rules ask, and beyond chance, (rows,)."""
    return np.asarray((quiet * 7 >= rules.silent_days) & (silence < rules.silence))
