"""The effect of being drawn: everyone who was drawn, as the lottery drew."""
