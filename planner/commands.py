"""What each command does: call the pipelines, show the result on stdout."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pipelines.night.outcome import ExitCode
from stockwright.errors import ConfigError


@dataclass(frozen=True)
class NightOptions:
    """The options of ``stockwright nightly`` as they were typed."""

    data: str
    date: str
    out: Path
    config: Path | None
    resume: bool
    force: bool
    workers: int | None


@dataclass(frozen=True)
class PulseOptions:
    """The options of ``stockwright pulse`` as they were typed."""

    sales_today: Path
    out: Path
    at: str | None
    reservations: Path | None
    received: Path | None
    config: Path | None
    wait: float


def write_demo_shop(folder: Path, skus: int, days: int, seed: int) -> int:
    """``stockwright demo``."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} is there and not empty; give a new folder")
    from pipelines.demo import write_demo

    write_demo(folder, skus=skus, days=days, seed=seed)
    print(f"The synthetic demo shop stands in {folder}, the truth behind it in {folder}-truth.")
    return ExitCode.PUBLISHED


def validate_tables(data: str, date: str | None, config: Path | None) -> int:
    """``stockwright validate``."""
    from pipelines.config import load_config
    from pipelines.ingest import validate
    from pipelines.night.request import parse_date
    from planner.screen import show_report

    folder = None if "://" in data else Path(data)
    settings = load_config(config, folder)
    report = validate(data, settings, None if date is None else parse_date(date))
    show_report(report)
    return ExitCode.PUBLISHED if report.ok else ExitCode.GATE


def run_and_show(options: NightOptions) -> int:
    """``stockwright nightly``."""
    # LightGBM reads this when it is loaded: waiting threads shall sleep, not spin.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from experiments.tracking.attempt import track
    from pipelines.config import load_config
    from pipelines.night.night import run_night
    from pipelines.night.request import NightRequest, parse_date, usable_cores
    from planner.progress import watched
    from planner.screen import show_outcome, show_tracking

    request = NightRequest(
        data=options.data,
        date=parse_date(options.date),
        out=options.out,
        config=options.config,
        resume=options.resume,
        force=options.force,
        workers=options.workers or usable_cores(),
    )
    with watched() as observe:
        tracking = load_config(request.config, request.folder).tracking
        outcome = run_night(request, observe)
    show_outcome(outcome, str(options.out / str(request.date)))
    new = None if outcome.unchanged else outcome.folder
    show_tracking(track(options.out, tracking, new), options.out)
    return outcome.code


def pulse_and_show(options: PulseOptions) -> int:
    """``stockwright pulse``."""
    from pipelines.pulse.request import PulseRequest, parse_clock
    from pipelines.pulse.run import run_pulse
    from planner.screen import show_pulse

    request = PulseRequest(
        sales_today=options.sales_today,
        out=options.out,
        at=None if options.at is None else parse_clock(options.at),
        reservations=options.reservations,
        received=options.received,
        config=options.config,
        wait=options.wait,
    )
    show_pulse(run_pulse(request), str(options.out / "pulse"))
    return ExitCode.PUBLISHED


def explain_line(run: Path, sku: str, location: str | None) -> int:
    """``stockwright explain``."""
    if not run.is_dir():
        raise ConfigError(f"{run} is no published run; give --run RUNS/DATE")
    from pipelines.publish.explain import explain

    print(explain(run, sku, location))
    return ExitCode.PUBLISHED


def show_status(out: Path) -> int:
    """``stockwright status``."""
    if not out.is_dir():
        raise ConfigError(f"the folder of runs {out} is not there; check --out")
    from experiments.tracking.waiting import WaitingList
    from pipelines.night.history import attempts
    from pipelines.night.layout import RunsFolder
    from planner.screen import show_attempts, show_waiting

    runs = RunsFolder(out)
    show_attempts(runs, attempts(runs.history))
    show_waiting(WaitingList(out).all())
    return ExitCode.PUBLISHED
