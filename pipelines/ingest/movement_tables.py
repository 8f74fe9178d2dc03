"""Tables that grow with time: sales, stock, what is on its way, what is planned."""

from __future__ import annotations

from pipelines.ingest.declare import Column, Table

ORDER_TYPES = ("sale", "return", "refund", "exchange", "gift", "sample", "test")

KNOWN_SINCE = Column("known_since", "date", "first date on which the row was known")
SKU = Column("sku", "text", "the article, as text", required=True)
LOCATION = Column(
    "location", "text", "where it is kept or sold from", required=True, aliases=("warehouse",)
)
ONE_SKU = Column("sku", "text", "the article; empty: all")
ONE_LOCATION = Column("location", "text", "the location; empty: all", aliases=("warehouse",))

SALES = Table(
    "sales",
    "Order lines, or sales already summed.",
    (
        Column("date", "date", "business date of the sale", required=True),
        SKU,
        Column(
            "location",
            "text",
            "where the demand arose, not where it was shipped from",
            required=True,
            aliases=("warehouse",),
        ),
        Column("units", "number", "units sold; negative: a return", required=True),
        Column("price", "number", "price paid per unit", low=0.0),
        Column(
            "order_id",
            "text",
            "your order number: what shares one was bought together",
            coded=True,
        ),
        Column("channel", "text", "where it was sold"),
        Column("region", "text", "region of the buyer"),
        Column("order_type", "choice", "only sale is demand", default="sale", choices=ORDER_TYPES),
    ),
    required=True,
    cut="date",
    big=True,
)

AVAILABILITY = Table(
    "availability",
    "How much of a date's selling time an article was in stock."
    " Of rows of one date, SKU and location the last holds.",
    (
        Column("date", "date", "business date", required=True),
        SKU,
        LOCATION,
        Column("in_stock", "number", "share of selling time", required=True, low=0.0, high=1.0),
        Column("listed", "flag", "whether it was on offer at all", default=True),
    ),
    cut="date",
    big=True,
    last_holds=True,
)

STOCK_HISTORY = Table(
    "stock_history",
    "Stock at the close of past dates. Of rows of one date, SKU and location the last holds.",
    (
        Column("date", "date", "business date", required=True),
        SKU,
        LOCATION,
        Column("on_hand", "number", "units at close; negative counts as 0", required=True),
    ),
    cut="date",
    big=True,
    last_holds=True,
)

INVENTORY = Table(
    "inventory",
    "Stock tonight. Rows of the same article and location add up.",
    (
        SKU,
        LOCATION,
        Column("on_hand", "number", "units; negative is taken as 0 and named", required=True),
        Column("date", "date", "at whose close; empty: the as-of date"),
        Column("reserved", "number", "sold, not shipped, already in sales", default=0.0, low=0.0),
        Column(
            "quality",
            "choice",
            "only good stock is available",
            default="good",
            choices=("good", "defective", "inspection", "frozen"),
        ),
        Column("owner", "choice", "whose it is", default="own", choices=("own", "consignment")),
        Column("channel", "text", "the channel it is locked to; empty: none"),
        Column("batch", "text", "batch number"),
        Column("received_date", "date", "when it came in"),
        Column("expiry_date", "date", "last date it may be sold"),
    ),
    required=True,
    cut="date",
    big=True,
)

INBOUND = Table(
    "inbound",
    "Orders and transfers on their way.",
    (
        Column("order_id", "text", "number of the order", required=True),
        SKU,
        Column("destination", "text", "the location it goes to", required=True),
        Column("source", "text", "the supplier or location it comes from"),
        Column("units", "number", "units still to come", required=True, low=0.0),
        Column("available_date", "date", "first date it can be sold", required=True),
        Column(
            "kind",
            "choice",
            "what it is",
            default="purchase",
            choices=("purchase", "transfer", "return"),
        ),
        Column(
            "status",
            "choice",
            "how sure it is",
            default="confirmed",
            choices=("draft", "confirmed", "shipped"),
        ),
        Column("plan_line_id", "text", "line of a plan that it carries out"),
        KNOWN_SINCE,
    ),
    known_ahead=True,
)

