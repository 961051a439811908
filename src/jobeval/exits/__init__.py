"""Durations by survival models on the weekly grid, by the question that they answer."""
