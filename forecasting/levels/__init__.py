"""Aggregates forecast on their own, and the series brought into agreement with them."""
