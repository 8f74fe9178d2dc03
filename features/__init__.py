"""From a demand panel to a feature matrix, on whole arrays and without looking ahead."""
