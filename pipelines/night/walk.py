"""The steps of the night: read, panel, fit, forecast, plan, write, audit, publish."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.night.checkpoint import CheckpointFolder
from pipelines.night.code_version import code_version
from pipelines.night.evening import Evening
from pipelines.night.events import Event, Observer
from pipelines.night.foresee import Foresight, said
from pipelines.night.inputs import InputFile, config_text, hash_folder, inputs_digest
from pipelines.night.layout import RunsFolder, link_target
from pipelines.night.lineup import fit_lineup, lineup_of
from pipelines.night.manifest import RunManifest, describe_outputs, read_manifest
from pipelines.night.modeling import Fitted
from pipelines.night.outcome import ExitCode, Outcome
from pipelines.night.release import release
from pipelines.night.request import NightRequest
from pipelines.night.rooms import Rooms
from pipelines.night.shadow import Scene, run_shadows
from pipelines.night.steps import StepRunner
from pipelines.store.champions import ChampionFolder
from pipelines.store.files import digest
from pipelines.store.models import FolderModelStore
from pipelines.store.snapshots import snapshots_before, snapshots_digest, write_snapshot
from stockwright import __version__
from stockwright.errors import ConfigError, DataError, describe
from stockwright.forecast import Forecast
from stockwright.plan import Finding

if TYPE_CHECKING:
    from forecasting.watch.report import DriftReport
    from pipelines.assemble import Situation
    from pipelines.config import Config
    from pipelines.ingest.ingested import Ingested

# Of each recipe: a night that is run again finds the model that it used.
_MODELS_KEPT, _RECIPES_KEPT = 8, 8


@dataclass(frozen=True)
class Call:
    """One call of the night. started: UTC; used in the manifest and the history alone."""

    request: NightRequest
    runs: RunsFolder
    run_id: str
    started: datetime


class Walk:
    """Walks one night in one folder of runs, whose lock the caller holds."""

    def __init__(self, call: Call, rooms: Rooms, observe: Observer) -> None:
        self.request, self.runs, self.call = call.request, call.runs, call
        self.date = call.request.date
        self.rooms, self.observe = rooms, observe
        self.shop = rooms.configure(call.request.config, call.request.folder, self.date)
        self.lineup = lineup_of(ChampionFolder(call.runs.champions), self.shop)
        self.config = self.lineup.champion.config
        self._foresight = Foresight(rooms, self.config, call.request.workers, observe)
        self._published: Evening | None = None

    def walk(self) -> Outcome:
        """Publish the night, or find it published from the same inputs."""
        self.runs.check_links(self.date)
        self.runs.clear_staging()
        files, ingested = self._identify()
        key = inputs_digest(self.date, config_text(self.config), files, self.lineup.identity())
        if (before := self._published_before(key, files)) is not None:
            return before
        steps = self._steps(key)
        evening = self._evening(steps, files, ingested)
        outcome = self._publish(steps, evening, key)
        self._published = evening
        return outcome

    def shadows(self) -> None:
        """Let challengers plan the night that was published; nothing of it depends on them."""
        evening = self._published
        if evening is None:
            return
        scene = Scene(
            self.runs,
            self.rooms,
            self.shop,
            self.lineup,
            evening,
            self.runs.judged(self.date),
            lambda config: self._situation(evening.ingested, config),
            self._alone,
            self.observe,
        )
        run_shadows(scene)

    def _alone(self, situation: Situation, fitted: Fitted) -> Forecast:
        """What a challenger's model alone forecasts."""
        return said(situation, self._foresight.model(situation, fitted.model.content)[0])

    def _identify(self) -> tuple[tuple[InputFile, ...], Ingested | None]:
        """The hashes of the inputs; a database has to be read for them."""
        if self.request.folder is not None:
            return hash_folder(self.request.folder, self.rooms.tables()), None
        ingested = self._read()
        return tuple(InputFile(s.name, s.sha256) for s in ingested.sources), ingested

    def _published_before(self, key: str, files: tuple[InputFile, ...]) -> Outcome | None:
        """The outcome of an earlier run on the same inputs. Raises ConfigError on other ones."""
        folder = self.runs.published(self.date)
        if folder is None or self.request.force:
            return None
        manifest = read_manifest(folder)
        if manifest["inputs_digest"] == key:
            return Outcome(
                ExitCode.PUBLISHED, folder, True, _summary(folder), versions=self.lineup.said
            )
        old = {(one["name"], one["sha256"]) for one in manifest["inputs"]}
        new = {(file.name, file.sha256) for file in files}
        changed = sorted({name for name, _ in old ^ new}) or ["the configuration or its champions"]
        raise ConfigError(
            describe(
                f"{self.date} is published already, from other inputs; changed",
                changed,
                "give --force to publish it again",
            )
        )

    def _steps(self, key: str) -> StepRunner:
        checkpoints = CheckpointFolder(self.runs.work(self.date, key))
        if not self.request.resume:
            checkpoints.clear()
        start = digest(key, code_version(self.config.model.use))
        return StepRunner(checkpoints, start, self.observe, self.request.resume)

    def _evening(
        self, steps: StepRunner, files: tuple[InputFile, ...], ingested: Ingested | None
    ) -> Evening:
        tables = steps.run("read", lambda: ingested or self._read())
        _check_unchanged(tables, files, self.request)
        stored = self._earlier_nights()
        situation = steps.run("panel", lambda: self._situation(tables, self.config), stored)
        watched = steps.run("drift", lambda: self._watch(situation, tables))
        situation = replace(situation, drift=watched)
        store = FolderModelStore(self.runs.models)
        fitted, others = fit_lineup(steps, self.rooms, store, situation, self.lineup, self.observe)
        forecast, failed, others = steps.run(
            "forecast", lambda: self._forecast(situation, fitted, others)
        )
        situation = replace(
            situation,
            findings=(*situation.findings, *failed),
            notes=(*situation.notes, *self.lineup.notes(situation, others)),
        )
        plan = steps.run("plan", lambda: self.rooms.plan(situation, forecast, self.config))
        stairs = self.rooms.staircase(fitted.model.content)
        return Evening(tables, situation, fitted, others, stairs, forecast, plan)

    def _read(self) -> Ingested:
        return self.rooms.read(self.request.data, self.config, self.date)

    def _earlier_nights(self) -> str:
        """Digest of what earlier nights left for this one."""
        links = [
            f"{date} {link_target(self.runs.dated(date))}"
            for date in self.runs.dates_before(self.date)
        ]
        return digest(*links, snapshots_digest(snapshots_before(self.runs.snapshots, self.date)))

    def _situation(self, ingested: Ingested, config: Config) -> Situation:
        nights = [self.runs.dated(date) for date in self.runs.dates_before(self.date)]
        snapshots = snapshots_before(self.runs.snapshots, self.date)
        return self.rooms.assemble(ingested, config, self.date, nights, snapshots)

    def _watch(self, situation: Situation, ingested: Ingested) -> DriftReport:
        """What drifts; nothing, with a warning, where that cannot be told; a plan needs none."""
        try:
            return self.rooms.watch(situation, ingested, self.config, self.runs.judged(self.date))
        except (ArithmeticError, LookupError, ValueError, DataError) as error:
            fault = f"nothing is watched for drift tonight: {type(error).__name__}: {error}"
            self.observe(Event("warning", "drift", fault))
            return situation.drift

    def _forecast(
        self, situation: Situation, fitted: Fitted, others: tuple[Fitted, ...]
    ) -> tuple[Forecast, tuple[Finding, ...], tuple[Fitted, ...]]:
        found, failed, others = self._foresight.lineup(situation, self.lineup, fitted, others)
        return said(situation, found), failed, others

    def _publish(self, steps: StepRunner, evening: Evening, key: str) -> Outcome:
        staged = self.runs.staging(self.call.run_id)
        code = ExitCode.SUBSTITUTE if _faults(evening) else ExitCode.PUBLISHED
        try:
            staged.mkdir(parents=True)
            steps.uncheckpointed("write", lambda: self._write(staged, evening))
            steps.uncheckpointed("audit", lambda: self.rooms.audit(staged, evening.situation))
            self._manifest(steps, evening, key, code).write(staged)
            folder = steps.uncheckpointed("publish", lambda: self._release(evening))
        except BaseException:
            self.runs.clear_staging()
            raise
        self.runs.clear_work(self.date)
        return Outcome(code, folder, False, _summary(folder), steps.seconds, self.lineup.said)

    def _write(self, staged: Path, evening: Evening) -> None:
        self.rooms.write(
            staged,
            evening.ingested,
            evening.situation,
            evening.forecast,
            evening.plan,
            self.config,
            self.runs.judged(self.date),
            _substitutes(evening),
            evening.stairs,
        )

    def _release(self, evening: Evening) -> Path:
        """Keep what later nights need, then swap the links."""
        panel, stock = evening.situation.panel, evening.situation.stock
        write_snapshot(self.runs.snapshots, self.date, panel.index, stock)
        store = FolderModelStore(self.runs.models)
        for fitted in (evening.fitted, *evening.others):
            if not (fitted.reused or fitted.fault):
                store.put(fitted.model)
        store.keep_newest(_MODELS_KEPT, _RECIPES_KEPT)
        return release(self.runs, self.date, self.call.run_id, self.observe)

    def _manifest(
        self, steps: StepRunner, evening: Evening, key: str, code: ExitCode
    ) -> RunManifest:
        tables = evening.ingested
        stairs = [asdict(stair) for stair in evening.stairs]
        return RunManifest(
            run=self.call.run_id,
            date=str(self.date),
            version=__version__,
            started=self.call.started.isoformat(timespec="seconds"),
            published=datetime.now(UTC).isoformat(timespec="seconds"),
            exit_code=int(code),
            inputs_digest=key,
            seed=self.config.seed,
            config=self.config.model_dump(mode="json"),
            model=evening.fitted.card() | {"staircase": stairs} | self._versions(evening),
            inputs=[asdict(source) for source in tables.sources],
            rows=[asdict(count) for count in tables.rows],
            outputs=describe_outputs(self.runs.staging(self.call.run_id)),
            seconds=dict(steps.seconds),
            resumed=list(steps.resumed),
            workers=self.request.workers,
            substitutes=_stood_in(evening),
            notes=list(dict.fromkeys([*tables.notes, *evening.situation.notes])),
        )

    def _versions(self, evening: Evening) -> dict[str, Any]:
        if self.lineup.is_base:
            return {}
        cards = self.lineup.cards(evening.situation, evening.fitted, evening.others)
        return {"champions": cards, "shop": self.shop.model_dump(mode="json")}


