"""Results contracts: milestones, the ledger of what they cost, and what is to come."""
