"""The evenings of a replay: what each night of the past would have planned on but the stock."""

from __future__ import annotations

import pickle
import zlib
from dataclasses import dataclass, replace

from experiments.replay.tables import ReplayTables
from pipelines.assemble import Situation
from pipelines.config import Config
from pipelines.night.blocks import BlockRun, forecast_in_blocks
from pipelines.night.engine import Engine
from pipelines.night.events import quiet
from pipelines.night.foresee import said
from pipelines.night.inputs import config_text
from pipelines.night.planning import Planning
from pipelines.store.files import digest
from stockwright.calendar import Dates
from stockwright.errors import FitError
from stockwright.forecast import Forecast

# Sections that decide on stock alone, see ``forecast_key``.
_POLICY = (
    *("service", "grades", "budget", "cash", "allocation", "transfers", "receiving", "tiers"),
    *("clearance", "pulse", "output", "block_size"),
)


def forecast_key(config: Config) -> str:
    """Digest of the settings that can change a forecast: arms that share it share forecasts."""
    shared = {name: getattr(Config(), name) for name in _POLICY}
    model = config.model.model_copy(update={"paths": Config().model.paths, "refit": "nightly"})
    return digest(config_text(config.model_copy(update={**shared, "model": model})))


@dataclass(frozen=True)
class Packed:
    """Evenings as they are kept: a fifth of their size."""

    content: bytes

    @classmethod
    def of(cls, evenings: tuple[Planning, ...]) -> Packed:
        """Some evenings, packed."""
        return cls(zlib.compress(pickle.dumps(evenings, protocol=5), level=1))

    def evenings(self) -> tuple[Planning, ...]:
        """The evenings again."""
        found: tuple[Planning, ...] = pickle.loads(zlib.decompress(self.content))
        return found


def fitted_block(tables: ReplayTables, config: Config, dates: Dates) -> tuple[Planning, ...]:
    """The evenings of ``dates`` with a model that is fitted on the first of them.

    Where the fit fails, the substitute of the night runs. Raises DataError.
    """
    engine = Engine(1)
    content = b""
    found = []
    for situation in tables.evenings(config, dates):
        content = content or _fitted(engine, situation, config)
        forecast = _forecast(engine, content, situation, config)
        found.append(_slim(engine.planning(situation, forecast, config)))
    return tuple(found)


def replanned_block(
    tables: ReplayTables, config: Config, dates: Dates, other: tuple[Planning, ...]
) -> tuple[Planning, ...]:
    """The same evenings under other settings that leave the forecasts as they are."""
    engine = Engine(1)
    situations = tables.evenings(config, dates)
    return tuple(
        _slim(engine.planning(situation, evening.forecast, config))
        for situation, evening in zip(situations, other, strict=True)
    )


def _fitted(engine: Engine, situation: Situation, config: Config) -> bytes:
    try:
        return engine.fit(situation, config)
    except FitError:
        return engine.substitute(situation, config)


def _forecast(engine: Engine, content: bytes, situation: Situation, config: Config) -> Forecast:
    """The forecast as the night uses it: with what is given, promised and said."""
    panel = situation.panel
    run = BlockRun(config.block_size, 1, config.gates.failed_series_share)
    predict = engine.predictor(content, panel, parts=False)
    forecast, _ = forecast_in_blocks(predict, panel, panel.horizon, run, quiet)
    return said(situation, forecast)


def _slim(planning: Planning) -> Planning:
    """Without the names that no plan reads, and for lines alone, all that a replay reads."""
    lanes = planning.network.lanes
    nameless = replace(lanes, supplier_sku=("",) * len(lanes))
    network = replace(planning.network, lanes=nameless)
    return replace(planning, network=network, params=replace(planning.params, lines_only=True))
