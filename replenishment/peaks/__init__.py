"""Build-up before an event: when units must arrive so that shared limits hold at the peak."""
