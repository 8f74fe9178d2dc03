"""How plots are made and saved. matplotlib is loaded when the first one is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from experiments.record import PLOTS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DPI = 100


def blank(width: float, height: float, by_hand: bool = False) -> Figure:
    """An empty figure of so many inches. by_hand: its parts are placed by the caller."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout=None if by_hand else "constrained")
    FigureCanvasAgg(figure)
    return figure


def save(figure: Figure, folder: Path, name: str) -> Path:
    """Write a figure as ``plots/NAME.png`` below ``folder``; the same one has the same bytes.

    Raises OSError.
    """
    place = folder / PLOTS / f"{name}.png"
    place.parent.mkdir(parents=True, exist_ok=True)
    # matplotlib would name its version there.
    figure.savefig(place, dpi=_DPI, metadata={"Software": None})
    return place
