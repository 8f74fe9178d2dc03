"""Which model forecasts tonight: a stored one, one fitted now, or the substitute."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.night.code_version import code_version
from pipelines.night.events import Event, Observer
from pipelines.night.rooms import Rooms
from pipelines.night.steps import StepRunner
from pipelines.store.files import digest
from pipelines.store.models import ModelStore, StoredModel, refit_since
from stockwright.errors import FitError

if TYPE_CHECKING:
    from pipelines.assemble import Situation
    from pipelines.config import Config


@dataclass(frozen=True)
class Fitted:
    """A model, whether it was fitted on an earlier night, and the fault it stands in for."""

    model: StoredModel
    reused: bool = False
    fault: str = ""


def fit_or_reuse(
    steps: StepRunner,
    rooms: Rooms,
    store: ModelStore,
    situation: Situation,
    config: Config,
    observe: Observer,
) -> Fitted:
    """The step "fit".

    A stored model is used where it was fitted with the same recipe on an earlier date that
    ``[model] refit`` still allows, so that dates alone decide. Where the fit fails, the
    substitute runs and the fault is kept; such a model is never stored.
    """
    recipe = recipe_of(config)
    first = refit_since(situation.as_of, config.model.refit)
    stored = store.find(recipe, first, situation.as_of)
    if stored is not None:
        found = Fitted(stored, reused=True)
        return steps.run("fit", lambda: found, digest(stored.content))

    def fit() -> Fitted:
        try:
            return Fitted(StoredModel(situation.as_of, recipe, rooms.fit(situation, config)))
        except FitError as error:
            observe(Event("warning", "fit", f"the fit failed, its substitute runs: {error}"))
            content = rooms.substitute(situation, config)
            return Fitted(StoredModel(situation.as_of, recipe, content), fault=str(error))

    return steps.run("fit", fit)


def recipe_of(config: Config) -> str:
    """Digest of what a stored model must share with tonight: the code and its parameters."""
    parameters = config.model.model_dump(mode="json", exclude={"refit"})
    decisive = [parameters, config.seed, config.period, config.calendar.model_dump(mode="json")]
    return digest(code_version(), json.dumps(decisive, sort_keys=True))
