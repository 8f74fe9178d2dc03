"""The rungs of the staircase, and the blend of them by segment."""
