"""Stock that is moved between locations where it is worth more there than where it lies."""
