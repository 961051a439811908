"""Registers to person × week. The only room that knows states and how codes make them."""
