"""A class that the configuration names: what is wrong with it is said with the rest."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.config.load import config_from
from pipelines.config.named_model import named_model, named_model_version
from stockwright.errors import ConfigError

GOOD = """
class Naive:
    def __init__(self, factor=1.0):
        if not factor > 0:
            raise ValueError("factor is above 0")
        self.factor = factor

    def fit(self, panel):
        return b""

    def predict(self, content, panel, horizon):
        return None


class NoPredict:
    def fit(self, panel):
        return b""


class ShortPredict(NoPredict):
    def predict(self, panel):
        return None
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    """``module(name, text)``: a module to import, forgotten when the test ends."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(name: str, text: str) -> str:
        path = tmp_path / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        monkeypatch.delitem(sys.modules, name, raising=False)
        return name

    return write


def problems(**model: object) -> str:
    with pytest.raises(ConfigError) as caught:
        config_from({"model": model})
    return str(caught.value)


def test_a_class_and_its_settings_are_taken(module: Callable[[str, str], str]) -> None:
    module("naive_one", GOOD)
    config = config_from({"model": {"use": "naive_one:Naive", "settings": {"factor": 2.0}}})
    made = named_model(config.model.use, config.model.settings)
    assert made.factor == 2.0


def test_each_problem_says_what_and_what_to_do(module: Callable[[str, str], str]) -> None:
    module("naive_two", GOOD)
    module("broken", "import nothing_like_it\n")
    for use, said in {
        "not_there:Naive": "'not_there' cannot be imported (ModuleNotFoundError",
        "broken:Naive": "No module named 'nothing_like_it'); mend it, install its package, or put",
        "naive_two:Naif": "has no class 'Naif'; it has Naive, NoPredict, ShortPredict",
        "naive_two:GOOD": "has no class 'GOOD'",
        "naive_two:NoPredict": "has no method predict(content, panel, horizon)",
        "naive_two:ShortPredict": "cannot be called as predict(content, panel, horizon)",
        "naive_two": "'module:Class' names a class, got 'naive_two'",
    }.items():
        text = problems(use=use)
        assert text.startswith("stockwright.toml: 1 problem\n  - model.use: ")
        assert said in text
    text = problems(use="naive_two:Naive", settings={"factor": -1})
    assert "refuses them (ValueError: factor is above 0), given: factor = -1" in text
    assert "TypeError" in problems(use="naive_two:Naive", settings={"speed": 1})
    assert "for the class that model.use names" in problems(settings={"speed": 1})


def test_they_are_listed_with_the_problems_of_other_keys() -> None:
    text = problems(use="not_there:Naive", trees=0)
    assert text.startswith("stockwright.toml: 2 problems")
    assert "model.trees" in text
    assert "model.use" in text


def test_the_version_follows_the_source_of_the_module_or_package(
    module: Callable[[str, str], str],
) -> None:
    module("naive_three", GOOD)
    first = named_model_version("naive_three:Naive")
    assert named_model_version("naive_three:Naive") == first
    assert named_model_version("") == ""
    module("naive_three", GOOD + "\nX = 1\n")
    assert named_model_version("naive_three:Naive") != first
    module("box.__init__", "")
    module("box.model", GOOD)
    module("box.numbers", "A = 1\n")
    before = named_model_version("box.model:Naive")
    module("box.numbers", "A = 2\n")
    module("box.model", GOOD)
    assert named_model_version("box.model:Naive") != before
