"""One pulse: read, look, divide, help, and publish in one step."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout

from pipelines.config.load import load_config
from pipelines.config.model import Config
from pipelines.ingest.ingested import REJECTED_COLUMNS
from pipelines.night.layout import RunsFolder
from pipelines.night.manifest import describe_outputs, read_manifest
from pipelines.publish.cells import Table
from pipelines.publish.texts import load_texts
from pipelines.pulse.alerts import alert_table
from pipelines.pulse.channels import (
    Channels,
    Division,
    by_channel,
    channels_of,
    divided,
    outstanding,
    promised_ahead,
)
from pipelines.pulse.helping import Emergency, emergency, needs_help
from pipelines.pulse.ledger import (
    Ledger,
    fallen_notes,
    read_ledger,
    read_summary,
    write_ledger,
)
from pipelines.pulse.plausible import Implausible, implausible_today
from pipelines.pulse.position import Moment, Position, Watch, position_now, watch
from pipelines.pulse.request import PulseOutcome, PulseRequest
from pipelines.pulse.state import PulseState, read_state
from pipelines.pulse.tables import booked_rows, line_tables, quota_table, write_cover, write_csv
from pipelines.pulse.today import Today, read_today
from pipelines.store.files import digest, point_link, sync_tree
from replenishment.pulse.day import DayProfile
from stockwright.errors import ConfigError, LockedError

_LOCK = ".pulse.lock"
_KEPT = 8


def run_pulse(request: PulseRequest) -> PulseOutcome:
    """Look at the day and publish what is seen, one pulse at a time.

    Raises ConfigError: no published night, a file that is not there or older than the last
    pulse's. TablesError: a file breaks the contract. LockedError: another pulse works.
    """
    runs = RunsFolder(request.out)
    if not (runs.latest / "manifest.json").is_file():
        raise ConfigError(f"{request.out} holds no published night; run stockwright nightly first")
    lock = FileLock(request.out / _LOCK)
    try:
        lock.acquire(timeout=request.wait)
    except Timeout as error:
        raise LockedError(
            f"another pulse works in {request.out}; it ends within seconds, so try again"
        ) from error
    try:
        return _pulse(request, runs, time.perf_counter())
    finally:
        lock.release()


def _pulse(request: PulseRequest, runs: RunsFolder, began: float) -> PulseOutcome:
    run = runs.latest.resolve()
    manifest = read_manifest(run)
    config = (
        Config.model_validate_json(json.dumps(manifest["config"]))
        if request.config is None
        else load_config(request.config, None)
    )
    day = np.datetime64(manifest["date"], "D") + np.timedelta64(1, "D")
    state = read_state(run)
    today = read_today(request.files(), state.names, config, day, request.at)
    key = digest(run.name, str(today.second), json.dumps([today.hashes, config.pulse.model_dump()]))
    ledger = read_ledger(runs.pulse, state.names, run.name, str(day))
    if ledger.digest == key:
        folder = runs.pulse.resolve()
        return PulseOutcome(folder, True, read_summary(folder) or {})
    _check_order(ledger, str(day), today)
    looked = _look(state, today, ledger, config, day)
    facts = {
        "day": str(day),
        "at": _clock(today.second),
        "second": today.second,
        "newest_sale": today.newest,
        "sequence": ledger.sequence + 1 if ledger.day == str(day) else 1,
        "run": run.name,
        "digest": key,
    }
    folder = _publish(runs, looked, config, facts, began)
    return PulseOutcome(folder, False, read_summary(folder) or {})


def _check_order(ledger: Ledger, day: str, today: Today) -> None:
    """Raise ConfigError where the last pulse knew more than this one: its quotas stand."""
    again = "export the sales again, for older ones would promise units that are sold"
    if (ledger.day, ledger.second) > (day, today.second):
        raise ConfigError(
            f"the last pulse saw {ledger.day} as of {_clock(ledger.second)}, later than this one; "
            f"{again}"
        )
    if (ledger.day, ledger.newest) > (day, today.newest):
        raise ConfigError(
            f"the newest sale is of {_clock(today.newest)}, and the last pulse saw one of "
            f"{_clock(ledger.newest)}; {again}"
        )


def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second % 3600 // 60:02d}"


@dataclass(frozen=True)
class Looked:
    """All that a pulse found."""

    position: Position
    seen: Watch
    channels: Channels
    division: Division
    help: Emergency
    strange: Implausible
    ledger: Ledger
    day: np.datetime64


def _look(
    state: PulseState, today: Today, ledger: Ledger, config: Config, day: np.datetime64
) -> Looked:
    settings, n = config.pulse, len(state)
    profile = DayProfile.of(settings.hour_profile, config.calendar.selling_profile)
    moment = Moment(today.second, int(settings.restock_hour * 3600), profile)
    position = position_now(state, today, moment, ledger.booked, day)
    seen = watch(position)
    channels = channels_of(state, ledger)
    sold = by_channel(today, channels.names, n)
    old = outstanding(ledger, channels.names, sold)
    usable = np.where(state.columns["stocked"], position.free, 0.0)
    may = np.floor(np.maximum(usable - promised_ahead(position, seen.next_day), 0.0) + 1e-9)
    strange = implausible_today(state, today, config.gates)
    in_need = needs_help(position, seen, settings.warning_level, settings.least_units)
    in_need[strange.key] = False
    # A source gives no unit that is locked to a channel or that a quota still holds.
    free = np.maximum(may - np.ceil(old.sum(axis=1)), 0.0)
    spare = np.maximum(may - _locked(state), 0.0)
    spare[strange.key] = 0.0
    found = emergency(position, in_need, spare, free, ledger.booked)
    left = np.maximum(may - found.wished, 0.0)
    division = divided(position, channels, left, sold, old)
    return Looked(position, seen, channels, division, found, strange, ledger, day)


def _locked(state: PulseState) -> np.ndarray[Any, np.dtype[np.float64]]:
    units = state.locks["units"].to_numpy(np.float64)
    return np.bincount(state.locks["key"], units, minlength=len(state)).astype(np.float64)


def _publish(
    runs: RunsFolder, looked: Looked, config: Config, facts: dict[str, Any], began: float
) -> Path:
    """Write the pulse's folder and swap the link to it; nothing changes where that fails."""
    name = f"{facts['day']}-{facts['sequence']:04d}"
    staged, final = runs.pulses / f".staging-{name}", runs.pulses / name
    for left in (staged, final):
        shutil.rmtree(left, ignore_errors=True)
    staged.mkdir(parents=True)
    try:
        counts = _write(staged, looked, config, facts["sequence"])
        notes = [
            *looked.position.today.notes,
            *fallen_notes(looked.ledger, looked.position.state.names, looked.division.sold),
        ]
        summary = facts | counts | {"notes": notes}
        summary["seconds"] = round(time.perf_counter() - began, 2)
        summary["outputs"] = describe_outputs(staged)
        text = json.dumps(summary, ensure_ascii=False, indent=2)
        (staged / "summary.json").write_text(f"{text}\n", "utf-8")
        sync_tree(staged)
        staged.rename(final)
        point_link(runs.pulse, str(final.relative_to(runs.root)))
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    older = sorted(p for p in runs.pulses.iterdir() if p.name < name)
    for gone in older[: max(len(older) - _KEPT, 0)]:
        shutil.rmtree(gone, ignore_errors=True)
    return final


