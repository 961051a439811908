"""Several outcomes or ways in one: indices, sizes, detectable effects, variants."""
