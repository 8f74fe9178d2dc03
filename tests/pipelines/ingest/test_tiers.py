"""Tiers that the configuration names must be tiers of locations."""

import pytest

from stockwright.errors import ConfigError

SALES = "date,sku,location,units\n2026-11-20,a,East,3\n"


@pytest.mark.parametrize("section", ["tiers", "service.tier"])
def test_a_tier_that_no_location_has_is_refused_with_the_nearest(shop, section):
    shop.write("sales.csv", SALES)
    shop.write("locations.csv", "location,tier\nEast,core\nWest,remote\n")
    with pytest.raises(ConfigError, match=rf"{section}\.remotte: .*did you mean 'remote'"):
        shop.read(**settings_of(section, "remotte"))
    shop.read(**settings_of(section, "remote"))


def test_without_locations_there_is_no_tier(shop):
    shop.write("sales.csv", SALES)
    with pytest.raises(ConfigError, match="known: none"):
        shop.read(**settings_of("tiers", "core"))


def settings_of(section, name):
    if section == "tiers":
        return {"tiers": {name: {"shortage": 2.0}}}
    return {"service": {"tier": {name: 0.9}}}
