"""How the demand of a day is spread over its hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stockwright.errors import ConfigError

Floats = NDArray[np.float64]
_HOURS = 24.0

#: Demand by hour of an ordinary day of online trade, in thousandths: asleep until six, a first
#: rise at ten, a second after lunch, most of it between eight and eleven in the evening. An
#: assumption that a shop replaces by its own hours, not an estimate.
ORDINARY_DAY = (
    *(24, 14, 8, 5, 5, 8, 16, 28, 40, 50, 56, 52),
    *(48, 50, 54, 54, 52, 48, 46, 54, 72, 82, 78, 56),
)


@dataclass(frozen=True)
class DayProfile:
    """Demand in equal parts of the day, first to last, in any unit; within a part it is even.

    Raises ConfigError where no part has demand, or one has less than none.
    """

    parts: tuple[float, ...] = ORDINARY_DAY

    def __post_init__(self) -> None:
        sound = all(np.isfinite(part) and part >= 0 for part in self.parts)
        if not sound or not sum(self.parts) > 0:
            raise ConfigError("the parts of a day need demand, and none may be below 0")

    @classmethod
    def of(cls, *candidates: Sequence[float]) -> DayProfile:
        """The first profile that is given, else the ordinary day."""
        return next((cls(tuple(given)) for given in candidates if len(given)), cls())

    def share_by(self, hour: float) -> float:
        """Share of the day's demand that falls before ``hour``, 0 to 24."""
        return float(np.interp(hour, self._edges(), self._running()))

    def hour_of(self, share: Floats) -> Floats:
        """Hour by which that share of the day's demand has fallen; any shape."""
        running, edges = self._running(), self._edges()
        # Of hours without demand the first one counts: nothing more is sold until the last.
        running, first = np.unique(running, return_index=True)
        return np.asarray(np.interp(share, running, edges[first]))

    def _edges(self) -> Floats:
        return np.linspace(0.0, _HOURS, len(self.parts) + 1)

    def _running(self) -> Floats:
        running = np.cumsum([0.0, *self.parts])
        return np.asarray(running / running[-1])
