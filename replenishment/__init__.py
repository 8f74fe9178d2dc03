"""replenishment."""
