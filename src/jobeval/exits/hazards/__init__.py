"""Hazard ratios: Cox's model."""
