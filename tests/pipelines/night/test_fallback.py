"""Series of segments that have drifted take the plain forecast, and alerts ask for a fit."""

import json

import pandas as pd


def test_an_alert_asks_for_a_fit_though_the_model_is_of_this_week(shop, small_rooms):
    (shop.data / "stockwright.toml").write_text('[model]\nrefit = "weekly"\ndrift = 0\n')
    shop.sell("a", "shifted")
    shop.night(small_rooms(), "2026-11-16")
    said = []
    shop.night(small_rooms(), "2026-11-18", said.append)
    model = json.loads((shop.out / "latest" / "manifest.json").read_text())["model"]
    assert model["fitted_on"] == "2026-11-18"
    warned = [event.message for event in said if event.kind == "warning"]
    assert warned == ["the model of 2026-11-16 is fitted anew: all all (bias) drifted"]


def test_an_alert_that_lasts_asks_for_one_fit_and_no_more(shop, small_rooms):
    (shop.data / "stockwright.toml").write_text('[model]\nrefit = "monthly"\ndrift = 0\n')
    shop.sell("a", "shifted")
    rooms = small_rooms()
    fitted = []
    for day in range(16, 21):
        shop.night(rooms, f"2026-11-{day}")
        manifest = json.loads((shop.out / "latest" / "manifest.json").read_text())
        fitted.append(manifest["model"]["fitted_on"][-2:])
    assert fitted == ["16", "17", "17", "17", "17"]


def test_a_night_with_fallen_segments_says_so_and_is_no_failure(shop, small_rooms):
    shop.sell("a", "fallen")
    rooms = small_rooms()
    outcome = shop.night(rooms)
    assert outcome.code == 0
    assert "forecast by plain" in rooms.calls
    manifest = json.loads((shop.out / "latest" / "manifest.json").read_text())
    assert manifest["substitutes"] == ["forecast of all all: it has drifted"]
    assert len(pd.read_csv(shop.out / "latest" / "orders.csv")) == 2


def test_a_fault_of_the_watch_is_the_watch_s_alone(shop, small_rooms):
    shop.sell("a", "unwatched")
    said = []
    assert shop.night(small_rooms(), observe=said.append).code == 0
    warned = [event.message for event in said if event.kind == "warning"]
    assert warned == ["nothing is watched for drift tonight: ValueError: no number"]
