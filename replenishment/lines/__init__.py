"""Orders, transfers and steering levels, each line with its reasons."""
