"""What a study's file may say, and what it is told where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.studies.plan import read_study
from experiments.studies.report import variant_text
from pipelines.config.variant import Variant, read_variant
from stockwright.errors import ConfigError

HEAD = '[replay]\nfrom = "2025-04-27"\nnights = [28, 91]\n'


def study(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "leaves.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_grid_is_every_combination_and_stands_beside_the_list(tmp_path: Path) -> None:
    text = HEAD + '[grid]\n"model.leaves" = [15, 63]\n"service.cap" = [0.9, 0.95, 0.99]\n'
    text += '[[variant]]\nname = "slow"\nwhy = "steadier"\n[variant.config.model]\ntrees = 400\n'
    asked = read_study(study(tmp_path, text))
    assert asked.name == "leaves"
    assert len(asked.variants) == 7
    assert asked.variants[0] == Variant("slow", {"model": {"trees": 400}}, "steadier")
    last = asked.variants[-1]
    assert last.name == "leaves-63_cap-0.99"
    assert last.config == {"model": {"leaves": 63}, "service": {"cap": 0.99}}


def test_a_part_with_fewer_rungs_stays_at_its_last(tmp_path: Path) -> None:
    text = HEAD + '[backtest]\norigins = [4]\n[[variant]]\nname = "a"\n'
    rungs = read_study(study(tmp_path, text)).rungs()
    assert [(rung.nights, rung.origins) for rung in rungs] == [(28, 4), (91, 4)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD, "no variant: write \\[\\[variant\\]\\] or \\[grid\\]"),
        ('[[variant]]\nname = "a"\n', "nothing to measure on"),
        (HEAD + '[[variant]]\nname = "base"\n', "name of the shop's own configuration"),
        (HEAD + 2 * '[[variant]]\nname = "a"\n', "there twice: a"),
        (HEAD.replace("[28, 91]", "[91, 28]") + '[[variant]]\nname = "a"\n', "rungs must rise"),
        (HEAD + "[budget]\nhours = 3\n", "budget.hours"),
        (HEAD.replace("2025-04-27", "April") + '[[variant]]\nname = "a"\n', "replay.from"),
        (HEAD + '[grid]\n"model.leaves" = []\n', "grid.model.leaves"),
        (HEAD + '[[variant]]\nname = "a"\nsettings = 1\n', "settings: unknown key"),
        ("[replay\n", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_study(study(tmp_path, text))


def test_a_variant_written_as_toml_is_read_as_it_was(tmp_path: Path) -> None:
    config = {
        "seed": 3,
        "model": {"trees": 400, "methods": ["ses", "tsb"], "learning_rate": 0.05},
        "service": {"grade": {"AX": 0.98}, "tier": {"一线": 0.9}},
        "clearance": {"use": False},
    }
    variant = Variant("good", config, 'a "quoted" reason')
    path = tmp_path / "winner.toml"
    path.write_text(variant_text(variant), "utf-8")
    assert read_variant(path) == variant
