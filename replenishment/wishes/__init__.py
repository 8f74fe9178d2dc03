"""Orders that every key would like best: in whole lots, with planners' words, without limits."""
