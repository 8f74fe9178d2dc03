"""Whether forecasts of earlier nights and the inputs of the model still are what they were."""
