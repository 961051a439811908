"""Effects tested by the lottery drawn again."""
