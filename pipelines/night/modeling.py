"""Which model forecasts tonight: a stored one, one fitted now, or the substitute."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.night.code_version import code_version
from pipelines.night.events import Event, Observer
from pipelines.night.rooms import Rooms
from pipelines.night.steps import StepRunner
from pipelines.store.files import digest
from pipelines.store.models import ModelStore, StoredModel, refit_since
from stockwright.errors import FitError

if TYPE_CHECKING:
    from forecasting.drift import Drift
    from pipelines.assemble import Situation
    from pipelines.config import Config


@dataclass(frozen=True)
class Fitted:
    """A model, whether it was fitted on an earlier night, and the fault it stands in for.

    drift: how a stored model was found to do; where it had drifted, ``model`` is a new one.
    """

    model: StoredModel
    reused: bool = False
    fault: str = ""
    drift: Drift | None = None

    def card(self) -> dict[str, Any]:
        """What the manifest says of the model."""
        card: dict[str, Any] = {
            "version": digest(self.model.content)[:16],
            "fitted_on": str(self.model.fitted_on),
            "recipe": self.model.recipe[:16],
        }
        return card | ({"drift": self.drift.to_dict()} if self.drift else {})


def fit_or_reuse(
    steps: StepRunner,
    rooms: Rooms,
    store: ModelStore,
    situation: Situation,
    config: Config,
    observe: Observer,
    step: str = "fit",
) -> Fitted:
    """The step "fit", or one of another name that fits for a version of the configuration.

    A stored model is used where it was fitted with the same recipe on an earlier date that
    ``[model] refit`` still allows, unless the demand since then has left it, or tonight's watch has
    an alert that began after its fit; dates and data alone decide. Where that cannot be told, the
    stored model is used, with a warning. Where the fit fails, the substitute runs and the fault is
    kept; such a model is never stored.
    """
    recipe = recipe_of(config)
    first = refit_since(situation.as_of, config.model.refit)
    stored = store.find(recipe, first, situation.as_of)

    def fit() -> Fitted:
        found = None
        if stored is not None and not _asked_for(stored, situation, observe):
            found = _drift(rooms, stored, situation, config, observe)
            if found is None or not found.beyond(config.model.drift):
                return Fitted(stored, reused=True, drift=found)
        try:
            model = StoredModel(situation.as_of, recipe, rooms.fit(situation, config))
            return Fitted(model, drift=found)
        except FitError as error:
            observe(Event("warning", "fit", f"the fit failed, its substitute runs: {error}"))
            content = rooms.substitute(situation, config)
            model = StoredModel(situation.as_of, recipe, content)
            return Fitted(model, fault=str(error), drift=found)

    return steps.run(step, fit, recipe, *([digest(stored.content)] if stored else []))


def _asked_for(stored: StoredModel, situation: Situation, observe: Observer) -> bool:
    """Whether alerts of tonight's watch ask for a fit; a warning where they do."""
    alerts = situation.drift.refit(stored.fitted_on)
    if alerts:
        named = dict.fromkeys(f"{row.kind} {row.segment} ({row.measure})" for row in alerts)
        said = f"the model of {stored.fitted_on} is fitted anew: {', '.join([*named][:5])} drifted"
        observe(Event("warning", "fit", said))
    return bool(alerts)


def _drift(
    rooms: Rooms, stored: StoredModel, situation: Situation, config: Config, observe: Observer
) -> Drift | None:
    """How a stored model does; a warning where it has drifted, or where that cannot be told."""
    if config.model.drift <= 0:
        return None
    try:
        found = rooms.drift(stored.content, stored.fitted_on, situation, config)
    except FitError as error:
        said = f"the model of {stored.fitted_on} is used unchecked: {error}"
        observe(Event("warning", "fit", said))
        return None
    if found is not None and found.beyond(config.model.drift):
        said = (
            f"the model of {stored.fitted_on} is fitted anew: demand of the last {found.periods} "
            f"periods was {found.miss:+.1%} off its forecasts, {abs(found.score):.1f} times what "
            "is usual"
        )
        observe(Event("warning", "fit", said))
    return found


def recipe_of(config: Config) -> str:
    """Digest of what a stored model must share with tonight: the code and its parameters."""
    parameters = config.model.model_dump(mode="json", exclude={"refit", "drift"})
    decisive = [parameters, config.seed, config.period, config.calendar.model_dump(mode="json")]
    return digest(code_version(config.model.use), json.dumps(decisive, sort_keys=True))
