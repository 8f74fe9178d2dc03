"""The commands of champions: a challenger is judged, promoted, shown and rolled back."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from experiments.champions.gate import LEVELS
from experiments.record import Record, folder_of, settings_tags
from pipelines.config.load import config_from
from pipelines.config.variant import Variant, read_variant
from pipelines.night.inputs import shop_digest
from pipelines.store.champions import ChampionFolder
from planner.main import app

HEAD = ["segment_kind", "segment", "metric", "base", "value", "difference", "low", "high"]
SEGMENTS = (("all", "all"), ("category", "Shoes"), ("category", "Bags"))


def call(*words):
    return CliRunner(env={"COLUMNS": "240"}).invoke(app, [str(word) for word in words])


@pytest.fixture
def shop(tmp_path):
    """A folder of runs with a challenger, and what is told of it."""
    return Shop(tmp_path)


class Shop:
    def __init__(self, folder):
        self.out, self.file = folder / "runs", folder / "more.toml"
        self.file.write_text('why = "deeper trees"\n[config.model]\nleaves = 63\n')
        self.said = self.models("challenge", self.file, "--by", "ann")
        self.champions = ChampionFolder(self.out / ".champions")
        self.version = self.champions.find("more")

    def models(self, command, *words):
        return call("models", command, *words, "--out", self.out)

    def promote(self, *words):
        return self.models("promote", "more", "--why", "a test", "--by", "bob", *words)

    def night(self, date="2026-11-21", **settings):
        """A published night of a shop with some settings."""
        folder = self.out / ".runs" / date
        folder.mkdir(parents=True, exist_ok=True)
        config = config_from(settings).model_dump(mode="json")
        (folder / "manifest.json").write_text(json.dumps({"config": config, "model": {}}))
        link = self.out / date
        link.unlink(missing_ok=True)
        link.symlink_to(folder)
        return shop_digest(config)

    def evidence(
        self, gain=50.0, shoes=0.0, against="base", name="more", key="0", tags=None, params=None
    ):
        """A replay and a backtest: ``gain`` of 1,000 of margin, in Shoes ``shoes`` of it."""
        variant = read_variant(self.file)
        money = [(*one, "margin", 1000.0, 1000.0, 0.0, 0.0, 0.0) for one in SEGMENTS]
        for kind, segment in SEGMENTS:
            change = shoes if segment == "Shoes" else gain
            row = (500.0, 500.0 + change, change, change - 10, change + 10)
            money.append((kind, segment, "profit", *row))
        forecast = [
            (*one, metric, level, level, 0.0, -0.001, 0.001)
            for one in SEGMENTS
            for metric, level in [
                ("pinball", 1.0),
                ("stability", 0.2),
                *((f"coverage_{100 * level:.0f}", level) for level in LEVELS),
            ]
        ]
        told = {
            "replay": {"nights": 60, "warm_up": 10, "first": "2026-08-01"},
            "backtest": {"origins": 8, "first_origin": "2026-08-01", "last_origin": "2026-09-20"},
        }
        more = tags or {}
        for kind, rows in (("replay", money), ("backtest", forecast)):
            place = folder_of(self.out, kind, name, key * 12)
            place.mkdir(parents=True)
            table = pd.DataFrame(rows, columns=HEAD).assign(variant=name, against=against)
            table.to_parquet(place / "paired.parquet")
            known = settings_tags([variant, Variant(against)]) | more
            Record(kind, name, told[kind] | (params or {}), {}, known).write(place)
            yield place


def test_a_challenger_is_registered_with_who_and_why(shop):
    assert shop.said.exit_code == 0, shop.said.output
    assert shop.version in shop.said.stdout
    shown = shop.models("show", "more").stdout
    for text in (shop.version, "deeper trees", "by: ann", '"leaves": 63', "0 of 28 nights"):
        assert text in shown
    assert "0 of 28 nights" in shop.models("list").stdout.replace("\n", " ")


def test_without_evidence_the_gate_refuses_with_3_and_nothing_changes(shop):
    before = shop.champions.state_file.read_bytes()
    answer = shop.promote()
    assert answer.exit_code == 3
    assert "not known" in answer.stdout
    assert "Not promoted" in answer.stdout
    assert shop.champions.state_file.read_bytes() == before


def test_evidence_that_passes_promotes_and_stands_in_the_history(shop):
    places = [str(place) for place in shop.evidence()]
    answer = shop.promote()
    assert answer.exit_code == 0, answer.output
    assert shop.champions.state().standing.champion == shop.version
    change = shop.champions.history()[-1]
    assert (change.by, change.why, change.forced) == ("bob", "a test", False)
    assert sorted(change.evidence["places"]) == sorted(places)
    assert "+50 (+5.00%)" in change.evidence["money"]
    assert "decides already" in shop.promote().stdout


def test_evidence_that_fails_says_which_criterion_and_force_is_recorded_as_such(shop):
    list(shop.evidence(shoes=-300.0))
    refused = shop.promote()
    assert refused.exit_code == 3
    assert "category Shoes" in refused.stdout.replace("\n", " ")
    forced = shop.promote("--force")
    assert forced.exit_code == 0
    assert shop.champions.history()[-1].forced
    assert "promote, forced" in shop.models("list").stdout


def test_a_segment_where_it_is_better_can_have_it(shop):
    list(shop.evidence(shoes=-300.0))
    assert shop.promote("--segment", "category=Shoes").exit_code == 3
    assert shop.promote("--segment", "category=Bags").exit_code == 0
    (holder,) = shop.champions.state().standing.segments
    assert (str(holder.segment), holder.version) == ("category=Bags", shop.version)


def test_a_canary_has_to_be_no_worse_where_the_shop_wants_it_better(shop):
    list(shop.evidence(gain=8.0, shoes=8.0))
    assert shop.promote().exit_code == 3
    assert shop.promote("--canary", "0.1").exit_code == 0
    assert shop.champions.state().standing.canary.share == 0.1


def test_evidence_of_other_settings_is_no_evidence(shop):
    places = list(shop.evidence())
    shop.file.write_text("[config.model]\nleaves = 15\n")
    shop.models("challenge", shop.file)
    assert shop.promote().exit_code == 2
    (other,) = {one.id for one in shop.champions.versions()} - {shop.version}
    words = ("--why", "x", "--evidence", places[0])
    answer = shop.models("promote", other, *words)
    assert answer.exit_code == 2
    assert "no evidence for" in answer.stderr


def line_of(answer, name):
    return next(line for line in answer.stdout.splitlines() if f"│ {name}" in line)


def test_evidence_of_the_shop_under_another_configuration_does_not_promote(shop):
    old = shop.night(service={"default": 0.9})
    list(shop.evidence(tags={"shop": old}))
    assert shop.night(service={"default": 0.8}) != old
    answer = shop.promote()
    assert answer.exit_code == 3, answer.output
    line = line_of(answer, "configuration of the shop")
    assert "FAILED" in line
    assert "another one" in line
    shop.night(service={"default": 0.9}, output={"language": "zh"})
    assert shop.promote().exit_code == 0


def test_older_evidence_of_this_shop_comes_before_newer_of_another(shop):
    list(shop.evidence(tags={"shop": shop.night()}))
    list(shop.evidence(gain=-50.0, tags={"shop": "of another"}, key="1"))
    answer = shop.promote()
    assert answer.exit_code == 0, answer.output
    assert "the same as now" in line_of(answer, "configuration of the shop")


def test_a_sample_does_not_promote(shop):
    list(shop.evidence(tags={"sample": "20 of 2,000 SKUs"}))
    answer = shop.promote()
    assert answer.exit_code == 3
    assert "20 of 2,000 SKUs" in line_of(answer, "assortment")
    list(shop.evidence(key="1"))
    assert shop.promote().exit_code == 0


def test_the_days_of_the_evidence_are_shown_and_old_days_do_not_promote(shop):
    shop.night("2026-11-21")
    list(shop.evidence(tags={"source": "/data/ours"}))
    line = line_of(shop.promote("--canary", "0.1"), "days")
    for text in ("2026-08-01 to 2026-09-30", "/data/ours", "62 days before the night"):
        assert text in line
    shop.night("2027-11-21")
    answer = shop.promote()
    assert answer.exit_code == 3
    assert "FAILED" in line_of(answer, "days")


def test_a_replay_of_weeks_is_as_many_days_as_its_weeks_have(shop):
    list(shop.evidence(params={"nights": 8, "warm_up": 2, "period_days": 7}))
    answer = shop.promote()
    assert answer.exit_code == 0, answer.output
    assert "42 days replayed" in line_of(answer, "enough evidence")


def test_a_challenger_changes_the_shop_of_the_last_night_or_of_a_file(shop, monkeypatch):
    folder = shop.out.parent
    (folder / "own_class.py").write_text(
        "class Own:\n    def __init__(self, window=28): pass\n"
        "    def fit(self, panel): return b''\n"
        "    def predict(self, content, panel, horizon): raise NotImplementedError\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    variant = folder / "longer.toml"
    variant.write_text("[config.model.settings]\nwindow = 56\n")
    assert shop.models("challenge", variant).exit_code == 2
    own = folder / "own.toml"
    own.write_text('[model]\nuse = "own_class:Own"\n')
    assert shop.models("challenge", variant, "--config", own).exit_code == 0
    shop.night(model={"use": "own_class:Own"})
    assert shop.models("challenge", variant).exit_code == 0


def test_a_rollback_is_one_command_and_is_shown(shop):
    shop.promote("--force")
    answer = shop.models("rollback", "--why", "it ordered too much", "--by", "eve")
    assert answer.exit_code == 0
    assert f"{shop.version} -> base" in answer.stdout
    assert shop.champions.state().standing.champion == "base"
    change = shop.champions.history()[-1]
    assert (change.act, change.by, change.why) == ("rollback", "eve", "it ordered too much")
    assert shop.models("rollback").exit_code == 2


def test_a_promotion_leaves_a_record_that_can_be_tracked(shop):
    shop.promote("--force")
    (place,) = (shop.out / "experiments").glob("promotion-*")
    record = json.loads((place / "run.json").read_text())
    assert record["params"]["version"] == shop.version
    assert record["params"]["forced"] is True


@pytest.mark.parametrize(
    "words",
    [
        ("promote", "more", "--why", " "),
        ("promote", "more", "--why", "x", "--canary", "2"),
        ("promote", "more", "--why", "x", "--segment", "brand=A"),
        ("promote", "more", "--why", "x", "--data", "here"),
        ("promote", "none", "--why", "x"),
        ("show", "none"),
        ("challenge", "none.toml"),
    ],
)
def test_wrong_calls_end_with_2(shop, words):
    assert shop.models(*words).exit_code == 2


def test_a_damaged_state_is_named_with_what_to_do(shop):
    shop.champions.state_file.write_text("{")
    for command in (("list",), ("rollback",), ("promote", "more", "--why", "x")):
        answer = shop.models(*command)
        assert answer.exit_code == 2
        assert "history.jsonl" in answer.stderr
