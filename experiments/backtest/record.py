"""The record of a backtest: headline figures, and those of its larger segments."""

from __future__ import annotations

import pandas as pd

from experiments.backtest.asked import Backtest
from experiments.backtest.rows import Rows
from experiments.backtest.tables import ALL
from experiments.record import SAMPLE, Record, Segment, settings_tags
from pipelines.night.code_version import code_version
from stockwright import __version__

# The largest segments of a kind that are told one by one.
_SEGMENTS = 20


def record_of(
    asked: Backtest, rows: dict[str, Rows], tables: dict[str, pd.DataFrame], of: int
) -> Record:
    """Figures of the first variant by their names, of others after that of the variant.

    of: series of the shop, of which a part may be scored.
    """
    metrics, first = tables["metrics"], asked.names[0]
    whole = metrics[metrics["segment_kind"] == ALL]
    named = {_named(row.variant, row.metric, first): float(row.value) for row in whole.itertuples()}
    if "paired" in tables:
        paired = tables["paired"][tables["paired"]["segment_kind"] == ALL]
        for row in paired.itertuples():
            place = f"{row.variant}.{row.metric}"
            named |= {f"{place}_difference": row.difference}
            named |= {f"{place}_difference_low": row.low, f"{place}_difference_high": row.high}
    shop, request, sample = asked.shops[0], asked.request, dict[str, str]()
    if request.series is not None and request.series < of:
        sample = {SAMPLE: f"{request.series:,} of {of:,} series"}
    return Record(
        kind="backtest",
        name="-vs-".join(asked.names)[:80],
        params={
            "variants": ", ".join(asked.names),
            "origins": len(asked.dates),
            "first_origin": str(asked.dates[0]),
            "last_origin": str(asked.dates[-1]),
            "every_days": request.every,
            "period": shop.config.period,
            "horizon": max(each.horizon for each in rows.values()),
            "series": int(len(tables["series"]["sku"]) / len(asked.names)),
            "seed": shop.config.seed,
        },
        metrics=named,
        tags={
            "version": __version__,
            "code": code_version("", "experiments"),
            **shop.tags(),
            **sample,
            **settings_tags(request.variants),
            "notes": " | ".join(dict.fromkeys(n for each in rows.values() for n in each.notes)),
        },
        segments=tuple(_segments(metrics, first)),
    )


def _named(variant: str, metric: str, first: str) -> str:
    return metric if variant == first else f"{variant}.{metric}"


def _segments(metrics: pd.DataFrame, first: str) -> list[Segment]:
    """The segments with most rows of each kind, as the tables have them."""
    found = []
    for kind, part in metrics[metrics["segment_kind"] != ALL].groupby("segment_kind", sort=False):
        sizes = part.drop_duplicates("segment").set_index("segment")["rows"]
        for segment in sizes.sort_values(ascending=False, kind="stable").index[:_SEGMENTS]:
            mine = part[part["segment"] == segment]
            values = {
                _named(row.variant, row.metric, first): float(row.value)
                for row in mine.itertuples()
            }
            params: dict[str, str | int | float | bool] = {
                "segment_kind": str(kind),
                "segment": segment,
            }
            found.append(Segment(f"{kind} {segment}", values, params))
    return found
