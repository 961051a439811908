"""Effects week by week since randomisation."""
