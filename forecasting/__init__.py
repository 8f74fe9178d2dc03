"""Demand models: fit to a panel's past, forecast its future as distributions."""
