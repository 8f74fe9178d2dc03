"""What a person reads of a backtest: the report, and the short table that a call ends with."""

from __future__ import annotations

import pandas as pd

from experiments.backtest.asked import Backtest
from experiments.backtest.rows import Rows
from experiments.backtest.tables import ALL
from experiments.markdown import table
from experiments.record import REPORT
from pipelines.store.files import written_whole

#: Metrics that are shown first, with what they say.
HEADLINE = {
    "wape": "absolute misses of the median over units",
    "bias": "means less units over units, periods in stock",
    "bias_recovered": "the same with stock-outs made good",
    "rmsse": "root of the squared misses in the scale of each series",
    "wrmsse": "the same weighed by value sold",
    "pinball": "pinball loss of single periods over units",
    "sum_wape": "absolute misses of the median of protection intervals",
    "sum_bias": "bias of protection intervals",
    "sum_pinball": "pinball loss of protection intervals over units",
    "sum_crps": "CRPS of protection intervals over units",
    "stability": "change of the mean of the same weeks from origin to origin",
    "stability_90": "the same of the .9 quantile",
}
GAINS = (
    *("wape_gain_over_naive", "wape_gain_over_seasonal_naive", "pinball_gain_over_naive"),
    *("pinball_gain_over_seasonal_naive", "sum_wape_gain_over_naive"),
    "sum_wape_gain_over_seasonal_naive",
)
CALIBRATION = (80, 90, 95, 99)
_SHARES = frozenset(("wape", "bias", "bias_recovered", "sum_wape", "sum_bias", *GAINS))
_CALIBRATED = (
    "Demand of protection intervals at or below a level: of their periods in stock; of all "
    "periods, a stock-out making the sum a lower bound (Kaplan-Meier; too low where stock-outs are "
    "shorter than the interval); and of the first period alone:"
)
_WORST, _LEAST = 8, 0.005


def whole(metrics: pd.DataFrame, variant: str) -> pd.DataFrame:
    """The metrics of the whole shop of one variant, by name."""
    mine = metrics[(metrics["segment_kind"] == ALL) & (metrics["variant"] == variant)]
    return mine.set_index("metric")


def headline(metrics: pd.DataFrame, variant: str) -> list[tuple[str, ...]]:
    """Rows of metric, value, interval and meaning."""
    found = whole(metrics, variant)
    return [(name, *_cells(found.loc[name], name), says) for name, says in HEADLINE.items()]


def gains(metrics: pd.DataFrame, variant: str) -> list[tuple[str, ...]]:
    """Rows of metric, value and interval: what is gained over naive forecasts."""
    found = whole(metrics, variant)
    return [(name, *_cells(found.loc[name], name)) for name in GAINS]


def calibration(metrics: pd.DataFrame, variant: str) -> list[tuple[str, ...]]:
    """Rows of level, coverage in stock with its interval; with stock-outs as lower bounds, of whole
    intervals and of their first periods.
    """
    found = whole(metrics, variant)
    return [
        (
            f".{level}",
            *_cells(found.loc[f"coverage_{level}"], ""),
            f"{found.loc[f'kaplan_meier_{level}', 'value']:.3f}",
            f"{found.loc[f'kaplan_meier_first_{level}', 'value']:.3f}",
        )
        for level in CALIBRATION
    ]


def worst(metrics: pd.DataFrame, variant: str) -> list[tuple[str, ...]]:
    """Rows of segment, share of the rows, WAPE, bias and pinball: where the pinball is worst, among
    segments of at least .5 % of the rows.
    """
    mine = metrics[(metrics["variant"] == variant) & (metrics["segment_kind"] != "horizon")]
    wide = mine.pivot_table(
        index=["segment_kind", "segment", "rows"], columns="metric", values="value", sort=False
    ).reset_index()
    most = wide["rows"].max()
    wide = wide[(wide["rows"] >= _LEAST * most) & (wide["rows"] < most)]
    wide = wide.dropna(subset=["sum_pinball"])
    wide = wide.sort_values("sum_pinball", ascending=False, kind="stable").head(_WORST)
    return [
        (
            f"{row.segment_kind} {row.segment}",
            f"{row.rows / most:.1%}",
            f"{row.wape:.1%}",
            f"{row.bias:+.1%}",
            f"{row.sum_pinball:.3f}",
        )
        for row in wide.itertuples()
    ]


def differences(paired: pd.DataFrame) -> list[tuple[str, ...]]:
    """Rows of variant, metric, both values, and the difference with its interval."""
    mine = paired[(paired["segment_kind"] == ALL) & paired["metric"].isin(HEADLINE)]
    return [
        (
            f"{row.variant} against {row.against}",
            row.metric,
            _number(row.base, row.metric),
            _number(row.value, row.metric),
            f"{row.difference:+.4f} ({row.low:+.4f} to {row.high:+.4f})",
        )
        for row in mine.itertuples()
    ]


def _cells(row: pd.Series, metric: str) -> tuple[str, str]:
    value, low, high = (_number(row[name], metric) for name in ("value", "low", "high"))
    return value, f"{low} to {high}"


def _number(value: float, metric: str) -> str:
    return f"{value:.1%}" if metric in _SHARES else f"{value:.3f}"


def write_report(asked: Backtest, rows: dict[str, Rows], tables: dict[str, pd.DataFrame]) -> None:
    """Write ``report.md``."""
    lines = [
        f"# Backtest: {', '.join(asked.names)}",
        "",
        f"{len(asked.dates)} nights from {asked.dates[0]} to {asked.dates[-1]}, one each "
        f"{asked.request.every} days; demand is known to {asked.end}. "
        f"{len(tables['series']) // len(asked.names):,} keys were scored, on periods in stock. "
        "The first, the middle and the last night forecast the same when everything after them is "
        "altered.",
    ]
    for name in asked.names:
        lines += ["", f"## {name}", ""]
        lines += table(("metric", "value", "95 % interval", ""), headline(tables["metrics"], name))
        lines += ["", "Gained over naive forecasts, share of their loss:", ""]
        lines += table(("metric", "value", "95 % interval"), gains(tables["metrics"], name))
        lines += ["", _CALIBRATED, ""]
        levels = ("level", "in stock", "95 % interval", "lower bounds", "first period")
        lines += table(levels, calibration(tables["metrics"], name))
        lines += ["", "Segments with the highest pinball loss of protection intervals:", ""]
        heads = ("segment", "share of rows", "WAPE", "bias", "pinball")
        lines += table(heads, worst(tables["metrics"], name))
    if "paired" in tables:
        lines += ["", "## Differences", ""]
        heads = ("variants", "metric", "base", "value", "difference (95 % interval)")
        lines += table(heads, differences(tables["paired"]))
    notes = list(dict.fromkeys(note for each in rows.values() for note in each.notes))
    lines += ["", *(f"- {note}" for note in notes)] if notes else []
    with written_whole(asked.folder / REPORT) as file:
        file.write(("\n".join(lines) + "\n").encode())
