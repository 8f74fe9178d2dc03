"""One experiment's folder into MLflow: a run, with a nested run for each of its segments."""

from __future__ import annotations

import datetime
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from experiments.record import PLOTS, RECORD, REPORT, Record, Segment, read_record
from experiments.tracking.store import Store, check_writable
from pipelines.store.files import sha256_of

#: Tag that tells one tracked folder from all others.
ID = "stockwright.id"
#: Tags of a record that become more than a tag: data by name, and the times of a run.
INPUT, STARTED, ENDED, RUN = "input.", "started", "ended", "run"
_PARENT, _NOTE, _KIND = "mlflow.parentRunId", "mlflow.note.content", "stockwright.kind"
_SOURCE = {"mlflow.source.name": "stockwright", "mlflow.source.type": "JOB"}
# The page that MLflow shows of an experiment: that of training, not of chats.
_VIEW = {"mlflow.experimentKind": "custom_model_development"}
# What MLflow takes at most: rows in a batch, letters of a value.
_METRICS, _PARAMS, _TAGS = 500, 100, 100
_PARAM_TEXT, _TAG_TEXT, _DIGEST = 6000, 5000, 36
# Of a server: a try that is answered by nothing is not made again and again.
_PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}


@dataclass(frozen=True)
class Tracked:
    """run: MLflow's id. experiment: its name. new: whether it was not tracked before."""

    run: str
    experiment: str
    new: bool


class Tracker:
    """An open store. Nothing of MLflow is loaded before there is one."""

    def __init__(self, store: Store) -> None:
        """Raises TrackingError, or what MLflow raises, where the store does not answer."""
        for name, value in _PATIENCE.items():
            os.environ.setdefault(name, value)
        import mlflow

        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.ERROR)
        warnings.filterwarnings("ignore", module="mlflow")
        mlflow.set_tracking_uri(store.uri)
        mlflow.set_registry_uri(store.uri)
        self.store = store
        self.client: Any = mlflow.MlflowClient(store.uri, store.uri)
        self._experiments: dict[str, str] = {}

    def track(
        self, folder: Path, also: Callable[[str], Mapping[str, str]] | None = None
    ) -> Tracked:
        """Log the record, tables, plots and report of a folder, unless that was done before.

        also: called with the run's id before the run ends; gives it more tags. A run that was cut
        off is removed and logged anew. Raises DataError where the folder has no record.
        """
        record = read_record(folder)
        name = f"{self.store.experiment}/{record.kind}"
        where, identity = self._experiment(name), _identity(folder, record)
        before = self.client.search_runs([where], f"tags.`{ID}` = '{identity}'")
        for run in before:
            if run.info.status == "FINISHED":
                return Tracked(run.info.run_id, name, False)
        for run in before:
            self._remove(where, run.info.run_id)
        run = self._run(where, record, identity, folder)
        for file, place in _artifacts(folder):
            self.client.log_artifact(run, str(file), place)
        for segment in record.segments:
            self._segment(where, run, segment, record)
        self._batch(run, tags={} if also is None else also(run))
        self.client.set_terminated(run, end_time=_time(record, ENDED))
        return Tracked(run, name, True)

    def _experiment(self, name: str) -> str:
        if name not in self._experiments:
            found = self.client.get_experiment_by_name(name)
            if found is None:
                place = f"{self.store.artifacts}/{name}" if self.store.artifacts else None
                self._experiments[name] = self.client.create_experiment(name, place, _VIEW)
            else:
                self._experiments[name] = found.experiment_id
        return self._experiments[name]

    def _remove(self, where: str, run: str) -> None:
        for nested in self.client.search_runs([where], f"tags.`{_PARENT}` = '{run}'"):
            self.client.delete_run(nested.info.run_id)
        self.client.delete_run(run)

    def _run(self, where: str, record: Record, identity: str, folder: Path) -> str:
        tags = {name: text for name, text in record.tags.items() if not name.startswith(INPUT)}
        tags |= {ID: identity, _KIND: record.kind, **_SOURCE}
        if (folder / REPORT).is_file():
            tags[_NOTE] = (folder / REPORT).read_text("utf-8")
        short = {name: text[:_TAG_TEXT] for name, text in tags.items()}
        made = self.client.create_run(where, _time(record, STARTED), short, record.name)
        run = str(made.info.run_id)
        self._batch(run, record.metrics, record.params)
        self._inputs(run, record)
        return run

    def _segment(self, where: str, parent: str, segment: Segment, record: Record) -> None:
        tags = {_PARENT: parent, _KIND: record.kind}
        made = self.client.create_run(where, _time(record, STARTED), tags, segment.name)
        self._batch(made.info.run_id, segment.metrics, segment.params)
        self.client.set_terminated(made.info.run_id, end_time=_time(record, ENDED))

    def _batch(
        self,
        run: str,
        metrics: Mapping[str, float] | None = None,
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        from mlflow.entities import Metric, Param, RunTag

        now = int(datetime.datetime.now(datetime.UTC).timestamp() * 1000)
        numbers = [Metric(name, value, now, 0) for name, value in (metrics or {}).items()]
        texts = [Param(name, str(value)[:_PARAM_TEXT]) for name, value in (params or {}).items()]
        words = [RunTag(name, value[:_TAG_TEXT]) for name, value in (tags or {}).items()]
        most = max(len(numbers) / _METRICS, len(texts) / _PARAMS, len(words) / _TAGS)
        for n in range(ceil(most)):
            self.client.log_batch(
                run,
                numbers[n * _METRICS : (n + 1) * _METRICS],
                texts[n * _PARAMS : (n + 1) * _PARAMS],
                words[n * _TAGS : (n + 1) * _TAGS],
            )

    def _inputs(self, run: str, record: Record) -> None:
        from mlflow.entities import Dataset, DatasetInput

        named = {name: text for name, text in record.tags.items() if name.startswith(INPUT)}
        if not named:
            return
        data = []
        for tag, text in named.items():
            name = tag.removeprefix(INPUT)
            data.append(DatasetInput(Dataset(name, text[:_DIGEST], "local", name), []))
        self.client.log_inputs(run, data)


def track_folder(folder: Path, store: Store) -> Tracked:
    """Log one experiment's folder; see ``Tracker.track``. Raises TrackingError too."""
    check_writable(store)
    return Tracker(store).track(folder)


def _identity(folder: Path, record: Record) -> str:
    """A night is known by its run; an experiment by its folder and what came out."""
    return record.tags.get(RUN) or f"{folder.name}:{sha256_of(folder / RECORD)[:16]}"


def _artifacts(folder: Path) -> Iterator[tuple[Path, str | None]]:
    """Files of an experiment, and the folder of artifacts that each goes into."""
    for name in (RECORD, REPORT):
        if (folder / name).is_file():
            yield folder / name, None
    for file in sorted(folder.glob("*.parquet")):
        yield file, None
    for file in sorted((folder / PLOTS).glob("*.png")):
        yield file, PLOTS


def _time(record: Record, tag: str) -> int | None:
    """Milliseconds of a time of the record, None where it has none."""
    text = record.tags.get(tag)
    return int(datetime.datetime.fromisoformat(text).timestamp() * 1000) if text else None
