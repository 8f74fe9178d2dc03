"""Levels of single series by smoothing recursions, methods for intermittent demand included."""
