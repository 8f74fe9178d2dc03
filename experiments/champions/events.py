"""A promotion or rollback as a record, like any experiment, so that it can be tracked."""

from __future__ import annotations

from pathlib import Path

from experiments.record import REPORT, Record, folder_of
from pipelines.store.champions import Change
from pipelines.store.files import digest, written_whole


def record_change(change: Change, runs: Path) -> Path:
    """Write the folder of a promotion or rollback, and return it. Raises OSError."""
    text = change.model_dump_json()
    name = change.version.replace("@", "-")
    folder = folder_of(runs, "promotion", f"{change.act}-{name}", digest(text))
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"# {change.act} {change.version}", "", f"{change.by}, {change.at}: {change.why}", ""]
    lines += [f"- {name}: {value}" for name, value in change.evidence.items()]
    with written_whole(folder / REPORT) as file:
        file.write("\n".join([*lines, ""]).encode())
    params: dict[str, str | int | float | bool] = {
        "act": change.act,
        "version": change.version,
        "revision": change.revision,
        "by": change.by,
        "at": change.at,
        "why": change.why,
        "forced": change.forced,
        "before": change.before.model_dump_json(),
        "after": change.after.model_dump_json(),
    }
    Record("promotion", name, params, {}, {}).write(folder)
    return folder
