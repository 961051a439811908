"""Durations by survival models on the weekly grid."""
