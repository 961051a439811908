"""Exits of those who take part because of the lottery."""
