"""Evidence that is made for a version is found again, whoever is champion."""

from pathlib import Path

import numpy as np
import pytest

from experiments.champions.bid import Bid, folder_of_champions
from experiments.champions.change import Promotion, Said, challenge, promote
from experiments.champions.evidence import Trial, find_evidence, make_evidence, read_evidence
from pipelines.config.variant import Variant
from pipelines.demo import DEMO_LAST_DATE, write_demo
from stockwright.errors import ConfigError

pytestmark = pytest.mark.slow
SAID = Said("ann", "2026-11-21T08:00:00+00:00", "a test")
_SHOP = """
[service]
default = 0.9
[model]
trees = 2
leaves = 4
max_rows = 1000
paths = 16
history_days = 120
methods = ["average_short"]
[calendar]
country = ""
[supply]
learn = false
[clearance]
use = false
[gates]
stale_days = 400
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Folder of tables, and folder of runs with two versions, the first of them champion."""
    folder = tmp_path_factory.mktemp("evidence")
    data, runs = folder / "shop", folder / "runs"
    write_demo(data, skus=16, days=150, seed=2)
    (data / "stockwright.toml").write_text(_SHOP)
    champions = folder_of_champions(runs)
    for name, level in (("high", 0.95), ("higher", 0.97)):
        challenge(champions, Variant(name, {"service": {"default": level}}), 0, SAID)
    promote(champions, Promotion(champions.find("high")), SAID)
    return data, runs


def test_a_replay_made_under_a_promoted_champion_is_found_again(shop):
    data, runs = shop
    rivals = Bid.of(runs, "higher").rivals
    assert rivals.champion.variant.name == "high"
    trial = Trial(str(data), DEMO_LAST_DATE - np.timedelta64(6, "D"), 6, skus=2)
    made = make_evidence(trial, runs, rivals, lambda event: None)
    assert made.money is not None
    found = find_evidence(runs, rivals)
    assert found.places == made.places
    assert found.money.equals(made.money)
    assert read_evidence([*map(Path, made.places)], runs, rivals).places == made.places
    (basis,) = found.bases
    assert basis.sample.startswith("2 of ")
    assert basis.source == str(data.resolve())
    assert basis.shop == made.tonight.shop != ""


def test_it_is_no_evidence_against_the_shops_own_configuration(shop):
    _, runs = shop
    champions = folder_of_champions(runs)
    standing = champions.state().standing
    promote(champions, Promotion("base"), SAID)
    rivals = Bid.of(runs, "higher").rivals
    promote(champions, Promotion(standing.champion), SAID)
    assert find_evidence(runs, rivals).money is None
    with pytest.raises(ConfigError, match="no evidence for"):
        read_evidence(list((runs / "experiments").glob("replay-*")), runs, rivals)
