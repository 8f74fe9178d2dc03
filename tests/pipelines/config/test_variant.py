from pathlib import Path

import pytest

from pipelines.config import Config
from pipelines.config.variant import Variant, read_variant
from stockwright.errors import ConfigError


def test_a_variant_changes_what_it_names_and_nothing_else():
    base = Config(seed=7)
    found = Variant("leaves", {"model": {"leaves": 63}}).of(base)
    assert found.model.leaves == 63
    assert found.model_dump(exclude={"model"}) == base.model_dump(exclude={"model"})
    assert found.model.trees == base.model.trees


def test_a_variant_that_names_an_unknown_setting_says_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'leaves'"):
        Variant("v", {"model": {"leafs": 63}}).of(Config())


def test_a_file_of_a_variant_has_its_own_name_unless_it_says_another(tmp_path: Path):
    (tmp_path / "more.toml").write_text("[config.model]\ntrees = 5\n")
    assert read_variant(tmp_path / "more.toml") == Variant("more", {"model": {"trees": 5}})
    (tmp_path / "other.toml").write_text('name = "x"\nwhy = "because"\n')
    assert read_variant(tmp_path / "other.toml") == Variant("x", {}, "because")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nam = 'x'", "did you mean 'name'"),
        ("config = 3", "table of settings"),
        ("name = 'Two Words'", "no name of a variant"),
        ("[[", "not valid TOML"),
    ],
)
def test_a_file_that_is_no_variant_is_refused(tmp_path: Path, text: str, said: str):
    (tmp_path / "v.toml").write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_variant(tmp_path / "v.toml")
