"""Jobs kept, and started again."""
