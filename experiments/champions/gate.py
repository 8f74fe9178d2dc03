"""The gate: whether the evidence lets a version take the place of the champion.

A version is let in where it earns more beyond noise, its forecasts stay calibrated and stable, and
no segment is hurt beyond a limit. Bounds come from the 95 % intervals of paired differences: half
of one is 1.96 standard errors on its own side, and a bound at another probability lies as many
standard errors away as the normal distribution asks. Segments are many, and one of them always
looks worst: with m of them each is tested at the m-th part of the error that is allowed for all
(Bonferroni; Dunn 1961), so that noise blocks nothing and a segment that is ruined does.

A location is judged by the margin of what it sells, for its stock may serve others, and segments
by SKU by their profit. One that sells nothing has nothing to lose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

from experiments.champions.basis import Basis, Tonight, lines
from pipelines.store.champions import Segment
from stockwright.errors import ConfigError

#: Segment kinds that no promotion may hurt.
KINDS = ("category", "location", "abc", "life_stage")
LEVELS = (0.8, 0.9, 0.95, 0.99)
_HALF = float(stats.norm.ppf(0.975))
_WHOLE = ("all", "all")
Scope = tuple[str, str]


@dataclass(frozen=True)
class Limits:
    """What the gate asks for.

    gain: whether money must be better beyond noise, not just no worse. tolerance: share of the
    champion's margin that may be lost where it need not be better. error: probability with which
    noise alone passes as a gain; segment_error: with which it passes as a hurt of any segment, more
    because a promotion that waits costs less than a segment that is ruined. segment_loss:
    share of a segment's margin that it may lose, beyond noise, if that is more than ``least_loss``
    of the shop's; ruin: share that none may lose even where it is only likely, with ruin_error the
    probability that it is noise for a single segment; segment_pinball: by how much its
    pinball loss may rise. coverage: how far the coverage of sums may be from its level; worse: by
    how much further than the champion's it may be all the same. unstable: by how much forecasts of
    the same day may move more. days: of a replay, origins: of a backtest, at least. age: days that
    evidence may end before the last night.
    """

    gain: bool = True
    tolerance: float = 0.005
    error: float = 0.01
    segment_error: float = 0.05
    segment_loss: float = 0.01
    least_loss: float = 0.0002
    ruin: float = 0.2
    ruin_error: float = 0.1
    segment_pinball: float = 0.03
    coverage: float = 0.02
    worse: float = 0.005
    unstable: float = 0.1
    days: int = 28
    origins: int = 4
    age: int = 366

    def __post_init__(self) -> None:
        shares = (self.tolerance, self.segment_loss, self.segment_pinball, self.coverage)
        if not (all(0 <= one < 1 for one in (*shares, self.worse)) and self.unstable >= 0):
            raise ConfigError("limits of the gate are shares of at least 0")
        errors = (self.error, self.segment_error)
        if not all(0 < one < 0.5 for one in errors) or min(self.days, self.origins, self.age) < 1:
            raise ConfigError("the gate wants errors in (0, 0.5), and days and origins >= 1")


@dataclass(frozen=True)
class Evidence:
    """What is known of a version beside the champion.

    money, forecast: rows of ``paired``: segment_kind, segment, metric, base, value, difference,
    low, high; None where there is none. days: of the replay. origins: nights whose forecasts were
    held against what sold. same_forecast: the versions forecast the same. bases: what it stands on.
    tonight: what the shop is now.
    """

    money: pd.DataFrame | None = None
    forecast: pd.DataFrame | None = None
    days: int = 0
    origins: int = 0
    same_forecast: bool = False
    bases: tuple[Basis, ...] = ()
    tonight: Tonight = field(default_factory=Tonight)

    @property
    def places(self) -> tuple[str, ...]:
        """Folders of the experiments."""
        return tuple(one.place for one in self.bases)


@dataclass(frozen=True)
class Criterion:
    """One line of the verdict."""

    name: str
    measured: str
    limit: str
    passed: bool


@dataclass(frozen=True)
class Verdict:
    """What the gate found; ``passed`` where every criterion is."""

    criteria: tuple[Criterion, ...] = field(default=())

    @property
    def passed(self) -> bool:
        """Whether the version may be promoted."""
        return bool(self.criteria) and all(one.passed for one in self.criteria)

    @property
    def failed(self) -> list[str]:
        """Names of the criteria that are not met."""
        return [one.name for one in self.criteria if not one.passed]


def judge(evidence: Evidence, limits: Limits, segments: Sequence[Segment] = ()) -> Verdict:
    """The verdict on a version for the whole shop, or for some of its segments."""
    scopes: list[Scope] = [(one.kind, one.name) for one in segments] or [_WHOLE]
    stands_on = lines(evidence.bases, evidence.tonight, limits.age)
    found = [_enough(evidence, limits), *(Criterion(*line) for line in stands_on)]
    found += [_money(evidence, limits, scope) for scope in scopes]
    if not segments:
        found.append(_money_of_segments(evidence.money, limits))
    if evidence.same_forecast:
        said = "the same forecast as the champion's"
        return Verdict((*found, Criterion("forecast", said, "-", True)))
    if evidence.forecast is None:
        found.append(
            Criterion("forecast", "not known", "a backtest or nights in the shadow", False)
        )
        return Verdict(tuple(found))
    for scope in scopes:
        found += [*_calibrated(evidence.forecast, limits, scope)]
        found.append(_stable(evidence.forecast, limits, scope))
        if segments:
            found.append(_pinball(evidence.forecast, limits, scope))
    if not segments:
        found.append(_forecast_of_segments(evidence.forecast, limits))
    return Verdict(tuple(found))


@dataclass(frozen=True)
class _Pair:
    """A metric of one segment under both."""

    base: float
    value: float
    difference: float
    low: float
    high: float

    def below(self, z: float) -> float:
        """The bound that the difference is above, ``z`` standard errors down."""
        return self.difference - (self.difference - self.low) * z / _HALF

    def turned(self) -> _Pair:
        """What the first has more than the second."""
        return _Pair(self.value, self.base, -self.difference, -self.high, -self.low)


def _enough(evidence: Evidence, limits: Limits) -> Criterion:
    measured, wanted = f"{evidence.days} days replayed", f"{limits.days} days"
    told = evidence.days >= limits.days
    if not evidence.same_forecast:
        measured += f", forecasts of {evidence.origins} origins"
        wanted += f", {limits.origins} origins"
        told = told and evidence.origins >= limits.origins
    return Criterion("enough evidence", measured, wanted, told)


def _money(evidence: Evidence, limits: Limits, scope: Scope) -> Criterion:
    name = "money" if scope == _WHOLE else f"money of {scope[0]}={scope[1]}"
    pair = _pair(evidence.money, "profit", scope)
    if pair is None:
        return Criterion(name, "not known", "a replay against the champion", False)
    margin = _margin(evidence.money, scope)
    low = pair.below(float(stats.norm.ppf(1.0 - limits.error)))
    measured = f"{_money_text(pair.difference)} ({_share(pair.difference, margin)}), "
    measured += f"at least {_money_text(low)}"
    if limits.gain:
        return Criterion(name, measured, "more than 0 beyond noise", low > 0.0)
    least = -limits.tolerance * margin
    return Criterion(name, measured, f"at least {_money_text(least)}", low >= least)


def _money_of_segments(table: pd.DataFrame | None, limits: Limits) -> Criterion:
    """Whether any segment surely loses more of its margin than its limit."""
    wanted = f"loss of at most {limits.segment_loss:.1%} beyond noise"
    least = limits.least_loss * _margin(table, _WHOLE)
    cases = {}
    for scope, pair in _pairs(table, "profit", "margin"):
        if (margin := _margin(table, scope)) > 0.0:
            cases[scope] = (pair.turned(), margin, max(limits.segment_loss * margin, least))
    return _hurt("no segment hurt in money", wanted, cases, limits, -1.0)


def _forecast_of_segments(table: pd.DataFrame, limits: Limits) -> Criterion:
    """Whether the pinball loss of any segment surely rises by more than its limit."""
    share = limits.segment_pinball
    wanted = f"rise of at most {share:.1%} beyond noise"
    cases = {
        scope: (pair, pair.base, share * pair.base)
        for scope, pair in _pairs(table, "pinball", "pinball")
    }
    return _hurt("no segment forecast worse", wanted, cases, limits, 1.0)


def _hurt(
    name: str,
    wanted: str,
    cases: Mapping[Scope, tuple[_Pair, float, float]],
    limits: Limits,
    sign: float,
) -> Criterion:
    """cases: how much worse each segment is, the scale of that, and how much worse it may be.
    sign: of a worse figure, as it is shown.
    """
    if not cases:
        return Criterion(name, "not known", wanted, False)
    z = float(stats.norm.ppf(1.0 - limits.segment_error / len(cases)))
    found = sorted(
        (
            (worse.difference / scale, f"{kind} {segment} {sign * worse.difference / scale:+.1%}")
            for (kind, segment), (worse, scale, most) in cases.items()
            if scale > 0.0
            and (worse.below(z) > most or _ruined(worse, max(limits.ruin * scale, most), limits))
        ),
        reverse=True,
    )
    worst = f": {', '.join(text for _, text in found[:3])}" if found else ""
    return Criterion(name, f"{len(found)} of {len(cases)} hurt{worst}", wanted, not found)


def _ruined(worse: _Pair, most: float, limits: Limits) -> bool:
    """Whether a segment looks ruined, though too few of it were seen to be sure."""
    z = float(stats.norm.ppf(1.0 - limits.ruin_error))
    return worse.difference > most and worse.below(z) > 0.0


def _calibrated(table: pd.DataFrame, limits: Limits, scope: Scope) -> Iterable[Criterion]:
    for level in LEVELS:
        name = f"calibrated at {level:.2f}"
        pair = _pair(table, f"coverage_{100 * level:.0f}", scope)
        wanted = f"within {limits.coverage:.3f}, or no worse than the champion"
        if pair is None:
            yield Criterion(name, "not known", wanted, False)
            continue
        off, before = abs(pair.value - level), abs(pair.base - level)
        passed = off <= max(limits.coverage, before + limits.worse)
        yield Criterion(name, f"{pair.value:.3f} (champion {pair.base:.3f})", wanted, passed)


def _stable(table: pd.DataFrame, limits: Limits, scope: Scope) -> Criterion:
    wanted = f"at most {limits.unstable:.0%} more than the champion, beyond noise"
    pair = _pair(table, "stability", scope)
    if pair is None:
        return Criterion("stable", "not known", wanted, False)
    measured = f"moves by {pair.value:.3f} (champion {pair.base:.3f})"
    z = float(stats.norm.ppf(1.0 - limits.error))
    return Criterion("stable", measured, wanted, pair.below(z) <= limits.unstable * pair.base)


def _pinball(table: pd.DataFrame, limits: Limits, scope: Scope) -> Criterion:
    name = f"forecast of {scope[0]}={scope[1]}"
    wanted = f"rise of at most {limits.segment_pinball:.1%} beyond noise"
    pair = _pair(table, "pinball", scope)
    if pair is None:
        return Criterion(name, "not known", wanted, False)
    z = float(stats.norm.ppf(1.0 - limits.error))
    passed = pair.below(z) <= limits.segment_pinball * pair.base
    return Criterion(name, f"pinball {_share(pair.difference, pair.base)}", wanted, passed)


def _pairs(
    table: pd.DataFrame | None, metric: str, of_location: str
) -> Iterable[tuple[Scope, _Pair]]:
    """The segments that no promotion may hurt; those without an interval tell nothing."""
    if table is None:
        return
    metrics = np.where(table["segment_kind"] == "location", of_location, metric)
    rows = table[(table["metric"] == metrics) & table["segment_kind"].isin(KINDS)]
    for row in rows.itertuples():
        pair = _of(row)
        if np.isfinite([pair.low, pair.high]).all() and pair.high > pair.low:
            yield (str(row.segment_kind), str(row.segment)), pair


def _pair(table: pd.DataFrame | None, metric: str, scope: Scope) -> _Pair | None:
    if table is None:
        return None
    kind, name = scope
    mine = (table["segment_kind"] == kind) & (table["segment"].astype(str) == name)
    rows = [_of(row) for row in table[mine & (table["metric"] == metric)].itertuples()]
    told = [one for one in rows if np.isfinite([one.base, one.value, one.low]).all()]
    return told[0] if told else None


def _of(row: object) -> _Pair:
    names = ("base", "value", "difference", "low", "high")
    return _Pair(*(float(getattr(row, name)) for name in names))


def _margin(table: pd.DataFrame | None, scope: Scope) -> float:
    """Money that a share is of: the champion's margin, at least 0."""
    pair = _pair(table, "margin", scope)
    return max(pair.base, 0.0) if pair is not None else 0.0


def _money_text(value: float) -> str:
    return f"{value:+,.0f}"


def _share(difference: float, of: float) -> str:
    return f"{difference / of:+.2%}" if of > 0 else "no share"
