"""What outlives one night: files written whole, models, stock snapshots, published lines."""
