"""Cold start: what a launch will sell, from like products and from its own first sales."""