def _write(folder: Path, looked: Looked, config: Config, sequence: int) -> dict[str, Any]:
    position, names = looked.position, looked.position.state.names
    found, division = looked.help, looked.division
    orders, transfers = line_tables(position, found.orders, found.transfers, looked.day, sequence)
    alerts = alert_table(
        position, looked.seen, (found.orders, found.transfers), looked.strange, config.pulse,
        looked.day, load_texts(config.output.language),
    )  # fmt: skip
    stocked = position.state.columns["stocked"]
    busy = (division.stock > 0) | (division.sold > 0).any(axis=1) | (division.old > 0).any(axis=1)
    quotas = quota_table(names, looked.channels, division, stocked & busy)
    write_csv(folder / "alerts.csv", alerts)
    write_csv(folder / "emergency_orders.csv", orders)
    write_csv(folder / "emergency_transfers.csv", transfers)
    write_csv(folder / "channel_quota.csv", quotas)
    write_csv(folder / "rejected_rows.csv", _rejected(position.today.rejected))
    write_cover(folder / "cover.parquet", position, looked.seen)
    new = [booked_rows(orders, "order"), booked_rows(transfers, "transfer")]
    booked = pd.concat([looked.ledger.booked, *new], ignore_index=True)
    told = division.quotas.may_sell
    write_ledger(folder, names, looked.channels.names, told, division.sold, booked)
    codes, counts = np.unique(alerts["code"].astype(str), return_counts=True)
    return {
        "keys": len(names),
        "units_sold": float(position.today.demanded.sum()),
        "units_expected": round(float(looked.seen.expected.sum()), 1),
        "alerts": dict(zip(codes.tolist(), counts.tolist(), strict=True)),
        "orders": {"lines": len(orders["sku"]), "units": float(orders["units"].sum())},
        "transfers": {
            "lines": len(transfers["sku"]),
            "units": float(transfers["units"].sum()),
            "waiting_units": found.waiting,
        },
        "quotas": {"rows": quotas.num_rows, "units": float(told.sum())},
        "rejected_rows": len(position.today.rejected),
    }


def _rejected(rows: pd.DataFrame) -> Table:
    return {
        name: rows[name].to_numpy(np.int64) if name == "row"
        else rows[name].fillna("").astype(str).to_numpy(object)
        for name in REJECTED_COLUMNS
    }  # fmt: skip
