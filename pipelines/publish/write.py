"""Write every file of a night's plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from forecasting.blend.staircase import Stair
from pipelines.assemble.clearing import SlowStock, slow_stock_of
from pipelines.assemble.situation import Situation
from pipelines.config import Config
from pipelines.ingest.ingested import REJECTED_COLUMNS, Ingested
from pipelines.publish import (
    clearance,
    drift,
    exceptions,
    forecasts,
    lines,
    recent,
    summary,
    supplier_forecast,
    suppliers,
    watching,
    workbook,
)
from pipelines.publish.cells import Table, write_csv
from pipelines.publish.night import Night, text_array
from pipelines.publish.policy import policy_table, write_policy_parquet
from pipelines.publish.pulse_state import write_pulse_state
from pipelines.publish.texts import load_texts
from stockwright.errors import DataError
from stockwright.forecast import Forecast
from stockwright.plan import Finding, Plan

POLICY = "policy"
REJECTED = "rejected_rows.csv"


def write_outputs(
    folder: Path,
    situation: Situation,
    forecast: Forecast,
    plan: Plan,
    ingested: Ingested,
    config: Config,
    as_of: np.datetime64,
    previous: Path | None,
    earlier: Sequence[Path] = (),
    substitutes: Sequence[Finding] = (),
    stairs: Sequence[Stair] = (),
    on_hand: SlowStock | None = None,
) -> list[Path]:
    """Write all files of the plan of ``as_of`` into ``folder`` and return their paths.

    previous: folder published last before ``as_of``, None on a first night. earlier: all folders
    published in the eight weeks before (``previous`` is added). substitutes: steps that a
    substitute ran for; they become exceptions too. stairs: of the model. on_hand: tonight's stock
    at each location; looked at here where it is not given. The same arguments give the same bytes.
    Raises DataError where ``situation`` is of another night, OSError where a file cannot be
    written.
    """
    if situation.as_of != as_of:
        raise DataError(f"a situation of {situation.as_of} cannot be published for {as_of}")
    folder.mkdir(parents=True, exist_ok=True)
    texts = load_texts(config.output.language)
    night = Night(situation, forecast, plan, texts, previous, tuple(stairs), config.grades)
    night = _with_slow_stock(night, config, on_hand)
    tables = _line_tables(night)
    tables["exceptions"] = exceptions.exception_table(
        night, ingested, substitutes, [tables["orders"], tables["transfers"]]
    )
    policy = policy_table(night, list(dict.fromkeys([*earlier, *filter(None, [previous])])))
    figures = summary.summary_of(night, ingested, tables | {"policy": policy}, substitutes)
    return [
        *_write_tables(folder, tables),
        write_csv(folder / f"{POLICY}.csv", policy),
        write_policy_parquet(folder / f"{POLICY}.parquet", policy),
        *_write_forecasts(folder, night),
        *_write_suppliers(folder, night, ingested, config.seed),
        write_csv(folder / watching.FILE, drift.drift_table(situation.drift, texts)),
        write_csv(folder / REJECTED, _rejected_table(ingested)),
        *write_pulse_state(folder, night, ingested),
        workbook.write_workbook(folder / workbook.FILE, night, figures, tables),
        summary.write_summary(folder / summary.FILE, figures),
    ]


def _write_tables(folder: Path, tables: dict[str, Table]) -> list[Path]:
    files = {
        "orders": lines.ORDERS,
        "transfers": lines.TRANSFERS,
        "clearance": clearance.FILE,
        "exceptions": exceptions.FILE,
    }
    return [write_csv(folder / file, tables[name]) for name, file in files.items()]


def _line_tables(night: Night) -> dict[str, Table]:
    return {
        "orders": lines.order_table(night),
        "transfers": lines.transfer_table(night),
        "clearance": clearance.clearance_table(night),
    }


def _with_slow_stock(night: Night, config: Config, on_hand: SlowStock | None) -> Night:
    if not config.clearance.use:
        return night
    slow = on_hand or slow_stock_of(night.situation, night.forecast, night.life(), config)
    return replace(night, slow=slow)


def _write_forecasts(folder: Path, night: Night) -> list[Path]:
    return [
        forecasts.write_forecasts(folder / forecasts.FILE, night),
        recent.write_recent(folder / recent.FILE, night),
    ]


def _write_suppliers(folder: Path, night: Night, ingested: Ingested, seed: int) -> list[Path]:
    ahead = supplier_forecast.supplier_forecast_table(night, ingested, seed)
    return [
        write_csv(folder / suppliers.FILE, suppliers.supplier_table(night)),
        write_csv(folder / supplier_forecast.FILE, ahead),
    ]


def _rejected_table(ingested: Ingested) -> Table:
    """The rows that were set aside, by table, file, row and column."""
    rows = ingested.rejected.sort_values(["table", "file", "row", "column"], kind="stable")
    table: Table = {}
    for name in REJECTED_COLUMNS:
        column = rows[name]
        numeric = name == "row" and len(column)
        table[name] = (
            column.to_numpy(np.int64) if numeric else text_array(column.fillna("").astype(str))
        )
    return table
