from pathlib import Path

import pandas as pd
import pytest

from experiments.shop import Shop
from pipelines.demo import write_demo

_CHEAP = """
[model]
trees = 2
leaves = 4
max_rows = 1000
paths = 16
history_days = 240
methods = ["average_short"]

[calendar]
country = ""

[supply]
learn = false

[clearance]
use = false
"""


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A small demo shop, supplied within days, with a model that is fitted in a moment."""
    folder = tmp_path_factory.mktemp("replay") / "shop"
    write_demo(folder, skus=14, days=240, seed=2)
    lanes = pd.read_csv(folder / "lanes.csv", dtype=str, keep_default_na=False)
    bought = ~lanes["source"].isin(["central", "east", "south", "west"])
    quick = {"lead_time_days": "1", "review_days": "1", "moq": "0", "order_multiple": "1"}
    lanes.loc[bought, list(quick)] = list(quick.values())
    lanes.to_csv(folder / "lanes.csv", index=False)
    suppliers = pd.read_csv(folder / "suppliers.csv", dtype=str, keep_default_na=False)
    suppliers.assign(order_weekdays="").to_csv(folder / "suppliers.csv", index=False)
    cheap = folder.parent / "cheap.toml"
    Path(cheap).write_text(_CHEAP, "utf-8")
    return Shop.open(str(folder), cheap)
