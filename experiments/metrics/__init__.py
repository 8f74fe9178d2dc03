"""Metrics of forecasts and policies: a statistic of each outcome, and how outcomes are pooled."""
