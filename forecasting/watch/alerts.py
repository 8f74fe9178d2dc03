"""From scores to alerts: how rarely a shop without drift is to raise one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from forecasting.watch.inputs import InputChange
from forecasting.watch.scores import Scores
from forecasting.watch.sums import LEVELS

Floats = NDArray[np.float64]
NONE, WATCH, ALERT = "none", "watch", "alert"
#: A watch is raised so many times as often as an alert by chance.
_WATCHED = 10.0
# Changes that are large enough to matter: of WAPE, as a ratio; of a share of cells.
_LEAST_WAPE, _LEAST_SHARE = 1.15, 0.05
# An input that changed as much a year before has a season.
_SEASON = 2.0


def border(rate: float, tests: int) -> float:
    """Normal score that any of ``tests`` two-sided scores exceeds by chance with probability
    ``rate`` at most (Bonferroni).
    """
    return float(-special.ndtri(rate / max(tests, 1) / 2))


def material(measure: str, scores: Scores, least: float) -> NDArray[np.bool_]:
    """Whether a segment's change is large enough to matter, (segments,), whatever its score.

    least: bias that does. Misses and shares matter where they grow; a share above a quantile where
    it grows beyond what the quantile promises, too.
    """
    usual = np.nan_to_num(scores.usual)
    with np.errstate(invalid="ignore"):
        if measure == "bias":
            return np.asarray(np.abs(np.log1p(scores.value)) >= np.log1p(least))
        if measure == "wape":
            return np.asarray(scores.value >= _LEAST_WAPE * usual)
        nominal = {f"above_q{round(level * 100)}": 1 - level for level in LEVELS}[measure]
        grown = (scores.value > nominal) & (scores.value >= usual + _LEAST_SHARE)
        return np.asarray(grown | (scores.value <= usual - _LEAST_SHARE))


def forecast_alerts(found: dict[str, Scores], rate: float, least: float) -> dict[str, list[str]]:
    """none, watch or alert of every segment, by measure.

    rate: probability that a night raises any alert although nothing drifts, half of it of biases.
    """
    count = {name: int(np.isfinite(scores.score).sum()) for name, scores in found.items()}
    others = sum(count.values()) - count["bias"]
    out = {}
    for measure, scores in found.items():
        tests = count["bias"] if measure == "bias" else others
        alert, watch = (border(share, tests) for share in (rate / 2, _watched(rate) / 2))
        size = np.abs(np.nan_to_num(scores.score)) * material(measure, scores, least)
        words = np.where(size >= alert, ALERT, np.where(size >= watch, WATCH, NONE))
        out[measure] = [str(word) for word in words]
    return out


def _watched(rate: float) -> float:
    return min(_WATCHED * rate, 0.5)


def input_alerts(found: list[InputChange], rate: float, least: float) -> list[str]:
    """none, watch or alert of every input. least: population stability index that matters."""
    alert, watch = (border(share, len(found)) for share in (rate, _watched(rate)))
    out = []
    for each in found:
        season = np.isfinite(each.year) and each.psi < _SEASON * each.year
        large = each.psi >= max(least, each.chance) and not season
        word = ALERT if each.score >= alert else WATCH if each.score >= watch else NONE
        out.append(word if large else NONE)
    return out
