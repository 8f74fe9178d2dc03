"""The lineup of a night: which versions of the configuration are in force, and for which series."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipelines.assemble.segments import segment_names
from pipelines.night.events import Event, Observer
from pipelines.night.inputs import config_text
from pipelines.night.modeling import Fitted, fit_or_reuse, recipe_of
from pipelines.night.rooms import Rooms
from pipelines.night.steps import StepRunner
from pipelines.store.champions import BASE, ChampionFolder, Segment
from pipelines.store.files import digest, sha256_of
from pipelines.store.models import ModelStore
from stockwright.errors import ConfigError, StockwrightError
from stockwright.panel import SeriesIndex, mix_hash, text_hash

if TYPE_CHECKING:
    from pipelines.assemble import Situation
    from pipelines.config import Config

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class InForce:
    """A version that a night uses.

    config: the shop's configuration with its settings. segment: the only series that it forecasts,
    None for all. share: of their SKUs. copy: SHA-256 of the local file it came from, "" for base.
    fault: why it cannot be used, "" where it can; ``config`` is then the champion's.
    """

    version: str
    config: Config
    segment: Segment | None = None
    share: float = 1.0
    copy: str = ""
    fault: str = ""

    @property
    def name(self) -> str:
        """The version, and for what."""
        where = "" if self.segment is None else f" for {self.segment}"
        canary = "" if self.share == 1.0 else f" for {self.share:.1%} of the SKUs"
        return f"{self.version}{where}{canary}"

    def covers(self, situation: Situation) -> NDArray[np.bool_]:
        """(series,) whether it forecasts them."""
        index = situation.panel.index
        return _in_segment(self.segment, situation) & drawn(index, self.version, self.share)


@dataclass(frozen=True)
class Lineup:
    """champion: decides all of the night but what ``others`` forecast; of two of them that cover
    the same series the first one forecasts it.
    """

    champion: InForce
    others: tuple[InForce, ...] = ()

    def identity(self) -> str:
        """What decides a plan beside the champion's configuration; "" for the shop's own alone."""
        if self.is_base:
            return ""
        texts = [
            text
            for one in (self.champion, *self.others)
            for text in (one.name, config_text(one.config), *filter(None, [one.fault]))
        ]
        return digest("champions", *texts)

    @property
    def is_base(self) -> bool:
        """Whether the shop's own configuration alone is in force."""
        return self.champion.version == BASE and not self.others

    @property
    def said(self) -> str:
        """The versions in force, for a person; "" for the shop's own configuration alone."""
        return "" if self.is_base else ", ".join(v.name for v in (self.champion, *self.others))

    def codes(self, situation: Situation, fitted: tuple[Fitted, ...]) -> Codes:
        """(series,) place in ``others`` of the version that forecasts it, -1 for the champion.

        fitted: of ``others``; the series of one with a fault are the champion's.
        """
        codes = np.full(situation.panel.n_series, -1, np.int64)
        for place in reversed(range(len(self.others))):
            if not fitted[place].fault:
                codes[self.others[place].covers(situation)] = place
        return codes

    def cards(
        self, situation: Situation, champion: Fitted, fitted: tuple[Fitted, ...]
    ) -> list[dict[str, Any]]:
        """What the manifest says of each version: where it came from, its model, its series."""
        codes = self.codes(situation, fitted)
        versions = zip((self.champion, *self.others), (champion, *fitted), strict=True)
        return [
            {
                "version": one.version,
                "copy_sha256": one.copy,
                "segment": None if one.segment is None else str(one.segment),
                "canary_share": None if one.share == 1.0 else one.share,
                "series": int(np.count_nonzero(codes == place)),
                "series_share": round(float(np.mean(codes == place)), 6) if len(codes) else 0.0,
                "model": model.card(),
                "fault": model.fault,
            }
            for place, (one, model) in enumerate(versions, start=-1)
        ]

    def notes(self, situation: Situation, fitted: tuple[Fitted, ...]) -> tuple[str, ...]:
        """Sentences for the summary: which version forecasts how much."""
        if self.is_base:
            return ()
        codes = self.codes(situation, fitted)
        return tuple(
            f"version {one.name} forecasts {np.count_nonzero(codes == place)} of "
            f"{len(codes)} series"
            for place, one in enumerate((self.champion, *self.others), start=-1)
        )