PLAN_STATUS = Table(
    "plan_status",
    "What became of the lines of earlier plans. The last row of a line holds.",
    (
        Column("line_id", "text", "line of an earlier plan", required=True),
        Column(
            "status",
            "choice",
            "the decision",
            required=True,
            choices=("accepted", "changed", "rejected", "ordered"),
        ),
        Column("units", "number", "units decided on; empty: as planned", low=0.0),
        Column("erp_order_no", "text", "number of the order that carries it out"),
        Column("by", "text", "who decided"),
        Column("at", "date", "when"),
        Column("reason", "text", "why"),
    ),
    cut="at",
)

RECEIPTS = Table(
    "receipts",
    "What suppliers delivered: one row per delivery of an order line.",
    (
        Column("order_id", "text", "number of the order", required=True),
        SKU,
        Column("destination", "text", "the location it went to", required=True),
        Column("supplier", "text", "who delivered; empty: the only supplier of the article there"),
        Column("ordered_on", "date", "when the order was released", required=True),
        Column("promised_on", "date", "first date of sale that was promised"),
        Column("received_on", "date", "first date it could be sold", required=True),
        Column("units_ordered", "number", "units of the order line", above=0.0),
        Column("units_received", "number", "units that came", required=True, low=0.0),
        Column("units_rejected", "number", "units of them sent back", default=0.0, low=0.0),
    ),
    cut="received_on",
    spans=(("ordered_on", "received_on"),),
)

CLOSURES = Table(
    "closures",
    "Times at which a supplier or a location is closed.",
    (
        Column("party", "text", "a supplier, or a location", required=True),
        Column("start", "date", "first date", required=True),
        Column("end", "date", "last date", required=True),
        Column(
            "kind",
            "choice",
            "what it does not do then: take orders, ship, receive; empty: all of it",
            choices=("order", "ship", "receive"),
        ),
        KNOWN_SINCE,
    ),
    known_ahead=True,
    spans=(("start", "end"),),
)

EVENTS = Table(
    "events",
    "Sales events, past and planned. Empty selectors mean all.",
    (
        Column("event", "text", "name of the event", required=True),
        Column("phase", "text", "part of the event, such as warm-up, burst, encore"),
        Column("start", "date", "first date", required=True),
        Column("end", "date", "last date", required=True),
        Column(
            "discount_off", "number", "share off the price; 0.2 = 20 % off = 8折", low=0.0, high=1.0
        ),
        ONE_SKU,
        Column("category", "text", "the category and those below it; empty: all"),
        ONE_LOCATION,
        Column("channel", "text", "the channel; empty: all"),
        Column("kind", "text", "sort of event"),
        Column(
            "locked_units",
            "number",
            "units of the article that only the channel may sell while the event lasts",
            low=0.0,
        ),
        KNOWN_SINCE,
    ),
    known_ahead=True,
    spans=(("start", "end"),),
)

PRICES = Table(
    "prices",
    "Selling prices, past and planned.",
    (
        SKU,
        Column("start", "date", "first date", required=True),
        Column("price", "number", "price per unit", required=True, low=0.0),
        Column("end", "date", "last date; empty: until the next row of the article"),
        ONE_LOCATION,
        Column("channel", "text", "the channel; empty: all"),
        KNOWN_SINCE,
    ),
    known_ahead=True,
    spans=(("start", "end"),),
)

TABLES = (
    SALES,
    AVAILABILITY,
    STOCK_HISTORY,
    INVENTORY,
    INBOUND,
    PLAN_STATUS,
    RECEIPTS,
    CLOSURES,
    EVENTS,
    PRICES,
)
