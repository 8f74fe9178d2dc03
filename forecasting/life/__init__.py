"""Life stage of every series, and breakouts."""