def lineup_of(folder: ChampionFolder, shop: Config) -> Lineup:
    """The versions that decide now. shop: the shop's own configuration.

    Of a segment or canary such a fault is kept, and the champion stands in for it. Raises
    ConfigError where the state or the champion cannot be read, or does not fit the shop.
    """
    standing = folder.state().standing
    champion = in_force(folder, standing.champion, shop)
    held: list[tuple[str, Segment | None, float]] = [
        (one.version, one.segment, 1.0) for one in reversed(standing.segments)
    ]
    if (canary := standing.canary) is not None:
        held.insert(0, (canary.version, canary.segment, canary.share))
    others = []
    for version, segment, share in held:
        try:
            others.append(in_force(folder, version, shop, segment, share))
        except ConfigError as error:
            fault = str(error)
            others.append(InForce(version, champion.config, segment, share, fault=fault))
    return Lineup(champion, tuple(others))


def in_force(
    folder: ChampionFolder,
    version: str,
    shop: Config,
    segment: Segment | None = None,
    share: float = 1.0,
) -> InForce:
    """A version with the shop's configuration under it. Raises ConfigError."""
    registered = folder.version(version)
    registered.check_source()
    config = registered.variant.of(shop)
    copy = "" if version == BASE else sha256_of(folder.version_file(version))
    return InForce(version, config, segment, share, copy)


def fit_lineup(
    steps: StepRunner,
    rooms: Rooms,
    store: ModelStore,
    situation: Situation,
    lineup: Lineup,
    observe: Observer,
) -> tuple[Fitted, tuple[Fitted, ...]]:
    """The model of the champion and those of the others; versions that share one fit it once.

    Where one of the others has none, its place holds the champion's with the fault.
    """
    made: dict[str, Fitted] = {}

    def fitted(one: InForce, step: str) -> Fitted:
        key = model_key(one.config)
        if key not in made:
            made[key] = fit_or_reuse(steps, rooms, store, situation, one.config, observe, step)
        return made[key]

    champion = fitted(lineup.champion, "fit")

    def other(one: InForce) -> Fitted:
        if one.fault:
            return stood_in(one, champion, one.fault, observe)
        try:
            found = fitted(one, f"fit {one.version}")
        except MemoryError:
            raise
        except Exception as error:
            return stood_in(one, champion, fault_of(error), observe)
        # The substitute of the champion is no fault of a version that shares its model.
        shared = found is champion or not found.fault
        return found if shared else stood_in(one, champion, found.fault, observe)

    return champion, tuple(other(one) for one in lineup.others)


def stood_in(one: InForce, champion: Fitted, fault: str, observe: Observer) -> Fitted:
    """The champion's model in the place of a version that has a fault, which is said."""
    said = f"version {one.name}: {fault}"
    observe(Event("warning", "champions", f"the champion forecasts the series of {said}"))
    return replace(champion, fault=said)


def fault_of(error: Exception) -> str:
    """What a person reads of an error that a version made."""
    known = isinstance(error, StockwrightError)
    return str(error) if known else f"{type(error).__name__}: {error}"


def model_key(config: Config) -> str:
    """What two configurations share whose models are the same on the same night."""
    return digest(recipe_of(config), config.model.refit, str(config.model.drift))


def drawn(index: SeriesIndex, version: str, share: float) -> NDArray[np.bool_]:
    """(series,) whether a canary of ``version`` takes it: a stable hash of SKU and version decides.

    All locations of a SKU go together; a larger share holds all of a smaller one.
    """
    if share == 1.0:
        return np.ones(index.n_series, np.bool_)
    hashes = mix_hash(text_hash(index.skus) ^ mix_hash(text_hash([version])))
    taken = hashes.astype(np.float64) < share * 2.0**64
    return np.asarray(taken[index.sku], np.bool_)


def _in_segment(segment: Segment | None, situation: Situation) -> NDArray[np.bool_]:
    index = situation.panel.index
    if segment is None:
        return np.ones(index.n_series, np.bool_)
    names = segment_names(index, situation.catalog)[segment.kind]
    return np.asarray(names == segment.name, np.bool_)
