"""What each rung of the forecast has added, and overrides that cost accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from forecasting.blend.staircase import OVERRIDDEN, OVERRIDE, SHOP, Stair
from stockwright.plan import Finding

_DIGITS = 6


def shop_rows(stairs: Sequence[Stair]) -> list[dict[str, Any]]:
    """The stairs of the shop and of what overrides have changed, for JSON."""
    shown = (asdict(stair) for stair in stairs if stair.segment in (SHOP, OVERRIDDEN))
    return [
        {name: round(x, _DIGITS) if isinstance(x, float) else x for name, x in row.items()}
        for row in shown
    ]


def override_findings(stairs: Sequence[Stair]) -> list[Finding]:
    """OVERRIDES_LOWER_ACCURACY where that is beyond chance; the overrides hold all the same."""
    changed = {stair.rung: stair for stair in stairs if stair.segment == OVERRIDDEN}
    word = changed.get(OVERRIDE)
    if word is None or not word.harmful:
        return []
    message: dict[str, float | str] = {
        "totals": word.totals,
        "keys": word.series,
        "loss": f"{-word.gain:.1%}",
        "error": f"{word.error:.1%}",
        "bias": f"{word.bias:+.1%}",
        "own_bias": f"{changed['blend'].bias:+.1%}",
    }
    return [Finding("OVERRIDES_LOWER_ACCURACY", "medium", -1, 0.0, message)]
