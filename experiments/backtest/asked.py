"""A request with all that it asks for looked up in the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.backtest.origins import end_of_sales, origins_of
from experiments.backtest.request import BacktestRequest
from experiments.record import folder_of
from experiments.shop import Shop
from pipelines.config import Config
from pipelines.config.variant import Variant
from pipelines.ingest.unseen import dates_of
from stockwright.errors import ConfigError, describe


@dataclass(frozen=True)
class Backtest:
    """A request with all that it asks for looked up.

    shop: as it stands. shops: one for each variant. end: date to which demand is known. dates: of
    the origins.
    """

    request: BacktestRequest
    shop: Shop
    shops: tuple[Shop, ...]
    end: np.datetime64
    dates: tuple[np.datetime64, ...]
    folder: Path

    @property
    def every(self) -> int:
        """Periods from one origin to the next."""
        return max(self.request.every // (7 if self.shops[0].config.period == "week" else 1), 1)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variants."""
        return tuple(variant.name for variant in self.request.variants)


def opened(request: BacktestRequest, shop: Shop | None = None) -> Backtest:
    """Look up what a request asks for. shop: what it names, where that was opened before.

    Raises ConfigError, as where a variant forecasts other periods than the rest; DataError.
    """
    shop = shop or Shop.open(request.data, request.config)
    if request.horizon is not None:
        shop = shop.under(Variant("horizon", {"horizon": request.horizon}))
    shops = tuple(shop.under(variant) for variant in request.variants)
    configs = {one.name: each.config for one, each in zip(request.variants, shops, strict=True)}
    check_periods(shop.config.period, shops[0].config.horizon_periods(), configs)
    sales = pd.DataFrame({"date": dates_of(shop.source, shop.config, "sales", "date")})
    end = end_of_sales(sales, shop.config)
    first = sales["date"].to_numpy().min().astype("datetime64[D]")
    dates = origins_of(end, first, shop.config, request.origins, request.every, request.last)
    asked = [str(end), str(request.every), str(request.series), *map(str, dates)]
    names = [variant.name for variant in request.variants]
    keys = [each.key(name) for each, name in zip(shops, names, strict=True)]
    key = shop.key("backtest", *asked, *keys)
    folder = folder_of(request.out, "backtest", "-vs-".join(names)[:80], key)
    return Backtest(request, shop, shops, end, tuple(dates), folder)


def check_periods(period: str, horizon: int, configs: Mapping[str, Config]) -> None:
    """Raise ConfigError where one of ``configs``, by name, has another period than ``period`` or
    forecasts another number of them than ``horizon``, which nothing can be held against.
    """
    others = [
        f"{name} ({each.horizon_periods()} periods of a {each.period})"
        for name, each in configs.items()
        if (each.period, each.horizon_periods()) != (period, horizon)
    ]
    if others:
        raise ConfigError(
            describe(
                f"variants that do not forecast {horizon} periods of a {period} like the rest",
                others,
                "leave period and horizon out of variants and set them in the configuration",
            )
        )
