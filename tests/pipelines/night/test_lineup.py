"""Champions in the night: who forecasts what, what is recorded, and what a rollback restores."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from experiments.champions.change import Promotion, Said, challenge, promote, rollback
from pipelines.config.variant import Variant
from pipelines.night.layout import RunsFolder
from pipelines.night.lineup import drawn
from pipelines.night.manifest import last_shop
from pipelines.night.outcome import ExitCode
from pipelines.store.champions import ChampionFolder, Segment
from stockwright.errors import ConfigError, DataError
from stockwright.panel import SeriesIndex

SAID = Said("ann", "2026-11-21T08:00:00+00:00", "a test")
SHOES = Segment(kind="category", name="Shoes")
NAMES = tuple("abcdefghij")


@pytest.fixture
def champions(shop):
    shop.sell(*NAMES, units=1)
    (shop.data / "stockwright.toml").write_text("[model]\ntrees = 1\n")
    return ChampionFolder(shop.out / ".champions")


def register(champions, name, trees, **more):
    champions.root.mkdir(parents=True, exist_ok=True)
    variant = Variant(name, {"model": {"trees": trees} | more})
    return challenge(champions, variant, 0, SAID).id


def per_sku(shop):
    """Units by SKU over the first one's: the factor of the model that forecast each."""
    lines = shop.files()["orders.csv"].decode("utf-8-sig").splitlines()[1:]
    return {line.split(",")[1]: float(line.split(",")[2]) / 4 for line in lines}


def manifest(shop):
    return json.loads((shop.out / "latest" / "manifest.json").read_text())


def test_without_a_state_the_manifest_and_the_notes_name_no_champion(shop, champions, tuned_rooms):
    register(champions, "more", 5)
    outcome = shop.night(tuned_rooms())
    assert outcome.versions == ""
    assert "champions" not in manifest(shop)["model"]
    assert set(per_sku(shop).values()) == {1.0}


def test_the_champion_of_the_shop_forecasts_all_of_it(shop, champions, tuned_rooms):
    more = register(champions, "more", 5)
    promote(champions, Promotion(more), SAID)
    outcome = shop.night(tuned_rooms())
    assert set(per_sku(shop).values()) == {5.0}
    assert outcome.versions == more
    (card,) = manifest(shop)["model"]["champions"]
    assert (card["version"], card["series"], card["series_share"]) == (more, len(NAMES), 1.0)
    assert len(card["copy_sha256"]) == 64
    assert manifest(shop)["config"]["model"]["trees"] == 5


def test_the_champion_of_a_segment_forecasts_that_segment_alone(shop, champions, tuned_rooms):
    more = register(champions, "more", 5)
    promote(champions, Promotion(more, (SHOES,)), SAID)
    shop.night(tuned_rooms())
    assert per_sku(shop) == {sku: 5.0 if sku <= "d" else 1.0 for sku in NAMES}
    base, card = manifest(shop)["model"]["champions"]
    assert (base["version"], base["series"], card["series"]) == ("base", 6, 4)
    assert card["segment"] == "category=Shoes"


def test_the_canary_goes_before_segments_and_a_later_segment_before_an_earlier_one(
    shop, champions, tuned_rooms
):
    two, three, four = (register(champions, f"v{n}", n) for n in (2, 3, 4))
    shop_location = Segment(kind="location", name="shop")
    promote(champions, Promotion(two, (SHOES,)), SAID)
    promote(champions, Promotion(three, (shop_location,)), SAID)
    shop.night(tuned_rooms())
    assert set(per_sku(shop).values()) == {3.0}
    promote(champions, Promotion(four, (SHOES,), canary=0.5), SAID)
    shop.night(tuned_rooms(), force=True)
    share = drawn(SeriesIndex(NAMES, ("shop",), np.arange(10), np.zeros(10)), four, 0.5)
    expected = [4.0 if sku <= "d" and on else 3.0 for sku, on in zip(NAMES, share, strict=True)]
    assert list(per_sku(shop).values()) == expected
    assert 4.0 in expected


def test_a_canary_takes_all_locations_of_a_sku_and_a_larger_share_keeps_a_smaller_one():
    skus = tuple(f"sku{n:04d}" for n in range(2000))
    index = SeriesIndex(skus, ("x", "y"), np.repeat(np.arange(2000), 2), np.tile([0, 1], 2000))
    small, large = drawn(index, "a@1", 0.1), drawn(index, "a@1", 0.3)
    assert (small[::2] == small[1::2]).all()
    assert (large | ~small).all()
    assert abs(small.mean() - 0.1) < 4 * np.sqrt(0.09 / 2000)
    other = drawn(index, "b@1", 0.1)
    both = (small & other)[::2].mean()
    assert abs(both - 0.01) < 4 * np.sqrt(0.01 / 2000)