def _summary(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "summary.json").read_text("utf-8"))
    return content


def _stood_in(evening: Evening) -> list[str]:
    """What ran in the place of what, for the manifest."""
    rows = evening.situation.drift.fallbacks
    fallen = [f"forecast of {row.kind} {row.segment}: it has drifted" for row in rows]
    fit = [f"fit: {evening.fitted.fault}"] if evening.fitted.fault else []
    others = [fault for fault in _faults(evening) if fault != evening.fitted.fault]
    return [*fit, *others, *fallen]


def _faults(evening: Evening) -> list[str]:
    faults = [one.fault for one in (evening.fitted, *evening.others) if one.fault]
    return list(dict.fromkeys(faults))


def _substitutes(evening: Evening) -> tuple[Finding, ...]:
    return tuple(
        Finding("MODEL_SUBSTITUTE", "high", -1, 0.0, {"fault": fault}) for fault in _faults(evening)
    )


def _check_unchanged(tables: Ingested, files: tuple[InputFile, ...], request: NightRequest) -> None:
    """Raise DataError where a file changed between its hashing and its reading."""
    if request.folder is None:
        return
    hashed = {file.name: file.sha256 for file in files}
    changed = [s.name for s in tables.sources if hashed.get(s.name, s.sha256) != s.sha256]
    if changed:
        raise DataError(
            describe(
                "tables that changed while the night read them",
                changed,
                "let the export end before the night starts, then run it again",
            )
        )
