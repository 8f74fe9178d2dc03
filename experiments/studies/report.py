"""What a person reads of a study, and the winner as a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.markdown import table
from experiments.record import REPORT
from experiments.studies.plan import BASE, Rung, Study
from experiments.studies.table import DROPPED, NOT_RUN
from pipelines.config.variant import Variant

#: The best variant as a file that ``stockwright models challenge`` takes.
WINNER = "winner.toml"
#: Figures of the shop in the table of the report, as far as they were measured.
SHOWN = (
    *("fill_rate", "stock_value", "turnover_days", "wape", "bias"),
    *("sum_pinball", "coverage_90", "coverage_95"),
)


def write_report(folder: Path, study: Study, ranked: pd.DataFrame, complete: bool) -> None:
    """Write ``report.md``, and ``winner.toml`` where a variant is ahead of the base."""
    lines = [f"# Study {study.name}", ""]
    if study.why:
        lines += [study.why, ""]
    lines += [_on(number, rung, study) for number, rung in enumerate(study.rungs(), start=1)]
    lines += ["", *_rows(ranked), "", *_said(ranked, complete)]
    (folder / REPORT).write_text("\n".join(lines) + "\n", "utf-8")
    best = winner(study, ranked)
    place = folder / WINNER
    place.unlink(missing_ok=True)
    if best is not None:
        place.write_text(variant_text(best), "utf-8")


def winner(study: Study, ranked: pd.DataFrame) -> Variant | None:
    """The variant that is first; None where that is the base, or nothing was run."""
    ran = ranked[ranked["state"] != NOT_RUN]
    first = str(ran["variant"].iloc[0]) if len(ran) else BASE
    return next((one for one in study.variants if one.name == first), None)


def _on(number: int, rung: Rung, study: Study) -> str:
    parts = []
    if study.replay:
        parts.append(f"a replay of {rung.nights} nights from {study.replay.first}")
    if study.backtest:
        parts.append(f"a backtest of {rung.origins} origins")
    return f"- Rung {number}: {' and '.join(parts)}."


def _rows(ranked: pd.DataFrame) -> list[str]:
    shown = [name for name in SHOWN if name in ranked]
    heads = ["rank", "variant", "rung", "worth", "more than base", "95 % interval", *shown]
    rows = []
    for row in ranked[ranked["state"] != NOT_RUN].to_dict("records"):
        interval = f"{row['to_base_low']:,.5g} to {row['to_base_high']:,.5g}"
        cells = [f"{row['rank']:.0f}", row["variant"], f"{row['rung']:.0f}"]
        cells += [f"{row['worth']:,.6g}", f"{row['to_base']:+,.5g}", interval]
        rows.append([*cells, *(f"{row[name]:,.4g}" for name in shown)])
    return table(heads, rows)


def _said(ranked: pd.DataFrame, complete: bool) -> Iterator[str]:
    ran = ranked[ranked["state"] != NOT_RUN]
    if len(ran):
        yield f"Worth is {ran['unit'].iloc[0]}. Variants are ranked by it: the first rung places"
        yield "them, and those that ran a later one change places among themselves. Differences are"
        yield "paired by SKU, at the rung of the variant."
        first = ran.iloc[0]
        if first["variant"] == BASE:
            yield "No variant is ahead of the shop's own configuration."
        elif first["to_base_low"] > 0:
            yield f"{first['variant']} is ahead of the base beyond noise; it stands in {WINNER}."
        else:
            yield f"{first['variant']} is first, but noise can explain that; it stands in {WINNER}."
    for state, what in ((DROPPED, "Dropped early"), (NOT_RUN, "Not run, for the time was over")):
        names = ranked[ranked["state"] == state]["variant"].tolist()
        if names:
            yield f"{what}: {', '.join(names)}."
    if not complete:
        yield "The time was over before the last rung; the same command goes on from here."


def variant_text(variant: Variant) -> str:
    """A variant as TOML, as ``read_variant`` reads it."""
    lines = [f"name = {_value(variant.name)}"]
    if variant.why:
        lines.append(f"why = {_value(variant.why)}")
    return "\n".join([*lines, *_section("config", variant.config)]) + "\n"


def _section(name: str, settings: Mapping[str, Any]) -> Iterator[str]:
    below = {key: part for key, part in settings.items() if isinstance(part, Mapping)}
    yield ""
    yield f"[{name}]"
    for key, value in settings.items():
        if key not in below:
            yield f"{_key(key)} = {_value(value)}"
    for key, part in below.items():
        yield from _section(f"{name}.{_key(key)}", part)


def _key(text: str) -> str:
    plain = text.isascii() and text.replace("_", "").replace("-", "").isalnum()
    return text if plain else _value(text)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {_value(part)}" for key, part in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    # Of texts, numbers and truth values TOML and JSON write the same.
    return json.dumps(value, ensure_ascii=False)
