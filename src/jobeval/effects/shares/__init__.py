"""Differences and ratios of shares."""
