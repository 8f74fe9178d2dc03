"""Which code makes a result: checkpoints and stored models of other code are not used."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from pipelines.store.files import digest

_PACKAGES = ("stockwright", "features", "forecasting", "replenishment", "pipelines")
_DEPENDENCIES = ("numpy", "scipy", "pandas", "pyarrow", "lightgbm", "statsmodels", "ortools")


@cache
def code_version(*further: str) -> str:
    """Digest of the source files of the rooms and of the versions of what they compute with.

    further: packages above the night that have a part in the result.
    """
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
