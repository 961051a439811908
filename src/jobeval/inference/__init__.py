"""The lottery: read from a frame, re-drawn, and families of tests. Knows no endpoint."""
