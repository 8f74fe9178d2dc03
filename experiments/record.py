"""The record of an experiment: a folder that tells all of it, and that MLflow is filled from.

FOLDER/run.json        what it was: kind, name, parameters, metrics, tags, segments
FOLDER/NAME.parquet    tables, as metrics of each SKU
FOLDER/plots/NAME.png  plots
FOLDER/report.md       what a person reads
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from pipelines.config.variant import Variant
from pipelines.store.champions import settings_digest, source_of
from pipelines.store.files import written_whole
from stockwright.errors import DataError

Kind = Literal["night", "backtest", "replay", "study", "whatif", "promotion"]
RECORD, REPORT, PLOTS = "run.json", "report.md", "plots"
#: What the tags that tell the settings of an arm begin with.
SETTINGS = "settings."
#: Tag of an experiment on a part of the assortment: how much of it.
SAMPLE = "sample"


@dataclass(frozen=True)
class Segment:
    """A part of an experiment: of a segment of the shop, an origin or a variant of a study."""

    name: str
    metrics: Mapping[str, float]
    params: Mapping[str, str | int | float | bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """What an experiment was and gave.

    kind: what sort. name: one for all runs of the same experiment. params: what decided it.
    metrics: numbers, those that are not finite are left out. tags: what it ran on: version of the
    code, hashes of the inputs. segments: parts of it.
    """

    kind: Kind
    name: str
    params: Mapping[str, str | int | float | bool]
    metrics: Mapping[str, float]
    tags: Mapping[str, str] = field(default_factory=dict)
    segments: tuple[Segment, ...] = ()

    def write(self, folder: Path) -> None:
        """Write ``run.json``: the last file of an experiment, with which it is done.

        Raises OSError.
        """
        content = asdict(self)
        content["metrics"] = _finite(self.metrics)
        for segment in content["segments"]:
            segment["metrics"] = _finite(segment["metrics"])
        with written_whole(folder / RECORD) as file:
            file.write(f"{json.dumps(content, ensure_ascii=False, indent=1)}\n".encode())


def settings_tags(
    variants: Iterable[Variant], digests: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Tags by which the evidence for a variant is found: the digest of each one's settings.

    digests: by name, of those that go by others than their own.
    """
    told = digests or {}
    return {
        f"{SETTINGS}{one.name}": told.get(one.name) or settings_digest(one, source_of(one))
        for one in variants
    }


def read_record(folder: Path) -> Record:
    """The record in a folder. Raises DataError where there is none."""
    place = folder / RECORD
    if not place.is_file():
        raise DataError(f"{folder} holds no {RECORD}: no experiment ended there")
    content: dict[str, Any] = json.loads(place.read_text("utf-8"))
    segments = tuple(Segment(**segment) for segment in content.pop("segments"))
    return Record(**content, segments=segments)


def is_done(folder: Path) -> bool:
    """Whether an experiment has ended in a folder."""
    return (folder / RECORD).is_file()


def _finite(metrics: Mapping[str, float]) -> dict[str, float]:
    return {name: float(value) for name, value in metrics.items() if math.isfinite(value)}


def folder_of(runs: Path, kind: Kind, name: str, key: str) -> Path:
    """Where an experiment stands below a folder of runs; ``key`` is the digest of all that
    decides it, so that the same one asked for again is found.
    """
    return runs / "experiments" / f"{kind}-{name}-{key[:12]}"
