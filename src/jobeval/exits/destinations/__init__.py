"""Competing exits."""
