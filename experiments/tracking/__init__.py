"""MLflow: what nights and experiments gave, written down. The only home of mlflow."""
