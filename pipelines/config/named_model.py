"""The class that ``[model] use`` names: imported, held to the protocol, made with its settings."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from importlib import import_module, invalidate_caches
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from pipelines.store.files import digest
from stockwright.demand_model import DemandModel
from stockwright.errors import ConfigError

# Names of the arguments are ours to choose; their number is what a class has to take.
_METHODS = {"fit": ("panel",), "predict": ("content", "panel", "horizon")}


def named_model(use: str, settings: Mapping[str, Any]) -> DemandModel:
    """A new instance of the class. Raises ConfigError that says why there is none."""
    return cast(DemandModel, _made(_class_of(use), use, settings))


def named_model_problems(model: object) -> list[str]:
    """What is wrong with ``use`` and ``settings`` in the raw section ``model`` of a configuration.

    What is of a wrong type is left to the configuration's own check.
    """
    section = model if isinstance(model, Mapping) else {}
    use, settings = section.get("use", ""), section.get("settings", {})
    if not isinstance(use, str) or not isinstance(settings, Mapping):
        return []
    if not use:
        return ["model.settings: they are for the class that model.use names"] if settings else []
    try:
        _source(_class_of(use))
        named_model(use, settings)
    except ConfigError as error:
        return [str(error)]
    return []


def named_model_version(use: str) -> str:
    """Digest of the source of the class's module, or of the whole package that holds it.

    "" for our own model, which the version of the code tells. Raises ConfigError.
    """
    return _source(_class_of(use)) if use else ""


def _class_of(use: str) -> type:
    """Import the class. Raises ConfigError."""
    module, _, name = use.partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), name)):
        raise ConfigError(f"model.use: 'module:Class' names a class, got {use!r}")
    invalidate_caches()
    try:
        found = getattr(import_module(module), name, None)
    except Exception as error:
        raise ConfigError(
            f"model.use: {module!r} cannot be imported ({type(error).__name__}: {error}); mend it, "
            "install its package, or put its folder on PYTHONPATH"
        ) from error
    if not isinstance(found, type):
        raise ConfigError(f"model.use: {module!r} has no class {name!r}{_classes(module)}")
    problems = [_method_problem(found, name, takes) for name, takes in _METHODS.items()]
    if any(problems):
        raise ConfigError(f"model.use: {use} {' and '.join(p for p in problems if p)}")
    return found


def _classes(module: str) -> str:
    own = [
        name
        for name, value in vars(import_module(module)).items()
        if isinstance(value, type) and value.__module__ == module
    ]
    return f"; it has {', '.join(sorted(own)) or 'none'}"


def _method_problem(found: type, name: str, takes: tuple[str, ...]) -> str:
    method = getattr(found, name, None)
    wanted = f"{name}({', '.join(takes)})"
    if not callable(method):
        return f"has no method {wanted}"
    try:
        inspect.signature(method).bind(None, *takes)
    except TypeError:
        return f"cannot be called as {wanted}"
    return ""


def _made(found: type, use: str, settings: Mapping[str, Any]) -> object:
    try:
        return found(**settings)
    except Exception as error:
        said = ", ".join(f"{name} = {value!r}" for name, value in settings.items()) or "none"
        raise ConfigError(
            f"model.settings: {use} refuses them ({type(error).__name__}: {error}), given: {said}"
        ) from error


@cache
def _source(found: type) -> str:
    """By class, so that a module imported anew is read anew. Raises ConfigError."""
    top = found.__module__.partition(".")[0]
    try:
        spec = find_spec(top)
    except ValueError:
        spec = None
    places = [Path(place) for place in (spec and spec.submodule_search_locations) or ()]
    files = [path for place in places for path in sorted(place.rglob("*.py"))]
    if not places and spec is not None and spec.has_location and spec.origin:
        files = [Path(spec.origin)]
    if not files:
        raise ConfigError(f"model.use: no file holds the source of {found.__module__!r}")
    return digest(found.__qualname__, *(part for path in files for part in _named(path)))


def _named(path: Path) -> tuple[str, bytes]:
    return path.name, path.read_bytes()
