"""What a call during the day reads: sales so far, units held for customers, goods received."""

from __future__ import annotations

from pipelines.ingest.declare import Column, Table
from pipelines.ingest.movement_tables import LOCATION, ORDER_TYPES, SKU

_ORDER = Column("order_id", "text", "your order number")
_CHANNEL = Column("channel", "text", "where it was sold")

SALES_TODAY = Table(
    "sales_today",
    "Order lines of the day so far, all of them from midnight on.",
    (
        Column(
            "time",
            "moment",
            "date, best with the time of day, at which it was sold",
            required=True,
            aliases=("datetime", "timestamp", "date"),
        ),
        SKU,
        LOCATION,
        Column("units", "number", "units sold; negative: a return", required=True),
        _CHANNEL,
        Column(
            "order_id",
            "text",
            "your order number; rows of one number and key are one order, a row without is an order"
            " by itself",
        ),
        Column(
            "order_type",
            "choice",
            "sale, gift, sample and exchange take stock",
            default="sale",
            choices=ORDER_TYPES,
        ),
        Column(
            "reserved",
            "flag",
            "yes: sold before today and in inventory.reserved, shipped today; takes nothing more",
            default=False,
        ),
        Column(
            "commitment",
            "flag",
            "yes: the units were in commitments; they take stock and are no new demand",
            default=False,
        ),
    ),
    big=True,
)

RESERVATIONS = Table(
    "reservations",
    "Units held for customers now: carts and orders not yet paid. A row whose order is in"
    " sales_today counts there and not again.",
    (
        SKU,
        LOCATION,
        Column("units", "number", "units held", required=True, low=0.0),
        _CHANNEL,
        _ORDER,
    ),
    big=True,
)

RECEIVED = Table(
    "received",
    "Goods that came in today and can be sold.",
    (
        SKU,
        LOCATION,
        Column("units", "number", "units received", required=True, low=0.0),
        _ORDER,
        Column("line_id", "text", "line of a plan, or of a pulse, that it answers"),
    ),
    big=True,
)

TABLES = (SALES_TODAY, RESERVATIONS, RECEIVED)
