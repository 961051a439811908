"""Trials drawn from a known truth, in the same schema as real deliveries."""
