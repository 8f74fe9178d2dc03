"""Channels that the configuration opens to grades must be channels that sell slow stock."""

import pytest

from stockwright.errors import ConfigError

SALES = "date,sku,location,units\n2026-11-20,a,East,3\n"
CHANNELS = "channel,share,clearance_cost\nlive,0.5,2\noutlet,,1\nshop,0.5,\n"


@pytest.mark.parametrize(
    ("name", "advice"),
    [("lvie", "did you mean 'live'"), ("xx", "known: live, outlet"), ("shop", "known: ")],
)
def test_a_channel_that_sells_no_slow_stock_is_refused(shop, name, advice):
    shop.write("sales.csv", SALES)
    shop.write("channels.csv", CHANNELS)
    with pytest.raises(ConfigError, match=rf"clearance\.channels\.{name}: .*{advice}"):
        shop.read(clearance={"channels": {name: "SA"}})
    shop.read(clearance={"channels": {"live": "SA"}})


def test_without_channels_there_is_none_to_open(shop):
    shop.write("sales.csv", SALES)
    with pytest.raises(ConfigError, match="known: none"):
        shop.read(clearance={"channels": {"live": "S"}})
