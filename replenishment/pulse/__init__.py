"""During the day: what is left, what runs out, what may be sold, and what still helps."""
