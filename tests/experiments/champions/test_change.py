"""Changes of who decides: each whole or not at all, each written down, each undone in order."""

import itertools
import json
import multiprocessing
import os
import signal
import sys

import pytest

from experiments.champions import change as module
from experiments.champions.change import Promotion, Said, challenge, promote, rollback
from pipelines.config import Config
from pipelines.config.load import config_from
from pipelines.config.variant import Variant
from pipelines.night.lineup import lineup_of
from pipelines.store.champions import BASE, ChampionFolder, Segment, Standing
from stockwright.errors import ConfigError, LockedError

SAID = Said("ann", "2026-11-21T08:00:00+00:00", "a test")
SHOES = Segment(kind="category", name="Shoes")


@pytest.fixture
def folder(tmp_path):
    return ChampionFolder(tmp_path / ".champions")


def register(folder, name="more", trees=5, nights=0):
    return challenge(folder, Variant(name, {"model": {"trees": trees}}), nights, SAID).id


def test_a_version_is_its_settings_and_registering_it_again_changes_nothing(folder):
    first = register(folder)
    content = folder.version_file(first).read_bytes()
    assert register(folder) == first
    assert folder.version_file(first).read_bytes() == content
    other = register(folder, trees=6)
    assert other != first
    assert folder.version(other).variant.config == {"model": {"trees": 6}}


def test_a_name_of_two_versions_has_to_be_told_with_its_digest(folder):
    first, second = register(folder), register(folder, trees=6)
    with pytest.raises(ConfigError, match="more than one version 'more': 2"):
        folder.find("more")
    assert (folder.find(first), folder.find(second), folder.find("base")) == (first, second, BASE)
    with pytest.raises(ConfigError, match="no version 'less'"):
        folder.find("less")


@pytest.mark.parametrize("section", ["output", "map", "gates", "period"])
def test_what_belongs_to_the_shop_is_no_part_of_a_version(folder, section):
    config = {"period": "week"} if section == "period" else {section: {"x": 1}}
    with pytest.raises(ConfigError, match=f"changes the shop itself: 1 .*{section}"):
        challenge(folder, Variant("odd", config), 3, SAID)
    assert not folder.state_file.exists()


def test_settings_of_a_class_that_the_shop_names_are_checked_with_it(folder, tmp_path, monkeypatch):
    text = CLASS.replace(
        "def fit", "def __init__(self, window=28):\n        pass\n\n    def fit", 1
    )
    (tmp_path / "shops_own.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    shop = config_from({"model": {"use": "shops_own:Flat"}})
    variant = Variant("longer", {"model": {"settings": {"window": 56}}})
    with pytest.raises(ConfigError, match="for the class that"):
        challenge(folder, variant, 3, SAID)
    assert challenge(folder, variant, 3, SAID, shop).variant == variant
    wrong = Variant("odd", {"model": {"settings": {"windows": 56}}})
    with pytest.raises(ConfigError, match="refuses them"):
        challenge(folder, wrong, 3, SAID, shop)


def test_settings_that_are_wrong_are_refused_at_the_challenge(folder):
    with pytest.raises(ConfigError, match=r"model\.tree: unknown key; did you mean 'trees'"):
        challenge(folder, Variant("odd", {"model": {"tree": 1}}), 3, SAID)


def test_a_version_that_changes_the_policy_is_champion_of_the_whole_shop_or_of_nothing(folder):
    policy = Variant("dear", {"service": {"default": 0.99}, "model": {"trees": 3}})
    version = challenge(folder, policy, 0, SAID).id
    for asked in (Promotion(version, (SHOES,)), Promotion(version, canary=0.1)):
        with pytest.raises(ConfigError, match=r"more than the forecast: 1 \(service\.default\)"):
            promote(folder, asked, SAID)
    promote(folder, Promotion(version), SAID)
    assert folder.state().standing.champion == version


def test_rollbacks_undo_promotions_one_by_one(folder):
    versions = [register(folder, f"v{n}", n) for n in (1, 2, 3)]
    standings = [folder.state().standing]
    for version in versions:
        promote(folder, Promotion(version), SAID)
        standings.append(folder.state().standing)
    for expected in standings[-2::-1]:
        rollback(folder, SAID)
        assert folder.state().standing == expected
    with pytest.raises(ConfigError, match="0 can be undone"):
        rollback(folder, SAID)


def test_a_rollback_of_many_steps_is_that_of_as_many_rollbacks(folder, tmp_path):
    other = ChampionFolder(tmp_path / "other")
    for one in (folder, other):
        for n in (1, 2, 3):
            promote(one, Promotion(register(one, f"v{n}", n)), SAID)
    rollback(folder, SAID, 2)
    rollback(other, SAID)
    rollback(other, SAID)
    assert folder.state().standing == other.state().standing
    assert folder.state().stack == other.state().stack == (Standing(),)


def test_a_rollback_keeps_the_challengers(folder):
    version = register(folder, nights=5)
    promote(folder, Promotion(register(folder, "other", 9)), SAID)
    rollback(folder, SAID)
    assert [one.version for one in folder.state().challengers] == [version]


def test_the_history_tells_who_when_why_from_what_to_what(folder):
    version = register(folder)
    said = Said("bob", "2026-11-22T09:00:00+00:00", "better in money")
    asked = Promotion(version, (SHOES,), forced=True, evidence={"money": 3.5})
    promote(folder, asked, said)
    challenged, last = folder.history()
    assert challenged.act == "challenge"
    assert (last.by, last.at, last.why, last.forced) == (said.by, said.at, said.why, True)
    assert last.evidence == {"money": 3.5}
    assert (last.before, last.after.segments[0].version) == (Standing(), version)


def test_a_promotion_that_changes_nothing_is_none(folder):
    version = register(folder)
    assert promote(folder, Promotion(version), SAID) is not None
    before = folder.state_file.read_bytes()
    assert promote(folder, Promotion(version), SAID) is None
    assert folder.state_file.read_bytes() == before


def test_the_champion_of_the_shop_takes_a_segment_back(folder):
    version = register(folder)
    promote(folder, Promotion(version, (SHOES,)), SAID)
    promote(folder, Promotion(BASE, (SHOES,)), SAID)
    assert folder.state().standing == Standing()


def test_a_canary_ends_when_its_version_becomes_champion(folder):
    version = register(folder)
    promote(folder, Promotion(version, canary=0.1), SAID)
    promote(folder, Promotion(version), SAID)
    assert folder.state().standing == Standing(champion=version)


def test_what_was_judged_against_another_standing_is_not_promoted(folder):
    first, second = register(folder, "v1", 1), register(folder, "v2", 2)
    seen = folder.state().standing
    promote(folder, Promotion(first), SAID, seen)
    with pytest.raises(ConfigError, match="ann changed the champions in the meantime"):
        promote(folder, Promotion(second), SAID, seen)
    assert folder.state().standing.champion == first


def _many(root, worker, count):
    folder = ChampionFolder(root)
    for n in range(count):
        version = challenge(
            folder, Variant(f"w{worker}-{n}", {"model": {"trees": n + 1}}), 0, SAID
        ).id
        promote(folder, Promotion(version), SAID)


def test_processes_that_promote_at_once_lose_no_change(folder):
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_many, args=(folder.root, w, 5)) for w in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert [one.revision for one in folder.history()] == list(range(1, 31))
    assert len(folder.state().stack) == 15
    history = folder.history()
    assert all(a.after == b.before for a, b in itertools.pairwise(history))


