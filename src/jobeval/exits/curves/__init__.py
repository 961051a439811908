"""Curves of survival: intervals, bands, quantiles, differences."""
