"""Parametric and discrete-time models of durations."""