def test_a_promotion_is_another_input_and_a_rollback_restores_the_plan_byte_for_byte(
    shop, champions, tuned_rooms
):
    more = register(champions, "more", 5)
    shop.night(tuned_rooms())
    before, key = shop.files(), manifest(shop)["inputs_digest"]
    promote(champions, Promotion(more, (SHOES,)), SAID)
    with pytest.raises(ConfigError, match=r"configuration or its champions"):
        shop.night(tuned_rooms())
    shop.night(tuned_rooms(), force=True)
    assert shop.files() != before
    rollback(champions, SAID)
    shop.night(tuned_rooms(), force=True)
    assert shop.files() == before
    assert manifest(shop)["inputs_digest"] == key
    assert shop.night(tuned_rooms()).unchanged


def test_after_a_rollback_a_night_finds_the_model_of_the_week_that_it_used(
    shop, champions, tuned_rooms
):
    weekly = '[model]\ntrees = 1\nrefit = "weekly"\n'
    (shop.data / "stockwright.toml").write_text(weekly)
    more = register(champions, "more", 5)
    shop.night(tuned_rooms(), "2026-11-16")
    shop.night(tuned_rooms(), "2026-11-21")
    before = manifest(shop)["model"]["fitted_on"]
    promote(champions, Promotion(more), SAID)
    shop.night(tuned_rooms(), "2026-11-21", force=True)
    rollback(champions, SAID)
    calls = tuned_rooms()
    shop.night(calls, "2026-11-21", force=True)
    assert (before, manifest(shop)["model"]["fitted_on"]) == ("2026-11-16", "2026-11-16")
    assert not [call for call in calls.calls if call.startswith("fit")]


def test_versions_that_share_a_model_fit_it_once(shop, champions, tuned_rooms):
    more = register(champions, "more", 5)
    bags = Segment(kind="category", name="Bags")
    promote(champions, Promotion(more, (SHOES, bags)), SAID)
    used = tuned_rooms()
    shop.night(used)
    assert [call for call in used.calls if call.startswith("fit")] == ["fit 1", "fit 5"]


def test_where_a_segment_cannot_be_fitted_the_champion_forecasts_it_and_that_is_said(
    shop, champions, tuned_rooms
):
    bad = register(champions, "bad", 13)
    promote(champions, Promotion(bad, (SHOES,)), SAID)
    outcome = shop.night(tuned_rooms())
    assert outcome.code is ExitCode.SUBSTITUTE
    assert set(per_sku(shop).values()) == {1.0}
    assert outcome.summary["substitutes"] == ["MODEL_SUBSTITUTE"]
    said = f"version {bad} for category=Shoes: thirteen trees never grow"
    assert manifest(shop)["substitutes"] == [said]


def test_a_category_is_the_same_with_and_without_spaces_in_its_path(shop, champions, tuned_rooms):
    class Spaced(tuned_rooms):
        def assemble(self, *given):
            found = super().assemble(*given)
            spaced = [name.replace("/", " / ") for name in found.catalog.category]
            return replace(found, catalog=replace(found.catalog, category=np.array(spaced, object)))

    more = register(champions, "more", 5)
    promote(champions, Promotion(more, (SHOES,)), SAID)
    shop.night(Spaced())
    assert per_sku(shop) == {sku: 5.0 if sku <= "d" else 1.0 for sku in NAMES}


def test_the_manifest_keeps_the_shops_own_configuration_beside_its_champions(
    shop, champions, tuned_rooms
):
    runs = RunsFolder(shop.out)
    assert last_shop(runs) is None
    shop.night(tuned_rooms())
    own = last_shop(runs)
    promote(champions, Promotion(register(champions, "more", 5)), SAID)
    shop.night(tuned_rooms(), force=True)
    assert manifest(shop)["config"]["model"]["trees"] == 5
    assert last_shop(runs) == own == ("2026-11-21", manifest(shop)["model"]["shop"])
    assert own[1]["model"]["trees"] == 1


def harm(champions, rooms, version, how):
    """A version that cannot be used: its copy is damaged or gone, or its model raises."""
    place = champions.version_file(version)
    if how == "damaged":
        place.write_text("{")
    elif how == "changed":
        place.write_text(place.read_text().replace("5", "6"))
    elif how == "gone":
        place.unlink()

    class Harmed(rooms):
        def fit(self, situation, config):
            if how == "fit raises" and config.model.trees == 5:
                raise IndexError("no such tree")
            return super().fit(situation, config)

        def predictor(self, content, panel):
            if how == "does not open" and content == b"5":
                raise DataError("written by another class")
            predict = super().predictor(content, panel)

            def raises(block):
                # All but the last blocks go well: one is enough.
                if how == "predict raises" and content == b"5" and "d" in block.index.sku_names():
                    raise ZeroDivisionError("no number")
                return predict(block)

            return raises

    return Harmed()


