"""Which code makes a result: checkpoints and stored models of other code are not used."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from pipelines.config.named_model import named_model_version
from pipelines.store.files import digest

_PACKAGES = ("stockwright", "features", "forecasting", "replenishment", "pipelines")
_DEPENDENCIES = ("numpy", "scipy", "pandas", "pyarrow", "lightgbm", "statsmodels", "ortools")


def code_version(use: str = "", *further: str) -> str:
    """Digest of the source files of the rooms, of the versions of what they compute with, and of
    the source of the class that ``[model] use`` names. Raises ConfigError for a class that is not
    there.

    further: packages above the night that have a part in the result.
    """
    return digest(_own(*further), named_model_version(use)) if use else _own(*further)


@cache
def _own(*further: str) -> str:
    parts = [f"{name} {version(name)}" for name in _DEPENDENCIES]
    for package in (*_PACKAGES, *further):
        for place in _places(package):
            for path in sorted(place.rglob("*.py")):
                parts += [f"{package}/{path.relative_to(place)}", path.read_text("utf-8")]
    return digest(*parts)


def _places(package: str) -> list[Path]:
    found = find_spec(package)
    locations = found.submodule_search_locations if found is not None else None
    return [Path(place) for place in locations or ()]
