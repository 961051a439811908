"""What the effort costs, what it gives back, and to whom."""
