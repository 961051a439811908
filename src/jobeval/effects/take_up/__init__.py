"""Effects on those who take part because of the lottery."""
