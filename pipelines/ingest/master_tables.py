"""Master tables: articles, locations, suppliers, lanes, and a planner's overrides."""

from __future__ import annotations

from pipelines.ingest.declare import Column, Table
from pipelines.ingest.movement_tables import KNOWN_SINCE, LOCATION, ONE_LOCATION, ONE_SKU, SKU

PRODUCTS = Table(
    "products",
    "One row per article.",
    (
        SKU,
        Column("name", "text", "what a person calls it; its words help to forecast launches"),
        Column("style", "text", "the style (SPU) it is a variant of"),
        Column("category", "text", "levels parted by /"),
        Column("brand", "text", "brand"),
        Column("unit_cost", "number", "cost per unit, net of tax", low=0.0),
        Column("price", "number", "list price per unit", low=0.0),
        Column("holding_cost", "number", "per unit and period, the whole of it", low=0.0),
        Column("shortage_cost", "number", "whole price of a unit not served", low=0.0),
        Column("volume", "number", "volume per unit", low=0.0),
        Column("weight", "number", "weight per unit", low=0.0),
        Column("order_unit", "integer", "orders are multiples of it", default=1.0, low=1.0),
        Column("units_per_case", "number", "units in a case", above=0.0),
        Column("units_per_layer", "number", "units in a layer of a pallet", above=0.0),
        Column("units_per_pallet", "number", "units on a full pallet", above=0.0),
        Column("shelf_life_days", "number", "days it can be sold after its arrival", low=1.0),
        Column("salvage_value", "number", "money a unit that is left still brings", low=0.0),
        Column("supplier_return_value", "number", "money the supplier pays for a unit", low=0.0),
        Column("supplier_return_until", "date", "last date it does; empty: always"),
        Column("floor_price", "number", "lowest price a unit may be sold at", low=0.0),
        Column(
            "price_group", "text", "articles of one name are marked down together; empty: by itself"
        ),
        Column("substitute", "text", "article that customers take where this one has run out"),
        Column(
            "substitute_share",
            "number",
            "share of them who do; empty: nothing is expected of it",
            low=0.0,
            high=1.0,
        ),
        Column("launch_date", "date", "first date of sale"),
        Column("end_date", "date", "last date of sale"),
        Column(
            "stock_mode",
            "choice",
            "presale and dropship articles are not stocked",
            default="stock",
            choices=("stock", "presale", "dropship"),
        ),
        Column("planner", "text", "who answers for it"),
    ),
    key=("sku",),
    describes=True,
    spans=(("launch_date", "end_date"),),
    extra="attr_",
)

LOCATIONS = Table(
    "locations",
    "One row per warehouse or store.",
    (
        LOCATION,
        Column("kind", "choice", "its part", choices=("central", "regional", "store")),
        Column("parent", "text", "the location that feeds it"),
        Column("counts_stock", "flag", "its stock is usable", default=True),
        Column("region", "text", "region"),
        Column("tier", "text", "tier for service levels"),
        Column("sells", "flag", "it has demand of its own", default=True),
        Column("inbound_units_per_day", "number", "most units it can take in a day", low=0.0),
        Column(
            "outbound_units_per_day",
            "number",
            "most units it can send to other locations in a day",
            low=0.0,
        ),
        Column("storage_volume", "number", "volume of the stock that it can hold", low=0.0),
    ),
    key=("location",),
    describes=True,
)

SUPPLIERS = Table(
    "suppliers",
    "One row per supplier.",
    (
        Column("supplier", "text", "the supplier", required=True),
        Column("min_order_value", "number", "money an order must reach", default=0.0, low=0.0),
        Column("min_order_units", "number", "units an order must reach", default=0.0, low=0.0),
        Column(
            "order_weekdays",
            "text",
            "weekdays of order_date, 1 = Monday: 1,4; empty: all",
            pattern=r"[1-7](,[1-7])*",
        ),
        Column("fixed_cost", "number", "money per order, or per truck", default=0.0, low=0.0),
        Column(
            "expedited_units_per_day",
            "number",
            "most units a day on all its expedited lanes; empty: no limit",
            low=0.0,
        ),
        Column(
            "payment_days",
            "number",
            "days from the first day of sale to the payment; empty: paid with the order",
            low=0.0,
        ),
        Column("truck_volume", "number", "volume that one of its trucks takes", above=0.0),
        Column("truck_weight", "number", "weight that one of its trucks takes", above=0.0),
    ),
    key=("supplier",),
    describes=True,
)

