"""Why a line of a published plan is what it is, or why there is none, from the run's files."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.publish import clearance, exceptions, forecasts, lines, summary
from pipelines.publish.cells import read_csv
from pipelines.publish.exceptions import number_text
from pipelines.publish.texts import Texts, load_texts
from stockwright.calendar import DAYS_PER_PERIOD
from stockwright.errors import ConfigError, describe

Row = dict[str, str]
Floats = NDArray[Any]
# Units below which a part is not told.
_LEAST_SHOWN = 0.005
#: Columns of policy.csv in units of the SKU.
_UNITS = (
    *("safety_stock", "reorder_point", "order_up_to", "stock_at_arrival"),
    *("demand_mean", "demand_q50", "demand_q90", "demand_q95"),
    *("available", "inbound_units", "position"),
)
_FILES = (
    *(lines.ORDERS, lines.TRANSFERS, clearance.FILE),
    *(exceptions.FILE, "policy.csv", summary.FILE),
)


def explain(
    run_folder: Path, sku: str, location: str | None = None, language: str | None = None
) -> str:
    """Several lines of text on each key of ``sku``, or on the one at ``location``.

    language: of the text; that of the run where not given. A line's own sentence stays in the
    language it was published in. Raises ConfigError for a folder that holds no run, and for an
    unknown SKU or location, with the nearest known ones.
    """
    missing = [name for name in _FILES if not (run_folder / name).is_file()]
    if missing:
        raise ConfigError(
            describe(
                f"{run_folder} holds no published run; files that are missing",
                missing,
                "give a folder such as RUNS/2026-11-21 or RUNS/latest",
            )
        )
    figures = json.loads((run_folder / summary.FILE).read_text("utf-8"))
    texts = load_texts(language or figures["language"])
    policy = read_csv(run_folder / "policy.csv")
    _check_known("SKU", sku, policy["sku"])
    keys = [row for row in _rows_of(policy, sku) if location in (None, row["location"])]
    if not keys:
        places = [row["location"] for row in _rows_of(policy, sku)]
        _check_known(f"location of SKU {sku}", str(location), places)
    title = texts.fill("explain", "title", {"sku": sku, "date": figures["date"]})
    days = DAYS_PER_PERIOD[figures["period"]]
    cleared = _clearance_texts(run_folder, sku, "")
    parts = [title, *cleared, *(_key_text(run_folder, texts, row, days) for row in keys)]
    return "\n\n".join(parts) + "\n"


def _key_text(folder: Path, texts: Texts, key: Row, days: int) -> str:
    """All that is said of one key: state, demand, decision, lines, exceptions, record.

    days: of a period.
    """
    shown = {name: value or texts.of("explain", "unknown") for name, value in key.items()}
    shown |= {name: _short(key[name]) for name in _UNITS if key[name]}
    shown["stockout_date"] = key["stockout_date"] or texts.of("explain", "no_stockout")
    for name in ("life_stage", "life_stage_sku"):
        shown[name] = texts.of("stages", key[name])
    shown["decision_text"] = texts.of("decisions", key["decision"])
    shown["launched"] = _launch_text(texts, key["weeks_since_launch"])
    clauses = ["key", "life", "stock", "demand", "target", "decision"]
    if key["feeds"] == "yes":
        clauses.insert(1, "feeds")
    said = [texts.fill("explain", clause, shown) for clause in clauses]
    rows = _forecast_of(folder, key)
    said[-2:-2] = [*_waterfall_text(rows, texts, key, days), *_committed_text(rows, texts)]
    if key["hit"] == "yes":
        said.insert(clauses.index("life") + 1, texts.fill("explain", "hit", shown))
    said += [
        "  " + row["explanation"]
        for file in (lines.ORDERS, lines.TRANSFERS)
        for row in _rows_of(read_csv(folder / file), key["sku"])
        if row["destination"] == key["location"]
    ]
    said += ["  " + text for text in _clearance_texts(folder, key["sku"], key["location"])]
    said += list(_exception_texts(folder, texts, key))
    if key["bias_8w"]:
        said.append(texts.fill("explain", "record", shown))
    return "\n".join(said)


def _clearance_texts(folder: Path, sku: str, location: str) -> list[str]:
    """What is done first with slow stock of a location; "": of all of them at one price."""
    rows = _rows_of(read_csv(folder / clearance.FILE), sku)
    return [row["explanation"] for row in rows if (row["location"], row["step"]) == (location, "1")]


def _launch_text(texts: Texts, weeks: str) -> str:
    """How long ago, or how far ahead, the launch is; ``weeks`` is empty where not known."""
    if not weeks:
        return texts.of("explain", "launch_unknown")
    clause = "launch_ahead" if float(weeks) < 0 else "launch_past"
    return texts.fill("explain", clause, {"weeks": number_text(abs(float(weeks)))})


def _forecast_of(folder: Path, key: Row) -> dict[str, Floats]:
    """Columns of the rows of forecasts.parquet of one key; those of the parts where it has them."""
    wanted = [(name, "==", key[name]) for name in ("sku", "location")]
    path = folder / forecasts.FILE
    there = set(pq.read_schema(path).names)
    names = [name for name in ("mean", "committed", *forecasts.SHOWN) if name in there]
    rows = pq.read_table(path, columns=["date", *names], filters=wanted)
    dates = np.array(rows["date"].to_pylist(), "datetime64[D]")
    columns = {name: rows[name].to_numpy().astype(np.float64) for name in names}
    return {"date": dates, **columns}


def _waterfall_text(rows: dict[str, Floats], texts: Texts, key: Row, days: int) -> list[str]:
    """What the demand of the days to protect, or of all days ahead, is made of."""
    if any(name not in rows for name in forecasts.SHOWN):
        return []
    last = round(float(key["protection_days"]) / days) if key["protection_days"] else None
    sums = {name: rows[name][:last].sum() for name in ("mean", *forecasts.SHOWN, "committed")}
    if not any(sums.values()):
        return []
    whole = float(sums.pop("mean"))
    terms = [
        texts.fill(
            "explain", "part", {"name": texts.of("parts", name), "units": _signed(name, units)}
        )
        for name, units in sums.items()
        if name == forecasts.SHOWN[0] or abs(units) >= _LEAST_SHOWN
    ]
    shown = {
        "mean": number_text(whole),
        "days": str(len(rows["mean"][:last]) * days),
        "parts": texts.of("explain", "between").join(terms),
    }
    return [texts.fill("explain", "waterfall", shown)]


def _signed(name: str, units: float) -> str:
    return ("+" if units > 0 and name != forecasts.SHOWN[0] else "") + number_text(units)


def _committed_text(rows: dict[str, Floats], texts: Texts) -> list[str]:
    """What of the demand ahead is committed; nothing where nothing is."""
    mean, committed = rows["mean"], rows["committed"]
    some = np.flatnonzero(committed > 0)
    if not len(some):
        return []
    shown = {
        "mean": number_text(float(mean.sum())),
        "committed": number_text(float(committed.sum())),
        "rest": number_text(float((mean - committed).sum())),
        "date": str(rows["date"][some[0]]),
        "first": number_text(float(committed[some[0]])),
        "periods": str(len(some)),
    }
    return [texts.fill("explain", "committed", shown)]


def _short(text: str) -> str:
    """A number of a file with at most two decimals."""
    return number_text(float(text))


def _exception_texts(folder: Path, texts: Texts, key: Row) -> Iterator[str]:
    for row in _rows_of(read_csv(folder / exceptions.FILE), key["sku"]):
        if row["location"] == key["location"]:
            yield texts.fill("explain", "exception", row)


def _rows_of(table: dict[str, list[str]], sku: str) -> list[Row]:
    """The rows of one SKU."""
    places = [place for place, name in enumerate(table["sku"]) if name == sku]
    return [{name: column[place] for name, column in table.items()} for place in places]


def _check_known(what: str, name: str, known: list[str]) -> None:
    """Raise ConfigError that names the nearest known names unless ``name`` is one of them."""
    if name in known:
        return
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=5, cutoff=0.5) or names[:5]
    advice = f"did you mean {', '.join(near)}?" if near else "the run has none."
    if what == "SKU":
        advice += " A kit without stock of its own is planned by its components: ask for those."
    raise ConfigError(f"{what} {name!r} is not in this run; {advice}")
