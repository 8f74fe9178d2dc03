"""The manifest of a run: from what, with what and when it was made, and what came out."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.night.layout import MANIFEST, RunsFolder
from pipelines.store.files import sha256_of, written_whole


@dataclass(frozen=True)
class RunManifest:
    """What ``manifest.json`` holds.

    inputs_digest: decides whether another run for the date has the same inputs. inputs: one dict
    for each file or database table read (table, name, sha256, rows). rows: where each table's
    rows went. outputs: one dict for each file of the plan (name, sha256, rows). substitutes:
    steps that failed, and what ran instead.
    """

    run: str
    date: str
    version: str
    started: str
    published: str
    exit_code: int
    inputs_digest: str
    seed: int
    config: dict[str, Any]
    model: dict[str, Any]
    inputs: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    outputs: list[dict[str, Any]]
    seconds: dict[str, float]
    resumed: list[str]
    workers: int
    substitutes: list[str]
    notes: list[str]

    def write(self, folder: Path) -> None:
        """Write the manifest into a run folder."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=2)
        with written_whole(folder / MANIFEST) as file:
            file.write(f"{text}\n".encode())


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a published run."""
    content: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
    return content


def last_shop(runs: RunsFolder) -> tuple[str, dict[str, Any]] | None:
    """Date of the last night of a folder of runs, and the shop's own configuration on it, without
    any version's; None where there is no night.
    """
    dates = runs.dates()
    if not dates:
        return None
    manifest = read_manifest(runs.dated(dates[-1]))
    return str(dates[-1]), manifest["model"].get("shop", manifest["config"])


def describe_outputs(folder: Path) -> list[dict[str, Any]]:
    """Name, SHA-256 and rows of each file in a run folder but the manifest, by name.

    rows is None for files that hold no table.
    """
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST)
    return [
        {"name": str(p.relative_to(folder)), "sha256": sha256_of(p), "rows": _rows(p)}
        for p in files
    ]


def _rows(path: Path) -> int | None:
    if path.suffix == ".csv":
        content = path.read_bytes()
        letters = np.frombuffer(content, np.uint8)
        # A line ends where as many quotes opened as closed, and "" counts as both.
        inside = np.bitwise_xor.accumulate(letters == ord('"'))
        lines = int(np.count_nonzero((letters == ord("\n")) & ~inside))
        return max(lines - content.endswith(b"\n"), 0)
    if path.suffix == ".parquet":
        import pyarrow.parquet

        return int(pyarrow.parquet.ParquetFile(path).metadata.num_rows)
    return None
