"""The language that every room speaks: panel, forecast, network, stock, plan, calendar, errors."""

__version__ = "0.1.0"
