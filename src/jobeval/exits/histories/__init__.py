"""Ways between states."""
