"""Write the demo shop: the tables of the contract, and the truth beside them.

    python -c "from pathlib import Path; from pipelines.demo import write_demo; \
write_demo(Path('shop'), skus=200, days=400)"

The night of the shop is ``DEMO_LAST_DATE``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.demo import commitments, deliveries, flows, masters, position
from pipelines.demo.catalog import Items, SupplierTerms, make_items, make_suppliers
from pipelines.demo.demand import Cuts, make_cuts, make_streams, mean_on, price_on
from pipelines.demo.events import DayTable, day_number, make_days
from pipelines.demo.params import CALENDAR_START, DEMO_LAST_DATE, TRUTH_AHEAD, DemoParams
from pipelines.demo.stock import BURN_IN, StockRecord, return_lag, simulate
from pipelines.demo.truth import NOTICE, Truth, site_names, truth_folder
from stockwright.errors import ConfigError, DataError

_CHUNK = 64
_LEAST_DAYS = 60

CONFIG = """\
# The demo shop, which is synthetic. The night of its last date: --date {last}
period = "day"
horizon = 28
seed = {seed}

[calendar]
country = "CN"

[output]
language = "en"
"""

README = """\
{notice}

Written by: stockwright demo, {skus} SKUs, {days} days, seed {seed}.
The tables end on {last}; the night that goes with them is --date {last}.
What the tables do not tell (mean demand, elasticities, demand of later days) is in {truth}.
"""


def most_days() -> int:
    """The longest history that the shop's calendar allows."""
    return day_number(DEMO_LAST_DATE) - day_number(CALENDAR_START) - BURN_IN + 1


def write_demo(
    folder: Path, skus: int = 2000, days: int = 730, seed: int = 1, params: DemoParams | None = None
) -> None:
    """Write a synthetic shop of ``skus`` SKUs and ``days`` days that end on DEMO_LAST_DATE.

    The same arguments give the same bytes. A SKU sells the same whatever the number of SKUs and
    days. Raises ConfigError for sizes out of range, DataError where ``folder`` holds files.
    """
    _check(folder, skus, days, seed)
    shop = make_shop(skus, days, seed, params or DemoParams())
    items, terms, table, record = shop.items, shop.terms, shop.table, shop.record
    first, last = record.first_day, record.first_day + days - 1
    truth = shop.truth(seed)
    promised = commitments.commitments(items, table, truth, record, seed)
    folder.mkdir(parents=True, exist_ok=True)
    _write_flows(folder, shop, seed)
    small = {
        "products": masters.products(items, seed),
        "locations": masters.locations(),
        "coverage": masters.coverage(),
        "suppliers": masters.suppliers(terms),
        "lanes": masters.lanes(items, terms, seed),
        "events": masters.events(table, first, last),
        "prices": masters.prices(items, shop.cuts, first, last),
        "inventory": position.inventory(items, record, seed),
        "inbound": position.inbound(items, terms, record),
        "receipts": deliveries.receipts(items, terms, record, seed),
        "closures": deliveries.closures(terms, seed, last),
        "commitments": promised[list(commitments.COLUMNS)],
    }
    _write_small(folder, small, skus, days, seed)
    truth.save(folder)
    promised.to_parquet(truth_folder(folder) / "commitments.parquet", index=False)


@dataclass(frozen=True)
class Shop:
    """The whole shop in memory.

    mean: (days, skus, regional) and price: (days, skus), from BURN_IN days before the record to
    TRUTH_AHEAD days after it. demand: (days, skus, regional), to the end of the record.
    """

    items: Items
    terms: SupplierTerms
    table: DayTable
    cuts: Cuts
    mean: NDArray[np.float32]
    price: NDArray[np.float32]
    demand: NDArray[np.int32]
    record: StockRecord
    params: DemoParams

    def truth(self, seed: int) -> Truth:
        """What the tables do not tell."""
        items = self.items
        return Truth(
            seed=seed,
            shock=self.params.shock,
            first_date=np.datetime64(self.record.first_day, "D"),
            skus=items.sku,
            locations=site_names(),
            elasticity=items.elasticity,
            list_price=items.price,
            alpha=items.alpha,
            lump=items.lump,
            means=self.mean[BURN_IN:],
            prices=self.price[BURN_IN:],
        )


def make_shop(skus: int, days: int, seed: int, params: DemoParams) -> Shop:
    """Draw the SKUs and their demand, and run the shop's stock over it."""
    items, table = make_items(skus, seed, params), make_days()
    terms = make_suppliers(seed, params)
    cuts = make_cuts(items, table, seed, params)
    last = day_number(DEMO_LAST_DATE)
    span = np.arange(last - days + 1 - BURN_IN, last + TRUTH_AHEAD + 1)
    mean = np.empty((len(span), skus, len(site_names())), np.float32)
    price = np.empty((len(span), skus), np.float32)
    for start in range(0, len(span), _CHUNK):
        part = slice(start, start + _CHUNK)
        planned = price_on(items, table, cuts, span[part])
        price[part] = planned
        mean[part] = mean_on(items, table, planned, seed, params, span[part])
    streams = make_streams(items.key, items.alpha, items.lump, seed, params.shock)
    demand = np.empty((days + BURN_IN, *mean.shape[1:]), np.int32)
    for start in range(0, len(demand), _CHUNK):
        part = slice(start, min(start + _CHUNK, len(demand)))
        demand[part] = streams.demand_on(span[part], mean[part])
    record = simulate(items, terms, mean, demand, int(span[0]), seed, params)
    return Shop(items, terms, table, cuts, mean, price, demand, record, params)


def _check(folder: Path, skus: int, days: int, seed: int) -> None:
    wrong = []
    if not 1 <= skus <= 999_999:
        wrong.append(f"skus {skus}: give 1 to 999,999")
    if not _LEAST_DAYS <= days <= most_days():
        wrong.append(f"days {days}: give {_LEAST_DAYS} to {most_days()}")
    if seed < 0:
        wrong.append(f"seed {seed}: give 0 or more")
    if wrong:
        raise ConfigError("the demo shop cannot be made: " + "; ".join(wrong))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder} is not an empty folder; name a new one for the demo shop")


def _write_flows(folder: Path, shop: Shop, seed: int) -> None:
    items, record, price = shop.items, shop.record, shop.price[: len(shop.demand)]
    lag, days = return_lag(items, seed), len(record.sold)
    flows.write_parts(
        folder / "sales.parquet",
        days,
        lambda part: flows.sale_table(items, record, price, lag, part, seed),
    )
    flows.write_parts(
        folder / "availability.parquet",
        days,
        lambda part: flows.availability_table(items, record, part),
    )


def _write_small(
    folder: Path, tables: dict[str, pd.DataFrame], skus: int, days: int, seed: int
) -> None:
    for name, rows in tables.items():
        rows.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    last = str(DEMO_LAST_DATE)
    text = README.format(
        notice=NOTICE, skus=skus, days=days, seed=seed, last=last, truth=truth_folder(folder).name
    )
    (folder / "README.txt").write_text(text, "utf-8")
    (folder / "stockwright.toml").write_text(CONFIG.format(last=last, seed=seed), "utf-8")
