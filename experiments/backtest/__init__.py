"""Backtests: what the nights of the past would have forecast, and how good that was."""
