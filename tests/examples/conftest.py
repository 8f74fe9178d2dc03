"""The example scripts as modules, and the real data where it is there."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="session")
def example() -> Callable[[str, str], ModuleType]:
    """``example(folder, name)``: the module ``examples/folder/name.py``."""

    def load(folder: str, name: str) -> ModuleType:
        path = EXAMPLES / folder / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"example_{folder}_{name}", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """``real_data(name)``: the folder of a real data set; skips the test where it is not."""

    def find(name: str) -> Path:
        root = os.environ.get("STOCKWRIGHT_DATA")
        if not root or not (Path(root) / name).is_dir():
            pytest.skip(f"STOCKWRIGHT_DATA does not hold {name}")
        return Path(root) / name

    return find
