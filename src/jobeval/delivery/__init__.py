"""What was done: flow of persons, inflow, take-up, intensity."""
