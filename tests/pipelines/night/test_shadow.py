"""Challengers in the shadow: they plan beside the champion and never touch its plan."""

import json

import numpy as np
import pandas as pd
import pytest

from experiments.champions.change import Promotion, Said, challenge, promote
from experiments.champions.shadow import shadow_weeks
from pipelines.config.variant import Variant
from pipelines.night.history import attempts
from pipelines.night.outcome import ExitCode
from pipelines.store.champions import ChampionFolder

SAID = Said("ann", "2026-11-21T08:00:00+00:00", "a test")
NAMES = tuple("abcdefghij")
DAY = np.timedelta64(1, "D")


@pytest.fixture
def champions(shop):
    shop.sell(*NAMES, units=1)
    (shop.data / "stockwright.toml").write_text("[model]\ntrees = 2\n")
    shop.out.mkdir()
    return ChampionFolder(shop.out / ".champions")


def register(champions, name="more", nights=9, **config):
    return challenge(champions, Variant(name, config or {"model": {"trees": 5}}), nights, SAID).id


def nights(shop, rooms, count, first="2026-11-10"):
    for n in range(count):
        outcome = shop.night(rooms(), str(np.datetime64(first) + n * DAY))
    return outcome


def test_a_challenger_plans_beside_the_plan_and_changes_no_byte_of_it(shop, champions, tuned_rooms):
    shop.night(tuned_rooms())
    alone = shop.files()
    version = register(champions)
    outcome = shop.night(tuned_rooms(), force=True)
    assert outcome.code is ExitCode.PUBLISHED
    assert shop.files() == alone
    night = champions.shadow(version) / "2026-11-21"
    assert sorted(p.name for p in night.iterdir()) == ["money.json", "orders.csv", "week.npz"]
    units = pd.read_csv(night / "orders.csv")["units"]
    assert set(units) == {5.0 * 4}
    card = json.loads((night / "money.json").read_text())
    assert (card["version"], card["against"]) == (version, "base")


def test_a_challenger_plans_for_as_many_nights_as_it_was_told(shop, champions, tuned_rooms):
    version = register(champions, nights=2)
    nights(shop, tuned_rooms, 4)
    assert champions.nights_of(version) == ["2026-11-10", "2026-11-11"]
    shop.night(tuned_rooms(), "2026-11-11", force=True)
    assert champions.nights_of(version) == ["2026-11-10", "2026-11-11"]


def test_a_shadow_that_fails_is_said_and_the_night_is_published(shop, champions, tuned_rooms):
    register(champions, "bad", model={"trees": 13})
    good = register(champions)
    events = []
    outcome = shop.night(tuned_rooms(), observe=events.append)
    assert outcome.code is ExitCode.PUBLISHED
    assert attempts(shop.out / ".history.jsonl")[0].outcome == "published"
    (said,) = [one.message for one in events if one.kind == "warning" and one.step == "shadow"]
    assert "bad@" in said
    assert "the plan is published" in said
    assert champions.nights_of(good) == ["2026-11-21"]


@pytest.mark.parametrize("fault", [KeyboardInterrupt, MemoryError, OSError])
def test_whatever_happens_in_a_shadow_the_night_ends_with_0(shop, champions, tuned_rooms, fault):
    version = register(champions, service={"default": 0.9}, model={"trees": 5})

    class Breaks(tuned_rooms):
        def plan(self, situation, forecast, config):
            if config.service.default == 0.9:
                raise fault
            return super().plan(situation, forecast, config)

    assert shop.night(Breaks()).code is ExitCode.PUBLISHED
    assert champions.nights_of(version) == []
    assert shop.night(tuned_rooms()).unchanged


def test_a_challenger_that_is_champion_by_now_has_no_shadow(shop, champions, tuned_rooms):
    version = register(champions)
    promote(champions, Promotion(version), SAID)
    shop.night(tuned_rooms())
    assert champions.nights_of(version) == []


def test_a_challenger_with_the_champions_model_does_not_fit_it_again(shop, champions, tuned_rooms):
    register(champions, "dear", service={"default": 0.99})
    rooms = tuned_rooms()
    shop.night(rooms)
    assert [call for call in rooms.calls if call.startswith("fit")] == ["fit 2"]


def test_a_model_fitted_in_the_shadow_is_reused_as_any_other(shop, champions, tuned_rooms):
    weekly = '[model]\ntrees = 2\nrefit = "weekly"\n'
    (shop.data / "stockwright.toml").write_text(weekly)
    register(champions)
    rooms = tuned_rooms()
    for date in ("2026-11-16", "2026-11-17"):
        shop.night(rooms, date)
    assert [call for call in rooms.calls if call.startswith("fit")] == ["fit 2", "fit 5"]


def test_later_nights_hold_both_forecasts_against_what_sold(shop, champions, tuned_rooms):
    """One unit a day sold, 2 foreseen by the champion and 5 by the challenger: WAPE 1 and 4."""
    version = register(champions, nights=30)
    nights(shop, tuned_rooms, 9)
    found = shadow_weeks(champions, version, "base")
    assert (found.nights, found.weeks) == (5, 0)
    whole = found.paired.query("segment_kind == 'all'").set_index("metric")
    assert whole.loc["wape", "base"] == pytest.approx(1.0)
    assert whole.loc["wape", "value"] == pytest.approx(4.0)
    assert whole.loc["bias", "difference"] == pytest.approx(3.0)
    assert whole.loc["coverage_80", "value"] == pytest.approx(1.0)
    assert whole.loc["stability", "value"] == pytest.approx(0.0)
    shoes = found.paired.query("segment == 'Shoes' and metric == 'wape'")
    assert shoes["value"].tolist() == pytest.approx([4.0])


def test_nights_are_as_many_weeks_as_they_fill_however_many_they_touch(
    shop, champions, tuned_rooms
):
    """16 nights in a row touch four weeks of the calendar, and fill two."""
    version = register(champions, nights=30)
    nights(shop, tuned_rooms, 16 + 4, "2026-11-11")
    found = shadow_weeks(champions, version, "base")
    first = np.datetime64("2026-11-11").astype(int)
    assert len({int(first + n) // 7 for n in range(16)}) == 4
    assert (found.nights, found.weeks) == (16, 2)


def test_nights_beside_another_champion_are_no_evidence(shop, champions, tuned_rooms):
    version, other = register(champions, nights=30), register(champions, "two", model={"trees": 3})
    nights(shop, tuned_rooms, 9)
    promote(champions, Promotion(other), SAID)
    assert shadow_weeks(champions, version, other).nights == 0
    assert shadow_weeks(champions, version, "base").nights == 5


def test_a_challenger_that_is_told_again_gets_its_nights_on_top(shop, champions, tuned_rooms):
    version = register(champions, nights=1)
    nights(shop, tuned_rooms, 2)
    register(champions, nights=2)
    nights(shop, tuned_rooms, 4, "2026-11-13")
    assert champions.nights_of(version) == ["2026-11-10", "2026-11-13", "2026-11-14"]
