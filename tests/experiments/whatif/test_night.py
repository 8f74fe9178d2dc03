"""A scenario gives what a full run gives on tables that were changed by hand."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.champions.change import Promotion, Said, challenge, promote
from experiments.whatif.night import FITTED, PREDICTED, SAME, Night, varied
from experiments.whatif.run import write_plan
from experiments.whatif.scenario import scenario_from
from pipelines.config.variant import Variant
from pipelines.demo import DEMO_LAST_DATE
from pipelines.night.layout import RunsFolder
from pipelines.night.night import run_night
from pipelines.night.request import NightRequest
from pipelines.store.champions import ChampionFolder
from stockwright.errors import ConfigError

LAST = pd.Timestamp(str(DEMO_LAST_DATE))
NEXT = str((LAST + pd.Timedelta(days=1)).date())


def edited(folder: Path, table: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Change a CSV table on the disk, its cells as text."""
    path = folder / f"{table}.csv"
    rows = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    change(rows).to_csv(path, index=False)


def shifted(dates: pd.Series, days: int) -> pd.Series:
    return (pd.to_datetime(dates) + pd.Timedelta(days=days)).dt.strftime("%Y-%m-%d")


def more_demand(folder: Path) -> None:
    rows = {"table": "forecast", "field": "factor", "value": "3", "by": "test"}
    pd.DataFrame([rows]).to_csv(folder / "overrides.csv", index=False)


