"""Where to hold stock in a network: guaranteed service, serial systems, two echelons."""