HARMS = ["damaged", "changed", "gone", "fit raises", "does not open", "predict raises"]


@pytest.mark.parametrize("how", HARMS)
@pytest.mark.parametrize("canary", [None, 0.9])
def test_a_segment_or_canary_that_cannot_be_used_is_the_champions_and_the_night_ends_with_4(
    shop, champions, tuned_rooms, how, canary
):
    (shop.data / "stockwright.toml").write_text("block_size = 2\n[model]\ntrees = 1\n")
    more = register(champions, "more", 5)
    promote(champions, Promotion(more, (SHOES,), canary), SAID)
    outcome = shop.night(harm(champions, tuned_rooms, more, how))
    assert outcome.code is ExitCode.SUBSTITUTE
    assert set(per_sku(shop).values()) == {1.0}
    base, card = manifest(shop)["model"]["champions"]
    assert (base["series"], card["series"]) == (len(NAMES), 0)
    (said,) = manifest(shop)["substitutes"]
    assert said.startswith(f"version {more} for category=Shoes")
    assert card["fault"] == said
    assert outcome.summary["substitutes"] == ["MODEL_SUBSTITUTE"]


@pytest.mark.parametrize("how", HARMS)
def test_a_champion_of_the_shop_that_cannot_be_used_ends_the_night(
    shop, champions, tuned_rooms, how
):
    more = register(champions, "more", 5)
    promote(champions, Promotion(more), SAID)
    rooms = harm(champions, tuned_rooms, more, how)
    with pytest.raises((ConfigError, DataError, IndexError)):
        shop.night(rooms)


def test_a_version_that_was_put_back_is_another_input(shop, champions, tuned_rooms):
    more = register(champions, "more", 5)
    promote(champions, Promotion(more, (SHOES,)), SAID)
    copy = champions.version_file(more).read_bytes()
    shop.night(harm(champions, tuned_rooms, more, "gone"))
    champions.version_file(more).write_bytes(copy)
    with pytest.raises(ConfigError, match="configuration or its champions"):
        shop.night(tuned_rooms())
    shop.night(tuned_rooms(), force=True)
    assert set(per_sku(shop).values()) == {1.0, 5.0}


def test_a_night_that_is_taken_up_again_after_a_promotion_starts_anew(shop, champions, tuned_rooms):
    more = register(champions, "more", 5)

    class Breaks(tuned_rooms):
        def plan(self, *given):
            raise MemoryError

    with pytest.raises(MemoryError):
        shop.night(Breaks())
    promote(champions, Promotion(more), SAID)
    shop.night(tuned_rooms(), resume=True)
    assert set(per_sku(shop).values()) == {5.0}


@pytest.mark.parametrize("content", ["", "{", '{"standing": {"champion": 3}}', '{"more": 1}'])
def test_no_night_runs_on_a_damaged_state(shop, champions, tuned_rooms, content):
    promote(champions, Promotion(register(champions, "more", 5)), SAID)
    shop.night(tuned_rooms())
    before = shop.files()
    champions.state_file.write_text(content)
    with pytest.raises(ConfigError, match=r"state\.json is damaged.*history\.jsonl"):
        shop.night(tuned_rooms(), force=True)
    assert shop.files() == before


def test_no_night_runs_where_the_state_is_gone_or_a_version_was_changed(
    shop, champions, tuned_rooms
):
    more = register(champions, "more", 5)
    promote(champions, Promotion(more), SAID)
    place = champions.version_file(more)
    place.write_text(place.read_text().replace("5", "6"))
    with pytest.raises(ConfigError, match="changed since it was registered"):
        shop.night(tuned_rooms())
    place.unlink()
    with pytest.raises(ConfigError, match=f"version {more} is not in"):
        shop.night(tuned_rooms())
    champions.state_file.unlink()
    with pytest.raises(ConfigError, match="is gone, and there is a history"):
        shop.night(tuned_rooms())


def test_the_status_of_a_night_names_its_champion(shop, champions, tuned_rooms):
    from pipelines.night.history import attempts

    more = register(champions, "more", 5)
    promote(champions, Promotion(more), SAID)
    shop.night(tuned_rooms())
    assert attempts(shop.out / ".history.jsonl")[0].message == f"champion {more}"


def test_the_summary_says_how_many_series_each_version_forecasts(shop, champions, tuned_rooms):
    more = register(champions, "more", 5)
    promote(champions, Promotion(more, (Segment(kind="category", name="Hats"),)), SAID)
    seen = SimpleNamespace()

    class Looks(tuned_rooms):
        def write(self, folder, ingested, situation, *rest):
            seen.notes = situation.notes
            super().write(folder, ingested, situation, *rest)

    shop.night(Looks())
    assert "version base forecasts 10 of 10 series" in seen.notes
    assert f"version {more} for category=Hats forecasts 0 of 10 series" in seen.notes
