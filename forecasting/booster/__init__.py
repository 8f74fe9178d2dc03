"""The mean model: one global LightGBM, and the rows it is trained on."""