LANES = Table(
    "lanes",
    "Ways to supply a location. An article's own row replaces the general one.",
    (
        Column("source", "text", "a supplier, or a location", required=True),
        Column("destination", "text", "the location supplied", required=True),
        ONE_SKU,
        Column(
            "kind",
            "choice",
            "empty: transfer from a location, regular from a supplier",
            choices=("regular", "transfer", "expedited"),
        ),
        Column("lead_time_days", "number", "calendar days to be sellable", required=True, low=0.0),
        Column("lead_time_sd_days", "number", "its standard deviation", default=0.0, low=0.0),
        Column("review_days", "number", "days between orders", above=0.0),
        Column("moq", "number", "least units of an order line", default=0.0, low=0.0),
        Column("order_multiple", "number", "lines are multiples of it", default=1.0, above=0.0),
        Column("unit_cost", "number", "cost per unit; beats the product's", low=0.0),
        Column("unit_freight", "number", "freight per unit", default=0.0, low=0.0),
        Column(
            "max_units_per_day",
            "number",
            "most units of an article that it can carry in a day",
            low=0.0,
        ),
        Column(
            "price_breaks",
            "text",
            "all-units breaks: 100:9.5;500:9.0",
            pattern=r"\d+(\.\d+)?:\d+(\.\d+)?(;\d+(\.\d+)?:\d+(\.\d+)?)*",
        ),
        Column("priority", "number", "of lanes of one cost the lower goes first"),
        Column("supplier_sku", "text", "the supplier's own code"),
        Column("start", "date", "first order date"),
        Column("end", "date", "last order date"),
    ),
    key=("source", "destination", "sku", "kind", "start"),
    spans=(("start", "end"),),
)

COVERAGE = Table(
    "coverage",
    "Which locations serve the buyers of a region, how soon and at what cost.",
    (
        Column("region", "text", "region of the buyer", required=True),
        Column(
            "location",
            "text",
            "the location that serves it",
            required=True,
            aliases=("warehouse",),
        ),
        Column("hours", "number", "hours from the order to the buyer that are promised", low=0.0),
        Column("unit_freight", "number", "freight per unit to the buyer", default=0.0, low=0.0),
        Column("priority", "number", "of a region's locations the lower serves first"),
    ),
    key=("region", "location"),
)

OVERRIDES = Table(
    "overrides",
    "What a planner decided. The latest row wins.",
    (
        Column(
            "table",
            "choice",
            "what it changes",
            required=True,
            choices=("forecast", "order", "transfer", "clearance", "policy"),
        ),
        ONE_SKU,
        ONE_LOCATION,
        Column("source", "text", "the supplier or location; empty: all"),
        Column(
            "field",
            "choice",
            "which figure",
            required=True,
            choices=("mean", "factor", "units", "frozen", "service_level", "target", "blocked"),
        ),
        Column("value", "number", "its value; yes/no for flags", required=True, flags=True),
        Column("start", "date", "first date"),
        Column("end", "date", "last date"),
        Column("by", "text", "who", required=True),
        Column("note", "text", "why"),
        KNOWN_SINCE,
    ),
    known_ahead=True,
    spans=(("start", "end"),),
)

CHANNELS = Table(
    "channels",
    "Where stock is sold: which part of the shared stock a channel may sell during the day, and "
    "what it does for stock that does not sell.",
    (
        Column("channel", "text", "the channel, as sales names it", required=True),
        Column("platform", "text", "the platform it runs on"),
        ONE_LOCATION,
        Column("buffer_units", "number", "units of each article kept back", default=0.0, low=0.0),
        Column("share", "number", "share of what may be sold", low=0.0, high=1.0),
        Column(
            "clearance_capacity",
            "number",
            "units of slow stock it can sell in a week; empty: no limit",
            low=0.0,
        ),
        Column("clearance_cost", "number", "money per unit of slow stock it sells", low=0.0),
        Column(
            "clearance_reach",
            "number",
            "demand for slow stock is so many times as large with it",
            low=1.0,
        ),
    ),
    key=("channel", "location"),
    describes=True,
)

TABLES = (PRODUCTS, LOCATIONS, SUPPLIERS, LANES, COVERAGE, OVERRIDES, CHANNELS)
