"""What does not sell: how stock stands, and what is to be done with it."""
