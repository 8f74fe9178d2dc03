"""A registered model as MLflow loads it: a table of sales in, a table of forecasts out."""

from __future__ import annotations

import json
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from pipelines.config import Config
    from stockwright.forecast import Forecast
    from stockwright.panel import DemandPanel

#: Files of a registered model: the bytes of the fit, and the configuration of its night.
MODEL, SETTINGS = "model.bin.z", "settings.json"
#: Columns of what goes in, the last of them optional, and levels of what comes out.
GIVEN = ("sku", "location", "date", "units", "in_stock")
LEVELS = {"q50": 0.5, "q80": 0.8, "q90": 0.9, "q95": 0.95, "q99": 0.99}


class LoadedModel:
    """A fitted model with the settings of the night that fitted it."""

    def __init__(self, content: bytes, config: Config) -> None:
        self._content, self._config = content, config

    def predict(self, frame: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Forecasts after the newest date of a history.

        frame: sku, location, date, units, and where it is known in_stock, the share of the selling
        time in [0, 1]. params: ``horizon``, periods ahead; 0: as the night had it. Returns sku,
        location, date (first day of the period), mean and the quantiles of LEVELS, in units.
        Raises DataError for a history that breaks the contract.
        """
        # The rooms take seconds to load, and are not needed where a model is only registered.
        from pipelines.night.engine import Engine

        horizon = int((params or {}).get("horizon", 0)) or None
        config = self._config
        if horizon is not None:
            config = config.model_copy(update={"horizon": horizon})
        with tempfile.TemporaryDirectory(prefix="stockwright-") as place:
            panel = _panel_of(frame, Path(place), config)
        steps = horizon or config.horizon_periods()
        forecast = Engine(1).predictor(self._content, panel)(panel)
        return _table(panel, forecast, min(steps, forecast.horizon))


def _load_pyfunc(path: str) -> LoadedModel:
    """Called by MLflow with the folder of the model's data."""
    from pipelines.config.load import config_from

    folder = Path(path)
    settings = json.loads((folder / SETTINGS).read_text("utf-8"))
    return LoadedModel(zlib.decompress((folder / MODEL).read_bytes()), config_from(settings))


def _panel_of(frame: pd.DataFrame, folder: Path, config: Config) -> DemandPanel:
    """The panel of a history, read as a night reads its tables."""
    from pipelines.night.engine import Engine

    sales = frame[[name for name in GIVEN[:-1] if name in frame]]
    sales.to_parquet(folder / "sales.parquet", index=False)
    keys = sales[["sku", "location"]].drop_duplicates()
    keys.assign(on_hand=0).to_parquet(folder / "inventory.parquet", index=False)
    if "in_stock" in frame and frame["in_stock"].notna().any():
        known = frame[frame["in_stock"].notna()][["sku", "location", "date", "in_stock"]]
        known.to_parquet(folder / "availability.parquet", index=False)
    newest = np.datetime64(pd.to_datetime(sales["date"]).max(), "D")
    plain = config.model_copy(update={"map": {}, "values": {}, "preset": None})
    engine = Engine(1)
    return engine.assemble(engine.read(str(folder), plain, newest), plain, newest, [], []).panel


def _table(panel: DemandPanel, forecast: Forecast, steps: int) -> pd.DataFrame:
    n = forecast.index.n_series
    quantiles = forecast.quantile(tuple(LEVELS.values()))[:, :steps]
    return pd.DataFrame(
        {
            "sku": np.repeat(forecast.index.sku_names(), steps).astype(str),
            "location": np.repeat(forecast.index.location_names(), steps).astype(str),
            "date": np.tile(panel.calendar.dates(forecast.origin + 1, steps), n),
            "mean": forecast.expected[:, :steps].ravel().astype(np.float64),
            **{name: quantiles[:, :, place].ravel() for place, name in enumerate(LEVELS)},
        }
    )
