"""Find or make what is known of a version beside the champion: replays and backtests of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.backtest.request import BacktestRequest
from experiments.backtest.run import run_backtest
from experiments.champions.gate import Evidence
from experiments.champions.shadow import shadow_weeks
from experiments.record import RECORD, SETTINGS, Record, is_done, read_record
from experiments.replay.request import ReplayRequest
from experiments.replay.run import run_replay
from experiments.shop import Shop
from pipelines.config.variant import Variant
from pipelines.night.events import Observer
from pipelines.night.layout import RunsFolder
from pipelines.store.champions import ChampionFolder, Version
from stockwright.errors import ConfigError, describe

_PAIRED = "paired.parquet"
_MONEY, _FORECAST = "replay", "backtest"


@dataclass(frozen=True)
class Trial:
    """Evidence that is made now.

    data, config: the shop, as ``nightly`` takes it. first, nights: of the replay. origins: of the
    backtest, a week apart, the last ones that the sales allow. skus: that many of the SKUs in the
    replay, None for all. workers: processes.
    """

    data: str
    first: np.datetime64
    nights: int
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
    """The newest replay and the newest backtest in a folder of runs that hold both versions.

    Where there is no backtest, the nights in the shadow stand in for one.
    """
    found = (place.parent for place in (runs / "experiments").glob(f"*/{RECORD}"))
    newest = sorted(found, key=lambda place: (place / RECORD).stat().st_mtime)
    evidence = _joined(rivals, newest, strict=False)
    return evidence if evidence.forecast is not None else _with_shadow(evidence, runs, rivals)


def read_evidence(places: Sequence[Path], rivals: Rivals) -> Evidence:
    """The evidence in some folders. Raises ConfigError for one that does not hold both versions."""
    return _joined(rivals, places, strict=True)


def make_evidence(trial: Trial, runs: Path, rivals: Rivals, observe: Observer) -> Evidence:
    """Replay both versions and, where they forecast differently, backtest both.

    Work that was done is found again. Raises ConfigError and DataError as these do.
    """
    shop = Shop.open(trial.data, trial.config)
    champion = rivals.champion.variant
    arm = _over(shop, champion, rivals.version)
    request = ReplayRequest(
        shop.under(champion), trial.first, trial.nights, (arm,),
        skus=trial.skus, workers=trial.workers, runs=runs,
    )  # fmt: skip
    folder = run_replay(request, observe)
    evidence = _with(rivals.empty(), folder, read_record(folder), arm.name)
    if rivals.same_forecast:
        return evidence
    arms = (_arm(rivals.champion), _arm(rivals.version))
    asked = BacktestRequest(
        trial.data, runs, trial.config, arms, origins=trial.origins, workers=trial.workers
    )
    folder = run_backtest(asked, observe)
    return _with(evidence, folder, read_record(folder), arms[1].name)


def _with_shadow(evidence: Evidence, runs: Path, rivals: Rivals) -> Evidence:
    folder = ChampionFolder(RunsFolder(runs).champions)
    weeks = shadow_weeks(folder, rivals.version.id, rivals.champion.id)
    if weeks.paired is None:
        return evidence
    places = (*evidence.places, str(folder.shadow(rivals.version.id)))
    return replace(evidence, forecast=weeks.paired, origins=weeks.weeks, places=places)


def _joined(rivals: Rivals, places: Sequence[Path], strict: bool) -> Evidence:
    evidence, misfits = rivals.empty(), []
    for place in places:
        arm = _arm_in(place, rivals)
        if arm is None:
            misfits.append(str(place))
        else:
            evidence = _with(evidence, place, read_record(place), arm)
    if strict and misfits:
        said = f"no evidence for {rivals.version.id} against {rivals.champion.id}"
        raise ConfigError(describe(said, misfits, "replay or backtest both of them in one run"))
    return evidence


def _arm_in(place: Path, rivals: Rivals) -> str | None:
    """Name of the arm that is held against the champion's; None where these two are not there."""
    if not (is_done(place) and (place / _PAIRED).is_file()):
        return None
    record = read_record(place)
    if record.kind not in (_MONEY, _FORECAST):
        return None
    pairs = _paired(place)[["variant", "against"]].drop_duplicates()
    wanted = tuple(one.digest for one in (rivals.version, rivals.champion))
    for variant, against in pairs.itertuples(index=False):
        if (_digest(record.tags, variant), _digest(record.tags, against)) == wanted:
            return str(variant)
    return None


def _digest(tags: Mapping[str, str], arm: str) -> str:
    return tags.get(f"{SETTINGS}{arm}", "")


def _with(evidence: Evidence, place: Path, record: Record, arm: str) -> Evidence:
    table = _paired(place)
    rows = table[table["variant"] == arm]
    places = (*evidence.places, str(place))
    if record.kind == _MONEY:
        nights = int(record.params["nights"]) - int(record.params["warm_up"])
        days = nights * int(record.params.get("period_days", 1))
        return replace(evidence, money=rows, days=days, places=places)
    origins = int(record.params["origins"])
    return replace(evidence, forecast=rows, origins=origins, places=places)


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
