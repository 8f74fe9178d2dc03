"""Tables of what others know of demand: leading signals, and forecasts of the shop's own."""

from __future__ import annotations

from pipelines.ingest.declare import Column, Table
from pipelines.ingest.movement_tables import KNOWN_SINCE, LOCATION, ONE_LOCATION, ONE_SKU, SKU

#: Levels that a customer's own forecast may state, by the name of their column.
QUANTILES = {f"q{level}": level / 100 for level in (50, 60, 70, 75, 80, 85, 90, 95, 98, 99)}
#: Start of the name of a column with one path of a customer's own forecast.
PATHS = "path_"

SIGNALS = Table(
    "signals",
    "Numbers that run beside demand: clicks, carts, favourites, competitor prices."
    " Empty selectors mean all.",
    (
        Column("date", "date", "business date the value is of", required=True),
        Column("name", "text", "name of the signal", required=True),
        Column("value", "number", "its value", required=True),
        ONE_SKU,
        Column("category", "text", "the category and those below it; empty: all"),
        ONE_LOCATION,
        Column("channel", "text", "where it was measured: each channel is a signal of its own"),
        Column("known_ahead", "flag", "whether later dates are known on a night", default=False),
        KNOWN_SINCE,
    ),
    known_ahead=True,
    big=True,
)

FORECASTS = Table(
    "forecasts",
    "A forecast of your own, used in place of ours for the keys and dates it covers."
    f" Further columns whose names start with {PATHS} are sampled paths.",
    (
        SKU,
        LOCATION,
        Column("date", "date", "date of the demand", required=True),
        Column("mean", "number", "expected units of the date", required=True, low=0.0),
        *(
            Column(name, "number", f"units not exceeded with probability {level:g}", low=0.0)
            for name, level in QUANTILES.items()
        ),
        KNOWN_SINCE,
    ),
    known_ahead=True,
    big=True,
    extra=PATHS,
    extra_kind="number",
    rising=tuple(QUANTILES),
    last_holds=True,
)

TABLES = (SIGNALS, FORECASTS)
