"""Read a source's tables, hold them against the contract, and cut them at the as-of date."""
