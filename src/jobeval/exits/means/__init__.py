"""Mean weeks to a horizon."""
