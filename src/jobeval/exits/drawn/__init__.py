"""The lottery drawn again, from counts."""
