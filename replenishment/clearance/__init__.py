"""Clearance: what stock that does not sell is worth, and at what price it is sold off."""
