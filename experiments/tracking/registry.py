"""The fitted model of a night in MLflow's registry: signature, exact versions, few bytes."""

from __future__ import annotations

import json
import platform
import re
import tempfile
import zlib
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from experiments.tracking.loaded import GIVEN, LEVELS, MODEL, SETTINGS
from pipelines.night.layout import RunsFolder
from pipelines.night.manifest import read_manifest
from pipelines.store.files import digest

_LOADER = "experiments.tracking.loaded"
_PACKAGE = "stockwright"
# Among the artifacts of a run.
_PLACE = "model"
_REQUIREMENTS, _ENVIRONMENT = "requirements.txt", "python_env.yaml"


def fitted_in(run: Path) -> bytes | None:
    """The model that a published run fitted itself; None where it used an earlier one or a
    substitute, or where the model is no longer kept.
    """
    manifest = read_manifest(run)
    card = manifest["model"]
    # Others than of a fit stand in for a forecast.
    failed = any(one.startswith("fit: ") for one in manifest["substitutes"])
    if card["fitted_on"] != manifest["date"] or failed:
        return None
    models = RunsFolder(run.parents[1]).models
    for file in models.glob(f"{card['fitted_on']}-{card['recipe']}*/model.bin"):
        content = file.read_bytes()
        if digest(content)[:16] == card["version"]:
            return content
    return None


def register(client: Any, run: str, content: bytes, folder: Path, name: str) -> dict[str, str]:
    """Log a model of a published run beside the run, and register it; tags that name it.

    run: MLflow's id of the run. folder: the published run. name: of the registered model.
    ``log_model`` would write the run's figures a second time, and takes a second to look for what
    the model may need, which is known.
    """
    manifest = read_manifest(folder)
    with tempfile.TemporaryDirectory(prefix="stockwright-") as place:
        _write(Path(place), content, manifest, run)
        client.log_artifacts(run, place, _PLACE)
    _version(client, run, name, manifest["model"])
    return {"stockwright.model": manifest["model"]["version"], "stockwright.model_name": name}


def _write(place: Path, content: bytes, manifest: Mapping[str, Any], run: str) -> None:
    """A model in MLflow's form: what it is, what it needs, and its data."""
    import mlflow.pyfunc
    from mlflow.models import Model

    data = place / "fit"
    data.mkdir()
    (data / MODEL).write_bytes(zlib.compress(content))
    (data / SETTINGS).write_text(json.dumps(_settings(manifest), ensure_ascii=False), "utf-8")
    (place / _REQUIREMENTS).write_text("\n".join(requirements()) + "\n", "utf-8")
    environment = [f"python: {platform.python_version()}", "build_dependencies: []"]
    environment += ["dependencies:", f"- -r {_REQUIREMENTS}"]
    (place / _ENVIRONMENT).write_text("\n".join(environment) + "\n", "utf-8")
    model = Model(artifact_path=_PLACE, run_id=run, signature=_signature())
    mlflow.pyfunc.add_to_model(model, _LOADER, data="fit", python_env=_ENVIRONMENT)
    model.save(str(place / "MLmodel"))


def _version(client: Any, run: str, name: str, card: Mapping[str, Any]) -> None:
    """A new version of the registered model, which is made where it is not there."""
    from mlflow.exceptions import MlflowException

    try:
        client.get_registered_model(name)
    except MlflowException:
        client.create_registered_model(name)
    tags = {"stockwright.model": card["version"], "fitted_on": card["fitted_on"]}
    client.create_model_version(name, f"runs:/{run}/{_PLACE}", run, tags=tags)


def _settings(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The night's configuration without what an input table or tracking would need."""
    aside = ("map", "values", "preset", "tracking")
    return {name: part for name, part in manifest["config"].items() if name not in aside}


def _signature() -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    kinds = ("string", "string", "datetime", "double", "double")
    given = [
        ColSpec(kind, name, required=name != GIVEN[-1])
        for name, kind in zip(GIVEN, kinds, strict=True)
    ]
    made = [ColSpec(kind, name) for name, kind in zip(GIVEN[:3], kinds[:3], strict=True)]
    made += [ColSpec("double", name) for name in ("mean", *LEVELS)]
    horizon = ParamSchema([ParamSpec("horizon", "long", 0)])
    return ModelSignature(Schema(given), Schema(made), horizon)


def requirements() -> list[str]:
    """This package and all that it asks for, each at the version that is installed."""
    names = [_PACKAGE]
    try:
        for line in requires(_PACKAGE) or ():
            if "extra ==" not in line:
                names.append(re.split(r"[\s\[<>=!~;(]", line, maxsplit=1)[0])
        return [f"{name}=={version(name)}" for name in names]
    except PackageNotFoundError:
        from stockwright import __version__

        return [f"{_PACKAGE}=={__version__}"]
