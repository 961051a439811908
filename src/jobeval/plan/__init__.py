"""The plan made before the data: ``trial.toml`` in, no data."""