def slower_suppliers(folder: Path) -> None:
    places = set(pd.read_csv(folder / "locations.csv")["location"])

    def lanes(rows: pd.DataFrame) -> pd.DataFrame:
        bought = ~rows["source"].isin(places)
        days = rows["lead_time_days"].astype(float) + 5
        rows["lead_time_days"] = rows["lead_time_days"].where(~bought, days.astype(str))
        return rows

    def receipts(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(ordered_on=shifted(rows["ordered_on"], -5))

    edited(folder, "lanes", lanes)
    edited(folder, "receipts", receipts)


def supplier_shut(folder: Path) -> None:
    supplier = pd.read_csv(folder / "lanes.csv")["source"].min()
    until = str((LAST + pd.Timedelta(days=10)).date())
    back = LAST + pd.Timedelta(days=11)
    line = {"party": supplier, "start": NEXT, "end": until}
    edited(folder, "closures", lambda rows: pd.concat([rows, pd.DataFrame([line])]).fillna(""))

    def inbound(rows: pd.DataFrame) -> pd.DataFrame:
        held = (rows["source"] == supplier) & (rows["status"] != "shipped")
        due = pd.to_datetime(rows["available_date"])
        late = due.where(~held | (due >= back), back)
        return rows.assign(available_date=late.dt.strftime("%Y-%m-%d"))

    edited(folder, "inbound", inbound)


def warehouse_lost(folder: Path) -> None:
    def lanes(rows: pd.DataFrame) -> pd.DataFrame:
        there = (rows["source"] == "east") | (rows["destination"] == "east")
        ends = rows["end"] if "end" in rows else pd.Series("", rows.index)
        return rows.assign(end=ends.where(~there, str(DEMO_LAST_DATE)))

    def stock(rows: pd.DataFrame) -> pd.DataFrame:
        there = rows["location"] == "east"
        return rows.assign(reserved=rows["reserved"].where(~there, rows["on_hand"]))

    def inbound(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(units=rows["units"].where(rows["destination"] != "east", "0"))

    edited(folder, "lanes", lanes)
    edited(folder, "inventory", stock)
    edited(folder, "inbound", inbound)


def half_inbound(folder: Path) -> None:
    edited(
        folder,
        "inbound",
        lambda rows: rows.assign(
            units=(rows["units"].astype(float) / 2).astype(str),
            available_date=shifted(rows["available_date"], 3),
        ),
    )


def ahead(rows: pd.DataFrame) -> pd.Series:
    return (rows["event"] == "double11") & (pd.to_datetime(rows["start"]) > LAST)


def event_moved(folder: Path) -> None:
    def events(rows: pd.DataFrame) -> pd.DataFrame:
        moved = ahead(rows)
        for name in ("start", "end"):
            rows[name] = rows[name].where(~moved, shifted(rows[name], 4))
        return rows

    edited(folder, "events", events)


def event_deepened(folder: Path) -> None:
    def events(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(discount_off=rows["discount_off"].where(~ahead(rows), "0.4"))

    edited(folder, "events", events)


def budget_cut(folder: Path) -> None:
    with (folder / "stockwright.toml").open("a", encoding="utf-8") as file:
        file.write("\n[budget]\ntotal = 20000.0\n")


def service_raised(folder: Path) -> None:
    with (folder / "stockwright.toml").open("a", encoding="utf-8") as file:
        file.write('\n[service]\nmode = "cycle"\ndefault = 0.98\n')


@dataclass(frozen=True)
class Case:
    """A scenario, the same by hand, and how the scenario should come by its forecast."""

    scenario: dict
    by_hand: Callable[[Path], None]
    source: str


CASES = {
    "demand": Case({"demand": [{"factor": 3.0}]}, more_demand, SAME),
    "warehouse": Case({"outage": [{"party": "east"}]}, warehouse_lost, SAME),
    "inbound": Case({"inbound": [{"factor": 0.5, "delay_days": 3}]}, half_inbound, SAME),
    "budget": Case({"config": {"budget": {"total": 20000.0}}}, budget_cut, SAME),
    "service": Case(
        {"config": {"service": {"mode": "cycle", "default": 0.98}}}, service_raised, SAME
    ),
    "deeper": Case(
        {"event": [{"event": "double11", "discount_off": 0.4}]}, event_deepened, PREDICTED
    ),
    # What was sold as a presale of the event is told by its days, and leaves the history.
    "moved": Case({"event": [{"event": "double11", "shift_days": 4}]}, event_moved, FITTED),
    "lead_time": Case({"lead_time": [{"days": 5}]}, slower_suppliers, FITTED),
    "supplier": Case({"outage": [{"party": "V001", "days": 10}]}, supplier_shut, ""),
}
QUICK = ("warehouse",)


def test_the_night_as_it_is_is_planned_as_it_was_published(
    night: Night, runs: RunsFolder, tmp_path: Path
):
    write_plan(tmp_path, night.base, night)
    assert night.base.source == PREDICTED
    assert not differing(tmp_path, runs.dated(np.datetime64(DEMO_LAST_DATE)))


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in CASES],
)
def test_a_scenario_equals_a_full_run_on_the_changed_inputs(
    night: Night, shop: Path, tmp_path: Path, name: str
):
    case = CASES[name]
    planned = night.under(scenario_from({"name": name, **case.scenario}, name))
    assert planned.source == case.source or not case.source
    write_plan(tmp_path / "asked", planned, night)
    data = tmp_path / "shop"
    shutil.copytree(shop, data)
    case.by_hand(data)
    date, out = np.datetime64(DEMO_LAST_DATE), tmp_path / "runs"
    run_night(NightRequest(str(data), date, out, workers=1), lambda event: None)
    assert not differing(tmp_path / "asked", RunsFolder(out).dated(date))


def differing(one: Path, other: Path) -> list[str]:
    """Published files whose bytes differ; an Excel workbook holds the same as the others."""
    names = {p.name for folder in (one, other) for p in folder.iterdir()}
    names -= {"manifest.json", "plan.xlsx"}
    return [n for n in sorted(names) if (one / n).read_bytes() != (other / n).read_bytes()]


def promoted(night: Night, folder: Path, settings: dict) -> RunsFolder:
    """A copy of the night's folder of runs with another champion."""
    shutil.copytree(night.runs.root, folder, symlinks=True)
    champions = ChampionFolder(RunsFolder(folder).champions)
    said = Said.now("test", "somebody")
    version = challenge(champions, Variant("other", settings), 0, said)
    promote(champions, Promotion(version.id), said)
    return RunsFolder(folder)


def test_a_model_of_another_champion_is_not_the_nights(night: Night, shop: Path, tmp_path: Path):
    runs = promoted(night, tmp_path / "runs", {"model": {"trees": 7}})
    again = Night.open(str(shop), np.datetime64(DEMO_LAST_DATE), runs, None, 1, lambda event: None)
    assert again.base.source == FITTED
    assert again.base.config.model.trees == 7


def test_a_scenario_goes_before_the_champion(night: Night):
    champion = night.base.lineup.champion
    modest = champion.config.model_copy(
        update={"service": champion.config.service.model_copy(update={"cap": 0.6})}
    )
    lineup = varied(night.base.lineup, lambda config: modest)
    scenario = scenario_from({"name": "raised", "config": {"service": {"cap": 0.9}}}, "raised")
    under = replace(night, base=replace(night.base, lineup=lineup)).under(scenario)
    assert under.config.service.cap == 0.9


def test_demand_times_one_changes_no_line(night: Night):
    planned = night.under(scenario_from({"name": "same", "demand": [{"factor": 1.0}]}, "same"))
    assert np.array_equal(planned.plan.orders.units, night.base.plan.orders.units)
    assert np.array_equal(planned.plan.transfers.units, night.base.plan.transfers.units)


def test_a_factor_multiplies_what_a_planner_said_already(night: Night):
    twice = {"name": "twice", "demand": [{"factor": 2.0}, {"factor": 1.5, "location": "east"}]}
    base, planned = night.base, night.under(scenario_from(twice, "twice"))
    index = base.situation.panel.index
    factor = np.where(index.location_names() == "east", 3.0, 2.0)[:, None]
    expected = base.forecast.expected * factor
    committed = planned.forecast.committed
    wanted = np.maximum(expected, committed)
    assert np.allclose(planned.forecast.expected, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"demand": [{"factor": 2.0, "category": "服"}]}, "no category is called '服'"),
        ({"demand": [{"factor": 2.0, "location": "eastt"}]}, "did you mean .east."),
        ({"event": [{"event": "double12x"}]}, "no event is called"),
        ({"outage": [{"party": "Easst"}]}, "no supplier or location is called"),
        ({"outage": [{"party": "mars"}]}, "is called 'mars'; known: [^n]"),
        ({"lead_time": [{"days": 3, "source": "nobody"}]}, "no lane leads from nobody"),
        ({"inbound": [{"factor": 0.5, "source": "nobody"}]}, "nothing is on its way from nobody"),
        ({"capacity": [{"location": "east", "inbound": 0.5}]}, "has no inbound_units_per_day"),
        ({"config": {"modle": {"trees": 3}}}, "did you mean 'model'"),
    ],
)
def test_a_scenario_that_names_what_the_shop_has_not_is_refused(
    night: Night, content: dict, said: str
):
    with pytest.raises(ConfigError, match=said):
        night.under(scenario_from({"name": "wrong", **content}, "wrong.toml"))
