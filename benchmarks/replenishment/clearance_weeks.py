"""Sundays of the demo shop for replays of clearance: each as the night sees it, kept in a cache.

Situation, forecast, life stages and price response of every seventh evening, from the recorded
sales up to it. The model is fitted every fourth of them. The forecast reaches as far as the plans
of clearance, 91 days.
"""

from __future__ import annotations

import copyreg
import hashlib
import pickle
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from demo_nights import DAY, ROOT, shop_folder, situation_of

from forecasting.elasticity.elasticity import learn_response
from forecasting.elasticity.params import ElasticityParams
from forecasting.life.life import LifeParams, life_stages
from forecasting.model import FittedModel, fit
from forecasting.params import ModelParams
from pipelines.assemble import Situation
from pipelines.demo import Truth
from stockwright.forecast import Forecast
from stockwright.life import LifeStages
from stockwright.price_response import PriceResponse

WEEK, FIT_EVERY, HORIZON = 7, 4, 91
_SOURCES = ("pipelines/demo", "pipelines/assemble", "forecasting", "features", "stockwright")
copyreg.pickle(MappingProxyType, lambda view: (dict, (dict(view),)))


@dataclass(frozen=True)
class Week:
    """The close of a Sunday; ``response`` is of the situation's series."""

    situation: Situation
    forecast: Forecast
    life: LifeStages
    response: PriceResponse


@dataclass(frozen=True)
class Weeks:
    """Sundays of one shop, a week apart; they are read one by one."""

    files: tuple[Path, ...]
    truth: Truth
    first: np.datetime64

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: int) -> Week:
        found: Week = pickle.loads(zlib.decompress(self.files[place].read_bytes()))
        return found

    def date(self, place: int) -> np.datetime64:
        """Of a Sunday."""
        return np.datetime64(self.first + DAY * WEEK * place)


def weeks_of(cache: Path, seed: int, skus: int, first: str, count: int) -> Weeks:
    """``count`` Sundays from ``first`` on, from the cache or made anew."""
    cache.mkdir(parents=True, exist_ok=True)
    folder, start = shop_folder(cache, seed, skus), np.datetime64(first)
    kept = cache / f"clearance-{_sources()}-{HORIZON}-{seed}-{skus}-{first}"
    kept.mkdir(exist_ok=True)
    files = tuple(kept / f"{place:02d}.pickle" for place in range(count))
    missing = [place for place, path in enumerate(files) if not path.exists()]
    if missing:
        first_fit = missing[0] // FIT_EVERY * FIT_EVERY
        for place, week in _made(folder, start, range(first_fit, count)):
            files[place].write_bytes(zlib.compress(pickle.dumps(week), 1))
    return Weeks(files, Truth.load(folder), start)


def _sources() -> str:
    """Hash of the code that a Sunday depends on."""
    text = hashlib.sha256()
    for place in _SOURCES:
        for path in sorted((ROOT / place).rglob("*.py")):
            if not path.name.startswith("clear"):
                text.update(path.read_bytes())
    return text.hexdigest()[:12]


def _made(folder: Path, first: np.datetime64, places: range) -> Iterator[tuple[int, Week]]:
    params = replace(ModelParams.for_period("day", HORIZON), country="CN", threads=1)
    fitted: FittedModel | None = None
    for place in places:
        situation = situation_of(folder, first + DAY * WEEK * place, HORIZON)
        panel = situation.panel
        if fitted is None or place % FIT_EVERY == 0:
            fitted = fit(panel, params)
            response = learn_response(panel, ElasticityParams.for_period("day")).response
        context = fitted.context(panel)
        forecast = situation.commitments.on(fitted.predict(panel, HORIZON, context))
        life, _ = life_stages(panel, context.groups, params.features(), LifeParams())
        if response.n_series != panel.n_series:
            response = learn_response(panel, ElasticityParams.for_period("day")).response
        yield place, Week(situation, replace(forecast, parts=None), life, response)
