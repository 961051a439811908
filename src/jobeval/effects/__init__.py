"""Effects on outcomes: one folder a question, one estimator a file.

``itt`` (everyone drawn), ``take_up`` (those who take part), ``shares``, ``hours``, ``weekly``,
``groups`` (subgroups, sites, fidelity), ``spillover``, ``missing`` (outcomes), ``redrawn`` (the
lottery drawn again), ``summary`` (indices, sizes, variants); ``regression`` is the arithmetic on
arrays beneath them.
"""
