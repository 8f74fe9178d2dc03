"""Files of scenarios: what they hold, and every problem of one at once."""

from pathlib import Path

import pytest

from experiments.whatif.scenario import DemandChange, read_scenario
from stockwright.errors import ConfigError


def test_a_file_has_its_own_name_unless_it_says_another(tmp_path: Path):
    (tmp_path / "bigger.toml").write_text("[[demand]]\nfactor = 3.0\nstart = 2025-11-01\n")
    found = read_scenario(tmp_path / "bigger.toml")
    assert found.name == "bigger"
    assert isinstance(found.demand[0], DemandChange)
    assert str(found.demand[0].start) == "2025-11-01"


def test_every_problem_of_a_file_is_listed(tmp_path: Path):
    (tmp_path / "wrong.toml").write_text(
        "[[demand]]\nfaktor = 3.0\n[[outage]]\nparty = 'V001'\ndays = 0\n[[events]]\nevent = 'x'\n"
    )
    with pytest.raises(ConfigError) as caught:
        read_scenario(tmp_path / "wrong.toml")
    for said in ("did you mean 'factor'", "outage.0.days", "did you mean 'event'"):
        assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("why = 'none'\n", "changes nothing"),
        ("[[capacity]]\nlocation = 'east'\n", "a location has inbound, outbound or storage"),
        ("[[capacity]]\ninbound = 0.5\n", "give a location or a source"),
        ("[[", "not valid TOML"),
    ],
)
def test_a_file_that_is_no_scenario_is_refused(tmp_path: Path, text: str, said: str):
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_scenario(tmp_path / "s.toml")
