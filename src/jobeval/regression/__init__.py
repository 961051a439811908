"""Least squares, logit, random effects and cell means on arrays; no plans, no frames."""
