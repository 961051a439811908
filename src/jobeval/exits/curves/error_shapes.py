"""Distributions of the error of log durations, as an accelerated failure time model needs them."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Function = Callable[[Floats], Floats]


class ErrorShape(NamedTuple):
    """Functions of ``z = (log t − xβ) / σ``; the density has a concave logarithm."""

    log_density: Function
    log_survival: Function
    slope: Function  # of the log density
    curvature: Function  # of the log density


def _weibull_density(z: Floats) -> Floats:
    return z - np.exp(z)


def _weibull_tail(z: Floats) -> Floats:
    return -np.exp(z)


def _weibull_slope(z: Floats) -> Floats:
    return 1 - np.exp(z)


def _normal_density(z: Floats) -> Floats:
    return -(z**2) / 2 - np.log(2 * np.pi) / 2


def _normal_tail(z: Floats) -> Floats:
    from scipy.special import log_ndtr

    return np.asarray(log_ndtr(-z))


def _normal_slope(z: Floats) -> Floats:
    return -z


def _normal_curvature(z: Floats) -> Floats:
    return -np.ones_like(z)


def _logistic_density(z: Floats) -> Floats:
    return z + 2 * _logistic_tail(z)


def _logistic_tail(z: Floats) -> Floats:
    return -np.logaddexp(0.0, z)


def _logistic_slope(z: Floats) -> Floats:
    return -np.tanh(z / 2)


def _logistic_curvature(z: Floats) -> Floats:
    return -1 / (1 + np.cosh(z))


WEIBULL = ErrorShape(_weibull_density, _weibull_tail, _weibull_slope, _weibull_tail)
LOG_NORMAL = ErrorShape(_normal_density, _normal_tail, _normal_slope, _normal_curvature)
LOG_LOGISTIC = ErrorShape(_logistic_density, _logistic_tail, _logistic_slope, _logistic_curvature)