def test_a_process_that_holds_on_is_waited_for_and_then_named(folder, monkeypatch):
    monkeypatch.setattr(module, "_PATIENCE", 0.1)
    register(folder)
    with module._changing(folder), pytest.raises(LockedError, match="another process"):
        challenge(folder, Variant("x", {"model": {"trees": 1}}), 0, SAID)


@pytest.mark.parametrize("moment", ["before the state", "after the state", "within the history"])
def test_a_kill_at_any_moment_leaves_a_whole_state_and_a_history_that_is_mended(folder, moment):
    first = register(folder)
    promote(folder, Promotion(first), SAID)
    second = register(folder, "next", 7)
    before = folder.state().standing
    child = os.fork()
    if child == 0:
        _die_at(moment)
        promote(folder, Promotion(second), SAID)
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    done = moment != "before the state"
    assert folder.state().standing == (Standing(champion=second) if done else before)
    assert len(folder.history()) == (4 if done else 3)
    rollback(folder, SAID)
    assert folder.state().standing == (Standing(champion=first) if done else Standing())
    revisions = [one.revision for one in folder.history()]
    assert revisions == list(range(1, len(revisions) + 1))
    lines = folder.history_file.read_text().splitlines()
    whole = [line for line in lines if line.endswith("}")]
    assert json.loads(whole[-1])["change"]["act"] == "rollback"


def _die_at(moment):
    def die(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    real = os.write
    if moment == "before the state":
        module.os.replace = die
    elif moment == "after the state":
        module.sync_folder = die
        module.os.write = die
    else:
        module.os.write = lambda handle, text: (real(handle, text[:40]), die())


def test_a_changed_model_class_is_another_version_and_the_old_one_does_not_run(
    folder, tmp_path, monkeypatch
):
    place = tmp_path / "shop_model.py"
    place.write_text(CLASS)
    monkeypatch.syspath_prepend(str(tmp_path))
    variant = Variant("own", {"model": {"use": "shop_model:Flat"}})
    first = challenge(folder, variant, 0, SAID).id
    promote(folder, Promotion(first), SAID)
    lineup_of(folder, Config())
    place.write_text(CLASS + "# mended, and longer than the file that was compiled\n")
    monkeypatch.delitem(sys.modules, "shop_model")
    with pytest.raises(ConfigError, match=r"shop_model:Flat was changed since own@"):
        lineup_of(folder, Config())
    second = challenge(folder, variant, 0, SAID).id
    assert first != second
    promote(folder, Promotion(second), SAID)
    assert lineup_of(folder, Config()).champion.version == second


CLASS = '''
class Flat:
    """Forecasts nothing."""

    def fit(self, panel):
        return b""

    def predict(self, content, panel, horizon):
        raise NotImplementedError
'''
