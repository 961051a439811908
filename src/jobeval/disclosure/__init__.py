"""The one gate between results and anything that leaves the building."""
