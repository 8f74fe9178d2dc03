"""Which SKUs are bought together, from order lines."""
