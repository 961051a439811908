"""What missing outcomes leave open."""
