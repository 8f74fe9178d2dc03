"""Backtests, replays, studies and champions: ideas measured on the shop's own history."""
