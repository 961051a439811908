"""What a delivery looks like: tables, code lists and the calendar. No data, no engine."""
