"""Settings of clearance that cannot work together are refused at once."""

from __future__ import annotations

import pytest

from pipelines.config.load import config_from
from replenishment.clearance.slow_grades import SlowGradeParams
from stockwright.errors import ConfigError


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"ladder": [0.3, 0.2]}, "each discount must be larger"),
        ({"ladder": []}, "at least 1"),
        ({"ladder": [0.0, 0.2]}, "greater than 0"),
        ({"weeks": 12}, "90 days are more than 12 weeks; set weeks to 13 or more"),
        ({"weeks": 1}, "more than 1 week; .* or cover_days and each of cover to 7 or less"),
        ({"cover": {"B": 120.0}}, "120 days are more than 13 weeks"),
        ({"cover": {"D": 60.0}}, "clearance.cover.D"),
        ({"grades": {"sell_through": [0.2, 0.5, 0.7]}}, "sell_through and margin must fall"),
        ({"grades": {"s": 2.0}}, "points must fall"),
        ({"salvage": 0.2}, "did you mean 'salvage_share'"),
    ],
)
def test_a_setting_that_cannot_be_is_named(settings, what) -> None:
    with pytest.raises(ConfigError, match=what):
        config_from({"clearance": settings})


def test_the_defaults_of_the_configuration_are_those_of_the_grades() -> None:
    given = config_from({}).clearance.grades.model_dump()
    for name, value in given.items():
        own = getattr(SlowGradeParams(), name)
        assert (list(own) if isinstance(own, tuple) else own) == value


def test_one_week_is_enough_for_thresholds_within_it() -> None:
    settings = {"weeks": 1, "cover_days": 7.0, "cover": {}}
    assert config_from({"clearance": settings}).clearance.weeks == 1
