"""Policies of one item at a time, exact or near the best, each with its source."""
