"""A published night as an experiment's folder: all that MLflow is told of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from experiments.markdown import table
from experiments.record import REPORT, Record
from experiments.tracking.log import ENDED, INPUT, RUN, STARTED
from experiments.tracking.night_plots import draw_night
from experiments.tracking.segments import figures_of, segments_of
from pipelines.night.layout import RunsFolder
from pipelines.night.manifest import read_manifest

#: Table of a folder: what is kept of each key of the night.
KEYS = "keys.parquet"
_NUMBERS = (
    *("service_level", "safety_stock", "reorder_point", "order_up_to", "demand_mean"),
    *("bias_8w", "wape_8w", "stockout_days_8w", "available", "inbound_units", "position"),
    *("money_at_risk", "unit_cost"),
)
_WORDS = ("abc_xyz", "life_stage", "decision", "category")
_PLAN = ("feeds", "demand_q50", "demand_q90", "demand_q95")
# Settings that name columns of tables, and where the night was tracked, decide nothing.
_ASIDE = ("map", "values", "tracking")
# Earlier nights among which those that plots need are looked for.
_LOOKED_AT = 60
_TOLD = ("date", "version", "inputs_digest")


def keys_of(run: Path) -> pd.DataFrame:
    """One row for each key of a published run: how it is steered, has done, and what it costs."""
    given = pq.read_schema(run / "policy.parquet").names
    wanted = ["sku", "location", *_WORDS, *_NUMBERS[:-1], *_PLAN]
    columns = [name for name in wanted if name in given]
    keys = pq.read_table(
        run / "policy.parquet", columns=columns, read_dictionary=["location", *_WORDS]
    ).to_pandas()
    # Both tables are sorted by SKU and location and hold the same keys.
    keys["unit_cost"] = pq.read_table(run / "pulse_keys.parquet", columns=["unit_cost"])[0]
    return keys.reindex(columns=[*wanted, "unit_cost"])


def write_night(run: Path, folder: Path) -> Record:
    """Write tables, plots, report and record of a published run into ``folder``.

    Raises OSError and KeyError for a folder that is no published run.
    """
    manifest = read_manifest(run)
    summary = json.loads((run / "summary.json").read_text("utf-8"))
    keys = keys_of(run)
    folder.mkdir(parents=True, exist_ok=True)
    _write_keys(keys, folder / KEYS)
    segments, left_out = segments_of(keys)
    metrics = {**_metrics(summary, manifest), **figures_of(keys), "segments_left_out": left_out}
    record = Record(
        kind="night",
        name=manifest["date"],
        params=_params(manifest, summary),
        metrics={name: float(value) for name, value in metrics.items()},
        tags=_tags(manifest),
        segments=tuple(segments),
    )
    draw_night(run, _earlier(run), keys, folder)
    (folder / REPORT).write_text(_report(summary, manifest), "utf-8")
    record.write(folder)
    return record


def _earlier(run: Path) -> list[Path]:
    """What was published for earlier dates in the same folder of runs."""
    runs = RunsFolder(run.parents[1])
    date = np.datetime64(read_manifest(run)["date"], "D")
    return [runs.dated(one).resolve() for one in runs.dates_before(date)[-_LOOKED_AT:]]


def _write_keys(keys: pd.DataFrame, path: Path) -> None:
    short = keys.drop(columns=list(_PLAN))
    numbers = dict.fromkeys(_NUMBERS, "float32")
    short.astype(numbers).to_parquet(path, index=False, compression="zstd", compression_level=9)


def _params(manifest: Mapping[str, Any], summary: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with one name for each setting, and the model."""
    config = {name: part for name, part in manifest["config"].items() if name not in _ASIDE}
    model = manifest["model"]
    return {
        **dict(_flat(config, "")),
        "night.horizon": summary["horizon"],
        "night.model": model["version"],
        "night.fitted_on": model["fitted_on"],
        "night.recipe": model["recipe"],
    }


def _flat(settings: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, str | int | float):
            yield f"{prefix}{name}", value
        else:
            yield f"{prefix}{name}", json.dumps(value, ensure_ascii=False)


def _metrics(summary: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, float]:
    figures = {name: one["value"] for name, one in summary["kpis"].items()}
    for name in ("orders", "transfers", "clearance"):
        figures |= {
            f"{name}.{part}": value
            for part, value in summary[name].items()
            if not isinstance(value, Mapping)
        }
        figures |= {f"{name}.{word}": n for word, n in summary[name].get("changes", {}).items()}
    for stair in summary["staircase"]:
        if stair["segment"] == "shop":
            measures = ("pinball", "wape", "bias", "gain", "error")
            figures |= {f"staircase.{stair['rung']}.{name}": stair[name] for name in measures}
    figures |= {f"exceptions.{code}": rows for code, rows in summary["exceptions"].items()}
    figures |= {f"slow.{grade}": one["share"] for grade, one in summary["slow_grades"].items()}
    figures |= {f"limits.{name}": value for name, value in summary["limits"].items()}
    watched = summary.get("drift", {})
    figures |= {f"drift.{name}": n for name, n in watched.items() if isinstance(n, int)}
    figures |= {f"seconds.{step}": value for step, value in manifest["seconds"].items()}
    figures |= {"keys": summary["keys"], "rejected_rows": summary["rejected_rows"]}
    figures |= {"exit_code": manifest["exit_code"], "seconds": sum(manifest["seconds"].values())}
    return {name: value for name, value in figures.items() if value is not None}


def _tags(manifest: Mapping[str, Any]) -> dict[str, str]:
    tags = {name: str(manifest[name]) for name in _TOLD}
    tags |= {RUN: manifest["run"], STARTED: manifest["started"], ENDED: manifest["published"]}
    return tags | {f"{INPUT}{one['name']}": one["sha256"] for one in manifest["inputs"]}


def _report(summary: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """What a person reads on the page of the run."""
    rows = [
        (name, "-" if one["value"] is None else f"{one['value']:,.4g}", one["unit"])
        for name, one in summary["kpis"].items()
    ]
    lines = [f"# Night of {summary['date']}", "", *table(("figure", "value", "unit"), rows)]
    model = manifest["model"]
    lines += ["", f"Model {model['version']}, fitted on {model['fitted_on']}."]
    lines += [f"A step failed and a substitute ran: {one}" for one in manifest["substitutes"]]
    lines += [f"- {note}" for note in manifest["notes"]]
    return "\n".join(lines) + "\n"
