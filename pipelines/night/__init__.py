"""The nightly run: steps, checkpoints, lock, manifest, publication. The one composition root."""
