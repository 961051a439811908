"""Counts on the weekly grid, and what is read into them."""
