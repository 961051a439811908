"""The supplier report: monitoring that a committee would discuss, never an effect."""
