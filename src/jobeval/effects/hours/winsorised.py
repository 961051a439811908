"""Outcomes capped at a high quantile, so that few extreme values do not rule the mean."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def cap_at_quantile(outcome: Floats, share: float) -> Floats:
    """Values above the ``share`` quantile of both arms together become that quantile.

    One cap for both arms: a cap of their own would take a part of the effect away. The
    quantile is the smallest value that at least ``share`` of all persons do not exceed.

    Parameters
    ----------
    outcome
        Shape ``(n,)``.
    share
        Above 0, at most 1.

    Examples
    --------
    >>> cap_at_quantile(np.array([0.0, 10, 20, 90]), 0.75).tolist()
    [0.0, 10.0, 20.0, 20.0]
    """
    return np.minimum(outcome, np.quantile(outcome, share, method="inverted_cdf"))
