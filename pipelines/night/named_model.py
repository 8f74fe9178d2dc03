"""A model that the configuration names, held to what the night needs of one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipelines.config.named_model import named_model
from stockwright.demand_model import Predict, predictor_of
from stockwright.errors import DataError, FitError, StockwrightError
from stockwright.forecast import Forecast
from stockwright.panel import DemandPanel, SeriesIndex

_MAGIC = b"stockwright named model 1\n"


@dataclass(frozen=True)
class NamedModel:
    """A ``DemandModel`` whose content names the class that reads it, so that it forecasts wherever
    that class can be imported.

    use: "module:Class". settings: keywords of its constructor.
    """

    use: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, content: bytes) -> NamedModel | None:
        """The model that wrote ``content``; None where it was ours."""
        if not content.startswith(_MAGIC):
            return None
        return cls(**json.loads(_parts(content)[0]))

    def fit(self, panel: DemandPanel) -> bytes:
        """Fit the class to a panel. Raises FitError for whatever it raises."""
        model = named_model(self.use, self.settings)
        with self._named(FitError):
            content: object = model.fit(panel)
        if not isinstance(content, bytes):
            raise FitError(f"{self.use}.fit gave {type(content).__name__}, not bytes")
        card = json.dumps({"settings": dict(self.settings), "use": self.use}, sort_keys=True)
        return b"".join([_MAGIC, card.encode(), b"\n", content])

    def predict(self, content: bytes, panel: DemandPanel, horizon: int) -> Forecast:
        """Forecast a panel. Raises DataError that names the class where it is not right."""
        model = named_model(self.use, self.settings)
        with self._named(DataError):
            found = model.predict(_parts(content)[1], panel, horizon)
            return self._held(found, panel, horizon)

    def predictor(self, content: bytes, panel: DemandPanel) -> Predict:
        """Forecasts of blocks of a panel over its horizon, each held to the protocol."""
        model = named_model(self.use, self.settings)
        with self._named(DataError):
            inner = predictor_of(model, _parts(content)[1], panel)

        def predict(block: DemandPanel) -> Forecast:
            with self._named(DataError):
                return self._held(inner(block), block, panel.horizon)

        return predict

    @contextmanager
    def _named(self, kind: type[StockwrightError]) -> Iterator[None]:
        """Whatever the class raises, as an error that names it."""
        try:
            yield
        except MemoryError:
            raise
        except StockwrightError as error:
            raise kind(f"{self.use}: {error}") from error
        except Exception as error:
            raise kind(f"{self.use} raised {type(error).__name__}: {error}") from error

    def _held(self, found: object, panel: DemandPanel, horizon: int) -> Forecast:
        if not isinstance(found, Forecast):
            raise DataError(f"predict gave {type(found).__name__}, not a Forecast")
        if found.horizon != horizon or found.origin != panel.origin:
            raise DataError(
                f"a forecast of {found.horizon} steps after period {found.origin}, asked were "
                f"{horizon} after {panel.origin}"
            )
        if not _same(found.index, panel.index):
            raise DataError("a forecast of other series than those asked for")
        return found


def _same(one: SeriesIndex, other: SeriesIndex) -> bool:
    if one is other:
        return True
    return one.n_series == other.n_series and np.array_equal(one.key_hash(), other.key_hash())


def _parts(content: bytes) -> tuple[str, bytes]:
    """The card and what the class wrote. Raises DataError for anything else."""
    if not content.startswith(_MAGIC):
        raise DataError("the stored model is of no class that [model] use could name")
    card, _, rest = content[len(_MAGIC) :].partition(b"\n")
    return card.decode(), rest
