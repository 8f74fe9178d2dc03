"""Limits that lines share: shadow prices, supplier minima, capacity, the last lots."""
