"""Suppliers followed month by month: monitoring without a control group, never an effect."""
