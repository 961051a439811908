"""Effects on outcomes by regression, one estimator a file."""
