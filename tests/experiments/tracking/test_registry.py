"""Which model of a published run is registered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.tracking.registry import fitted_in
from pipelines.night.layout import RunsFolder
from pipelines.store.files import digest

MODEL = b"a model"


@pytest.mark.parametrize(
    ("substitutes", "found"),
    [
        ([], MODEL),
        (["forecast of category toys: it has drifted"], MODEL),
        (["forecast of all all: it has drifted", "fit: nothing to learn from"], None),
    ],
)
def test_a_forecast_that_fell_back_leaves_the_fit_of_the_night_what_it_is(
    tmp_path: Path, substitutes: list[str], found: bytes | None
) -> None:
    run, kept = tmp_path / "2026-11-20" / "run", RunsFolder(tmp_path).models / "2026-11-20-recipe"
    for folder in (run, kept):
        folder.mkdir(parents=True)
    (kept / "model.bin").write_bytes(MODEL)
    card = {"fitted_on": "2026-11-20", "recipe": "recipe", "version": digest(MODEL)[:16]}
    manifest = {"date": "2026-11-20", "model": card, "substitutes": substitutes}
    (run / "manifest.json").write_text(json.dumps(manifest))
    assert fitted_in(run) == found
