"""How far Brownian bridges stray: the critical values of simultaneous bands around one curve.

With ``a = n σ² / (1 + n σ²)`` in place of time, ``σ²`` the variance of a Kaplan–Meier curve before
it is multiplied by ``S²``, the error of the curve is a Brownian bridge ``B(a)`` (Hall & Wellner
1980). The chances are computed for the bridge itself, for any level and range of ``a``, not
taken from tables or from the approximation for rare crossings.
"""

import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.intervals import normal_quantile

Floats = NDArray[np.float64]
TERMS = 60
NODES = 200
HIGHEST = 9.0
"""No process here strays further in units of its own spread."""
SHORTEST = 0.002
"""Shorter spans of the stationary process count as this one, on which ``TERMS`` suffice."""


def hall_wellner_value(low: float, high: float, level: float) -> float:
    """``c`` with ``P(|B(a)| ≤ c for all low ≤ a ≤ high) = level``.

    >>> round(hall_wellner_value(0.0001, 0.9999, 0.95), 4)  # Kolmogorov's distribution
    1.3581
    """
    middle = min(max(0.5, low), high)
    spread = math.sqrt(middle * (1 - middle))
    lowest = normal_quantile(level) * spread
    if low == high:
        return lowest
    bounds = (0.999 * lowest, HIGHEST * spread)
    return _solve(partial(_stay_bridge, low=low, high=high), level, *bounds)


def equal_precision_value(low: float, high: float, level: float) -> float:
    """``c`` with ``P(|B(a)| ≤ c √(a (1 − a)) for all low ≤ a ≤ high) = level``.

    Nair (1984). It depends on ``½ log(high (1 − low) / (low (1 − high)))`` only, and is the
    normal quantile when ``low = high``.

    >>> round(equal_precision_value(0.1, 0.9, 0.95), 3)
    3.052
    >>> round(equal_precision_value(0.5, 0.5, 0.95), 4)
    1.96
    """
    span = 0.5 * math.log(high * (1 - low) / (low * (1 - high)))
    lowest = normal_quantile(level)
    if span == 0:
        return lowest
    span = max(span, SHORTEST)
    return _solve(partial(_stay_stationary, span=span), level, lowest * 0.999, HIGHEST)


def _solve(stay: Callable[[float], float], level: float, low: float, high: float) -> float:
    from scipy.optimize import brentq

    def excess(value: float) -> float:
        return stay(value) - level

    root: Any = brentq(excess, low, high, xtol=1e-8)
    return float(root)


def _stay_bridge(value: float, low: float, high: float) -> float:
    """A Brownian motion that ends in 0 at 1, held within ``± value`` from ``low`` to ``high``.

    Between them it is expanded in the motions that die at the bounds, ``cos((j + ½) π y / c)``.
    """
    rate: Floats = (np.arange(TERMS, dtype=np.float64) + 0.5) * math.pi / value
    before, after = (_normal_modes(rate, value, variance) for variance in (low, 1 - high))
    decay = np.exp(-(rate**2) * (high - low) / 2)
    return float((before * after * decay).sum() * math.sqrt(2 * math.pi) / value)


def _normal_modes(rate: Floats, value: float, variance: float) -> Floats:
    """``∫ cos(rate y) φ(y; variance) dy`` within ``± value``."""
    z, weight, *_ = _even_functions()
    reach = min(value, HIGHEST * math.sqrt(variance))
    y = reach * z
    density = np.exp(-(y**2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)
    return np.cos(rate[:, None] * y) @ (reach * weight * density)


def _stay_stationary(value: float, span: float) -> float:
    """A stationary Gaussian process of correlation ``exp(−|t|)``, held within ``± value``.

    ``B(a) / √(a (1 − a))`` is one on the scale of ``½ log(a / (1 − a))``. Its generator, turned
    into ``−g″ + (y²/4 − ½) g`` with ``g(± value) = 0``, is solved in Legendre polynomials.
    """
    z, weight, shape, slopes, squares = _even_functions()
    energy = slopes / value**2 + value**2 / 4 * squares - 0.5 * np.eye(TERMS)
    y = value * z
    start = shape.T @ (weight * np.exp(-(y**2) / 4)) * math.sqrt(value) / (2 * math.pi) ** 0.25
    rates, modes = np.linalg.eigh(energy)
    return float(((start @ modes) ** 2 * np.exp(-rates * span)).sum())


@cache
def _even_functions() -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Even polynomials that are 0 at ± 1, orthonormal on (−1, 1).

    Nodes and weights of the integrals, the polynomials at the nodes, shape ``(NODES, TERMS)``,
    and the integrals of products of their slopes and of products of them with ``z²``.
    """
    z, weight = np.polynomial.legendre.leggauss(NODES)
    degree = 2 * np.arange(1, TERMS + 1)
    legendre = np.polynomial.legendre.legvander(z, 2 * TERMS)
    size = 1 / np.sqrt(4 * degree - 2)
    shape = (legendre[:, 2::2] - legendre[:, :-2:2]) * size
    slope = (2 * degree - 1) * legendre[:, 1::2] * size
    turn = np.linalg.inv(np.linalg.cholesky((shape.T * weight) @ shape)).T
    shape, slope = shape @ turn, slope @ turn
    squares = (shape.T * (weight * z**2)) @ shape
    return z, weight, shape, (slope.T * weight) @ slope, squares
