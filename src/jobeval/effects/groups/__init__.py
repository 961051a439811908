"""Who gained, and where: subgroups, sites, fidelity, sorted groups."""
