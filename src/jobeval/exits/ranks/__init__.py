"""Tests of whether the arms leave alike."""
