"""Panel to one value per person, and to counts per stratum × arm × week."""
