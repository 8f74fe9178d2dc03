"""Festivals: which a country has, how a user's file changes them, and what is refused."""

from pathlib import Path

import pytest

from pipelines.config import load_config
from pipelines.config.festivals import Festival, festivals_of, read_festivals
from stockwright.errors import ConfigError

OWN = """
[[festival]]
name = "anniversary"
month = 9
day = 12
phases = { warmup = [-5, -1], burst = [0, 2] }

[[festival]]
name = "618"
"""


def names(country: str, own: list[Festival] | None = None) -> set[str]:
    return {each.name for each in festivals_of(country, own or [])}


def test_a_country_has_its_own_festivals_only() -> None:
    assert {"618", "double11", "double12", "womens_day", "new_year_goods"} == names("CN")
    assert names("GB") == {"black_friday", "cyber_monday"}
    assert names("") == set()


def test_a_file_beside_the_configuration_adds_and_replaces(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(OWN.replace('618"', '618"\nmonth = 6\nday = 18'), "utf-8")
    (tmp_path / "stockwright.toml").write_text('calendar.festivals = "my.toml"\n', "utf-8")
    calendar = load_config(folder=tmp_path).calendar
    found = {each.name: each for each in festivals_of("CN", calendar.festival)}
    assert found["anniversary"].phases == {"warmup": (-5, -1), "burst": (0, 2)}
    assert found["618"].phases == {}
    assert "double11" in found


def test_a_festival_can_stand_in_the_configuration_itself(tmp_path: Path) -> None:
    text = '[[calendar.festival]]\nname = "a"\nmonth = 1\nday = 2\nphases = { burst = [0, 0] }\n'
    (tmp_path / "stockwright.toml").write_text(text, "utf-8")
    assert [each.name for each in load_config(folder=tmp_path).calendar.festival] == ["a"]


def test_every_problem_of_a_file_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text(
        OWN
        + '[[festival]]\nname = "anniversary"\nmonth = 13\nday = 1\n'
        + '[[festival]]\nname = "x"\nmonth = 1\nday = 1\nphases = { burst = [2, 1] }\n',
        "utf-8",
    )
    with pytest.raises(ConfigError) as caught:
        read_festivals(path)
    text = str(caught.value)
    for part in ("my.toml", "festival 2", "lunar_month", "festival 3 month", "phases end before"):
        assert part in text


def test_a_missing_file_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "stockwright.toml").write_text('calendar.festivals = "no.toml"\n', "utf-8")
    with pytest.raises(ConfigError, match=r"calendar\.festivals .*no\.toml"):
        load_config(folder=tmp_path)


def test_an_unknown_key_of_a_festival_in_the_configuration_is_named(tmp_path: Path) -> None:
    text = '[[calendar.festival]]\nname = "a"\nmonth = 1\ndya = 2\n'
    (tmp_path / "stockwright.toml").write_text(text, "utf-8")
    with pytest.raises(ConfigError, match="dya: unknown key; did you mean 'day'"):
        load_config(folder=tmp_path)


@pytest.mark.parametrize(("month", "day"), [(11, 31), (2, 30)])
def test_a_day_that_no_year_has_is_refused_in_plain_words(tmp_path: Path, month, day) -> None:
    entry = f'name = "a"\nmonth = {month}\nday = {day}\n'
    path = tmp_path / "my.toml"
    path.write_text(f"[[festival]]\n{entry}", "utf-8")
    with pytest.raises(ConfigError, match=f"festival 1: month {month} has no day {day}"):
        read_festivals(path)
    (tmp_path / "stockwright.toml").write_text(f"[[calendar.festival]]\n{entry}", "utf-8")
    with pytest.raises(ConfigError, match=f"festival.0: month {month} has no day {day}"):
        load_config(folder=tmp_path)


def test_the_29_of_february_is_a_day() -> None:
    assert Festival(name="leap", month=2, day=29).day == 29
