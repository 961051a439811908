"""The largest of several correlated normal statistics: the reference of the max-combo test."""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

POWERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
"""ρ and γ of the four tests: proportional, early, late and middle differences."""
HEIGHTS, TURNS = 200, 400
"""Nodes over half the sphere; p-values are then right to four digits, however small."""


def largest_normal_tail(value: float, correlation: Floats) -> float:
    """``P(max |Zₖ| > value)`` for standard normals that span at most three dimensions.

    With ``Z = A X`` and ``X`` standard normal in three dimensions, of direction ``u`` and length
    ``R``, it is the mean over all directions of ``P(R > value / max |A u|)``, in which ``R²`` is
    chi-square with three degrees of freedom. So nothing is drawn, small chances keep their
    digits, and the correlation may be singular: that of the four tests of max-combo is, since
    the weights of two add up to those of a third.

    Parameters
    ----------
    value
        At least 0.
    correlation
        Shape ``(m, m)``, of rank 3 at most.

    Examples
    --------
    >>> two = np.eye(2)
    >>> round(largest_normal_tail(1.959964, np.ones((4, 4))), 5)
    0.05
    >>> round(largest_normal_tail(1.959964, two), 5), 1 - 0.95**2
    (0.0975, 0.09750000000000003)
    """
    from scipy.special import erfc

    roots, vectors = np.linalg.eigh(correlation)
    if (roots[:-3] > 1e-7).any():
        raise ValueError("the statistics span more than three dimensions")
    loads = np.pad(vectors * np.sqrt(np.maximum(roots, 0)), ((0, 0), (3, 0)))[:, -3:]
    directions, mass = _half_sphere()
    largest = np.abs(directions @ loads.T).max(axis=-1)
    length = value / np.maximum(largest, 1e-300)
    beyond = erfc(length / math.sqrt(2))
    beyond += length * math.sqrt(2 / math.pi) * np.exp(-(length**2) / 2)
    return float(mass @ beyond.mean(axis=1))


@cache
def _half_sphere() -> tuple[Floats, Floats]:
    """Directions, shape ``(heights, turns, 3)``, and the shares of their heights."""
    heights, mass = np.polynomial.legendre.leggauss(HEIGHTS)
    heights = (heights + 1) / 2
    turns = (np.arange(TURNS) + 0.5) * (2 * math.pi / TURNS)
    ring = np.sqrt(1 - heights**2)[:, None]
    around = (ring * np.cos(turns), ring * np.sin(turns))
    upward = np.broadcast_to(heights[:, None], around[0].shape)
    return np.stack([*around, upward], axis=-1), mass / 2
