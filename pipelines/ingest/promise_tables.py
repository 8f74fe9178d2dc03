"""What is promised to customers for later, and articles that are sold as several others."""

from __future__ import annotations

from pipelines.ingest.declare import Column, Table
from pipelines.ingest.movement_tables import KNOWN_SINCE, LOCATION, SKU

COMMITMENTS = Table(
    "commitments",
    "Units promised to customers for a date: presales, subscriptions, contracts.",
    (
        SKU,
        LOCATION,
        Column("date", "date", "date on which the units are asked for", required=True),
        Column("units", "number", "units promised", required=True, low=0.0),
        Column(
            "kind",
            "choice",
            "what it is",
            default="presale",
            choices=("presale", "subscription", "contract"),
        ),
        Column(
            "stage",
            "choice",
            "deposit: may still lapse; paid: firm",
            default="paid",
            choices=("deposit", "paid"),
        ),
        Column(
            "conversion",
            "number",
            "share of a deposit that will be paid; empty: learnt",
            low=0.0,
            high=1.0,
        ),
        Column("ship_by", "date", "last date to ship it; empty: date"),
        Column("region", "text", "region of the buyer", carried=False),
        Column(
            "fulfilled",
            "number",
            "units of it that are in sales; empty: found in the sales from date to ship_by",
            low=0.0,
        ),
        KNOWN_SINCE,
    ),
    known_ahead=True,
    spans=(("date", "ship_by"),),
)

KITS = Table(
    "kits",
    "Articles that are sold as several others: a kit's demand is its components'.",
    (
        Column("kit", "text", "the article that is sold", required=True),
        Column("component", "text", "an article in it, which may be a kit", required=True),
        Column("quantity", "number", "units of the component in a kit", required=True, above=0.0),
        Column("start", "date", "first date; empty: always"),
        Column("end", "date", "last date; empty: for good"),
    ),
    key=("kit", "component", "start"),
    spans=(("start", "end"),),
)

TABLES = (COMMITMENTS, KITS)
