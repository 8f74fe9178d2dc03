"""Find or make what is known of a version beside the champion: replays and backtests of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.backtest.request import BacktestRequest
from experiments.backtest.run import run_backtest
from experiments.champions.basis import Basis, Tonight, best_last
from experiments.champions.gate import Evidence
from experiments.champions.shadow import shadow_weeks
from experiments.record import RECORD, SETTINGS, Record, is_done, read_record
from experiments.replay.request import BASE, ReplayRequest
from experiments.replay.run import run_replay
from experiments.shop import SHOP, Shop
from pipelines.config.variant import Variant
from pipelines.night.events import Observer
from pipelines.night.layout import RunsFolder
from pipelines.store.champions import ChampionFolder, Version
from stockwright.calendar import DAYS_PER_PERIOD
from stockwright.errors import ConfigError, describe

_PAIRED = "paired.parquet"
_MONEY, _FORECAST = "replay", "backtest"
_HALF_YEAR = 182


@dataclass(frozen=True)
class Trial:
    """Evidence that is made now.

    data, config: the shop, as ``nightly`` takes it. first, nights: of the replay; None: half a
    year of nights. origins: of the backtest, a week apart, the last ones that the sales allow.
    skus: that many of the SKUs in the replay, None for all. workers: processes.
    """

    data: str
    first: np.datetime64
    nights: int | None = None
    config: Path | None = None
    origins: int = 12
    skus: int | None = None
    workers: int = 1


@dataclass(frozen=True)
class Rivals:
    """A version, and the champion that it is held against."""

    version: Version
    champion: Version

    @property
    def same_forecast(self) -> bool:
        """Whether they differ in the policy alone."""
        return self.version.variant.forecast_settings() == self.champion.variant.forecast_settings()

    def empty(self) -> Evidence:
        """What is known before anything was measured."""
        return Evidence(same_forecast=self.same_forecast)


def find_evidence(runs: Path, rivals: Rivals) -> Evidence:
    """The best replay and the best backtest in a folder of runs that hold both versions: of this
    shop's configuration, of its whole assortment, of the latest days, the newest.

    Where there is no backtest, the nights in the shadow stand in for one.
    """
    tonight = Tonight.of(runs)
    found = (place.parent for place in (runs / "experiments").glob(f"*/{RECORD}"))
    newest = sorted(found, key=lambda place: (place / RECORD).stat().st_mtime)
    held = [one for place in newest if (one := _held_in(place, rivals)) is not None]
    best = [held[k] for k in best_last([one.basis for one in held], tonight)]
    # Of each kind the best one.
    evidence = _joined(rivals, {one.record.kind: one for one in best}.values(), tonight)
    return evidence if evidence.forecast is not None else _with_shadow(evidence, runs, rivals)


def read_evidence(places: Sequence[Path], runs: Path, rivals: Rivals) -> Evidence:
    """The evidence in some folders. Raises ConfigError for one that does not hold both versions."""
    found = {place: _held_in(place, rivals) for place in places}
    misfits = [str(place) for place, one in found.items() if one is None]
    if misfits:
        said = f"no evidence for {rivals.version.id} against {rivals.champion.id}"
        raise ConfigError(describe(said, misfits, "replay or backtest both of them in one run"))
    return _joined(rivals, [one for one in found.values() if one], Tonight.of(runs))


def make_evidence(trial: Trial, runs: Path, rivals: Rivals, observe: Observer) -> Evidence:
    """Replay both versions and, where they forecast differently, backtest both.

    Work that was done is found again. Raises ConfigError and DataError as these do.
    """
    shop = Shop.open(trial.data, trial.config)
    tonight = replace(Tonight.of(runs), shop=shop.tags()[SHOP])
    champion = rivals.champion.variant
    arm = _over(shop, champion, rivals.version)
    nights = trial.nights or _HALF_YEAR // DAYS_PER_PERIOD[shop.config.period]
    request = ReplayRequest(
        shop.under(champion), trial.first, nights, (arm,),
        skus=trial.skus, workers=trial.workers, runs=runs,
        digests={BASE: rivals.champion.digest, arm.name: rivals.version.digest},
    )  # fmt: skip
    folders = [run_replay(request, observe)]
    if not rivals.same_forecast:
        arms = (_arm(rivals.champion), _arm(rivals.version))
        asked = BacktestRequest(
            trial.data, runs, trial.config, arms, origins=trial.origins, workers=trial.workers
        )
        folders.append(run_backtest(asked, observe))
    return _joined(rivals, [_Held(one, read_record(one), arm.name) for one in folders], tonight)


def _with_shadow(evidence: Evidence, runs: Path, rivals: Rivals) -> Evidence:
    folder = ChampionFolder(RunsFolder(runs).champions)
    weeks = shadow_weeks(folder, rivals.version.id, rivals.champion.id, evidence.tonight.shop)
    if weeks.paired is None:
        return evidence
    place, first, last = str(folder.shadow(rivals.version.id)), *weeks.span
    basis = Basis("nights in the shadow", place, evidence.tonight.shop, first, last)
    bases = (*evidence.bases, basis)
    return replace(evidence, forecast=weeks.paired, origins=weeks.weeks, bases=bases)


@dataclass(frozen=True)
class _Held:
    """An experiment that holds both: its folder and record, and the arm of the version."""

    place: Path
    record: Record
    arm: str

    @property
    def basis(self) -> Basis:
        return Basis.of(self.place, self.record)


def _held_in(place: Path, rivals: Rivals) -> _Held | None:
    """An experiment in a folder; None where these two are not held against each other there."""
    if not (is_done(place) and (place / _PAIRED).is_file()):
        return None
    record = read_record(place)
    if record.kind not in (_MONEY, _FORECAST):
        return None
    pairs = _paired(place)[["variant", "against"]].drop_duplicates()
    wanted = tuple(one.digest for one in (rivals.version, rivals.champion))
    for variant, against in pairs.itertuples(index=False):
        if (_digest(record.tags, variant), _digest(record.tags, against)) == wanted:
            return _Held(place, record, str(variant))
    return None


def _digest(tags: Mapping[str, str], arm: str) -> str:
    return tags.get(f"{SETTINGS}{arm}", "")


def _joined(rivals: Rivals, held: Iterable[_Held], tonight: Tonight) -> Evidence:
    evidence = replace(rivals.empty(), tonight=tonight)
    for one in held:
        table, params = _paired(one.place), one.record.params
        rows = table[table["variant"] == one.arm]
        evidence = replace(evidence, bases=(*evidence.bases, one.basis))
        if one.record.kind == _MONEY:
            nights = int(params["nights"]) - int(params["warm_up"])
            days = nights * int(params.get("period_days", 1))
            evidence = replace(evidence, money=rows, days=days)
        else:
            evidence = replace(evidence, forecast=rows, origins=int(params["origins"]))
    return evidence


def _paired(place: Path) -> pd.DataFrame:
    return pd.read_parquet(place / _PAIRED)


def _arm(version: Version) -> Variant:
    """The variant under a name that no other version has."""
    return replace(version.variant, name=version.id.replace("@", "-")[-64:].lstrip("._-"))


def _over(shop: Shop, champion: Variant, version: Version) -> Variant:
    """The version as a change of the shop under its champion. Raises ConfigError where a setting
    of the champion cannot be taken back.
    """
    arm = _arm(version)
    if not champion.config:
        return arm
    wanted = version.variant.of(shop.config)
    whole = replace(arm, config=wanted.model_dump())
    if whole.of(shop.under(champion).config) != wanted:
        raise ConfigError(
            f"{version.id} cannot be replayed against {champion.name}: the champion sets entries "
            "of a table that it does not; name them in the variant too"
        )
    return whole
