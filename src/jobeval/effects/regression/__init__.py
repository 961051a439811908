"""Least squares, logit and cell means on arrays; no plans, no frames."""
