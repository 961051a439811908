"""Funnel limits: how far a place of ``n`` persons may lie from the average by chance alone."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

AREAS = (0.025, 0.975, 0.001, 0.999)
"""Below the 95 % limits, low and high, and below the 99.8 % ones."""
FEWEST = 5
"""Where a funnel begins; places are rarely smaller."""


def funnel_sizes(sizes: Integers, points: int = 100) -> Integers:
    """Whole numbers of persons, evenly on the log scale, that span the places.

    The ends are round, so that they tell no place's exact number.

    Examples
    --------
    >>> grid = funnel_sizes(np.array([12, 77]))
    >>> int(grid[0]), int(grid[-1])
    (5, 80)
    """
    largest = max(int(sizes.max()), 2 * FEWEST)
    step = 10 ** (len(str(largest)) - 1)
    end = -(-largest // step) * step
    return np.unique(np.geomspace(min(FEWEST, int(sizes.min())), end, points).round()).astype(int)


def funnel_of_shares(n: Integers, average: float) -> Floats:
    """Funnel limits of shares, from the binomial distribution, interpolated.

    Spiegelhalter (2005, Stat Med 24:1185–1202, appendix A.1.1): with ``r`` the least number for
    which ``P(R ≤ r) ≥ p`` the limit is ``(r − α) / n``, where
    ``α = (P(R ≤ r) − p) / P(R = r)``; not below 0.

    Parameters
    ----------
    n
        Shape ``(g,)``, from 1.
    average
        Between 0 and 1.

    Returns
    -------
    Shape ``(g, 4)``: low and high at 95 %, low and high at 99.8 %.

    Examples
    --------
    Of two coins: ``P(R ≤ 2) = 1`` and ``P(R = 2) = 1/4``, so that ``(2 − 0.025 / 0.25) / 2``.

    >>> funnel_of_shares(np.array([2]), 0.5)[0, :2].round(9).tolist()
    [0.0, 0.95]
    """
    from scipy.stats import binom

    size = n[:, None]
    most = binom.ppf(AREAS, size, average)
    back = (binom.cdf(most, size, average) - AREAS) / binom.pmf(most, size, average)
    return np.maximum((most - back) / size, 0.0)


def funnel_of_means(n: Integers, average: float, variance: float) -> Floats:
    """Funnel limits of means, from the normal distribution; shapes as of ``funnel_of_shares``.

    Examples
    --------
    >>> funnel_of_means(np.array([25]), 10.0, 100.0)[0, :2].round(2).tolist()
    [6.08, 13.92]
    """
    from scipy.special import ndtri

    return average + np.sqrt(variance / n)[:, None] * ndtri(AREAS)


def measure_overdispersion(distance: Floats, variance: Floats) -> float:
    """How much more the places vary than chance makes them: about 1 if not at all.

    ``φ = Σ zⱼ² / k`` with ``zⱼ = distance / √variance`` (Spiegelhalter 2005, section 5).

    Parameters
    ----------
    distance, variance
        Shape ``(k,)``: observed less expected, and its variance by chance.

    Examples
    --------
    >>> measure_overdispersion(np.array([-6.0, -2, 0, 2, 6]), np.full(5, 4.0))
    4.0
    """
    return float((np.square(distance) / variance).mean())
