from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from experiments.figure import blank, save
from experiments.record import PLOTS


def test_the_same_plot_has_the_same_bytes_and_names_no_software(tmp_path: Path) -> None:
    places = []
    for name in ("one", "two"):
        figure = blank(3, 2)
        figure.subplots().plot([0, 1], [1, 0])
        places.append(save(figure, tmp_path, name))
    assert places[0] == tmp_path / PLOTS / "one.png"
    first, second = (place.read_bytes() for place in places)
    assert first == second
    assert first.startswith(b"\x89PNG")
    assert b"atplotlib" not in first


def test_matplotlib_is_loaded_for_the_first_plot_only() -> None:
    code = "import sys, experiments.figure; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
