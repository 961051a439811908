"""Shares and their intervals."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jobeval.inference.intervals import normal_quantile

Floats = NDArray[np.float64]


def wilson_interval(
    count: ArrayLike, of: ArrayLike, conf_level: float = 0.95
) -> tuple[Floats, Floats]:
    """The score interval of shares (Wilson 1927); ``nan`` where nobody is counted.

    Parameters
    ----------
    count, of
        Those with the mark, and all; numbers or arrays that broadcast to one shape.
    conf_level
        Between 0 and 1.

    Returns
    -------
    low, high
        Shares between 0 and 1, of the shape of ``count / of``.

    Raises
    ------
    ValueError
        A count below 0 or above ``of``, or ``conf_level`` outside 0 to 1.

    Examples
    --------
    34 of 190 are 17.9 % (13.1 to 24.0); of nobody there is no share.

    >>> low, high = wilson_interval([34, 0], [190, 0])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.131, nan], [0.24, nan])
    """
    counted, everyone = np.asarray(count, dtype=float), np.asarray(of, dtype=float)
    if np.any((counted < 0) | (counted > everyone)):
        raise ValueError("a count lies between 0 and the number of whom it is counted")
    return wilson_limits(counted, everyone, normal_quantile(conf_level))


def wilson_limits(count: NDArray[Any], of: NDArray[Any], z: float) -> tuple[Floats, Floats]:
    """Score limits of shares at the normal quantile ``z`` (1.96 at 95 %); see above.

    >>> low, high = wilson_limits(np.array([0]), np.array([10]), 1.959964)
    >>> round(float(low[0]), 4), round(float(high[0]), 4)
    (0.0, 0.2775)
    """
    n = np.where(of > 0, of, np.nan)
    share, extra = count / n, z**2 / n
    centre = (share + extra / 2) / (1 + extra)
    half = np.sqrt(extra * share * (1 - share) + extra**2 / 4) / (1 + extra)
    return np.maximum(centre - half, 0), np.minimum(centre + half, 1)
