"""Fitted models, kept from night to night."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from pipelines.store.files import sha256_of, written_whole
from stockwright.calendar import period_start

_BYTES, _CARD = "model.bin", "model.json"


@dataclass(frozen=True)
class StoredModel:
    """A fitted model as bytes.

    fitted_on: the date of the night that fitted it. recipe: digest of all that decides what a
    model is apart from the data: code version and parameters.
    """

    fitted_on: np.datetime64
    recipe: str
    content: bytes


class ModelStore(Protocol):
    """Where fitted models stand between nights."""

    def find(self, recipe: str, first: np.datetime64, before: np.datetime64) -> StoredModel | None:
        """The newest model of a recipe fitted on ``first`` or later and before ``before``."""

    def put(self, model: StoredModel) -> None:
        """Keep a model; the same date and recipe replace what was kept before."""


class FolderModelStore:
    """Models as files: ``<date>-<recipe>/model.bin`` beside a card with its hash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, recipe: str, first: np.datetime64, before: np.datetime64) -> StoredModel | None:
        """The newest whole model of the recipe in [first, before), None where there is none."""
        for place in sorted(self._folder.glob(f"*-{recipe[:16]}"), reverse=True):
            date = np.datetime64(place.name[:10], "D")
            if first <= date < before and _whole(place):
                return StoredModel(date, recipe, (place / _BYTES).read_bytes())
        return None

    def put(self, model: StoredModel) -> None:
        """Write a model and then its card, without which it does not count. Raises OSError."""
        place = self._folder / f"{model.fitted_on}-{model.recipe[:16]}"
        place.mkdir(parents=True, exist_ok=True)
        with written_whole(place / _BYTES) as file:
            file.write(model.content)
        card = {
            "fitted_on": str(model.fitted_on),
            "recipe": model.recipe,
            "sha256": sha256_of(place / _BYTES),
        }
        with written_whole(place / _CARD) as file:
            file.write(json.dumps(card, indent=2).encode())

    def keep_newest(self, count: int, recipes: int = 1) -> None:
        """Remove all but the newest ``count`` models of each of the ``recipes`` fitted last."""
        places = sorted(self._folder.glob("????-??-??-*"), reverse=True)
        kept: dict[str, int] = {}
        for place in places:
            recipe = place.name[11:]
            if recipe in kept or len(kept) < recipes:
                kept[recipe] = kept.get(recipe, 0) + 1
            if kept.get(recipe, count + 1) > count:
                shutil.rmtree(place, ignore_errors=True)


def _whole(place: Path) -> bool:
    card, content = place / _CARD, place / _BYTES
    if not (card.is_file() and content.is_file()):
        return False
    return bool(json.loads(card.read_text("utf-8"))["sha256"] == sha256_of(content))


def refit_since(date: np.datetime64, refit: str) -> np.datetime64:
    """First date whose model a night of ``date`` may still use: decided by dates alone.

    "nightly": the date itself, so none; "weekly": the Monday of its week; "monthly": the first
    of its month.
    """
    if refit == "weekly":
        return period_start(date, "week")
    if refit == "monthly":
        first: np.datetime64 = date.astype("datetime64[M]").astype("datetime64[D]")
        return first
    return date
