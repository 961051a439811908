"""Each place against the average of the others: difference, interval, p-value."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.delivery.places_adjusted import AdjustedMeans, RobustErrors, contrast_df
from jobeval.inference.intervals import normal_quantile
from jobeval.inference.proportions import wilson_limits

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Limits(NamedTuple):
    """Interval and two-sided p-value of ``k`` differences, shape ``(k,)`` each."""

    low: Floats
    high: Floats
    p_value: Floats


def weigh_others(sizes: Integers) -> Floats:
    """The weights, shape ``(k, k)``, of all places in the average of the others of each.

    ``nₖ / (N − nⱼ)`` in row ``j``, and 0 for the place itself.

    Examples
    --------
    >>> weigh_others(np.array([10, 10, 30])).tolist()
    [[0.0, 0.25, 0.75], [0.25, 0.0, 0.75], [0.5, 0.5, 0.0]]
    """
    others = np.where(np.eye(len(sizes)), 0.0, sizes)
    return others / others.sum(axis=1, keepdims=True)


def limit_means(adjusted: AdjustedMeans, robust: RobustErrors, conf_level: float) -> Limits:
    """Limits of the differences of means: HC2 and Student's t.

    Errors come from the whole covariance of the means, degrees of freedom from ``contrast_df``.
    """
    from scipy.special import stdtr, stdtrit

    weights = np.eye(len(adjusted.means)) - weigh_others(adjusted.sizes)
    difference = weights @ adjusted.means
    error = np.sqrt(np.diag(weights @ robust.covariance @ weights.T))
    df = contrast_df(adjusted, robust, weights)
    half = stdtrit(df, 0.5 + conf_level / 2) * error
    p_value = 2 * stdtr(df, -np.abs(difference) / error)
    return Limits(difference - half, difference + half, p_value)


def limit_shares(
    adjusted: AdjustedMeans,
    observed: Floats,
    expected: Floats,
    covariance: Floats,
    conf_level: float,
) -> Limits:
    """Limits of the differences of shares: from the score intervals of both sides.

    Newcombe (1998, Stat Med 17:873–890, method 10), with the correlation of both sides as Zou
    & Donner (2008, Stat Med 27:1693–1702): the distances from the shares to their Wilson limits
    are put together about the adjusted difference. A Wilson interval is that of as many
    persons as give ``covariance`` at the expected share, so of the place's own persons
    where nothing is adjusted for. The p-value is of the score test, with ``covariance``.

    Parameters
    ----------
    observed, expected
        Shape ``(k,)``: shares of the places.
    covariance
        Shape ``(k, k)``, of the adjusted means, as chance makes it where no place differs.
    """
    from scipy.special import ndtr

    others = weigh_others(adjusted.sizes)
    difference = adjusted.means - others @ adjusted.means
    own, rest = np.diag(covariance), np.diag(others @ covariance @ others.T)
    shared = np.diag(others @ covariance)
    z = normal_quantile(conf_level)
    own_low, own_high = _distances(observed, expected, own, z)
    rest_low, rest_high = _distances(others @ observed, others @ expected, rest, z)
    correlation = shared / np.sqrt(own * rest)
    error = np.sqrt(own + rest - 2 * shared)
    return Limits(
        low=difference - _together(own_low, rest_high, correlation),
        high=difference + _together(own_high, rest_low, correlation),
        p_value=2 * ndtr(-np.abs(difference) / error),
    )


def _distances(
    observed: Floats, expected: Floats, variance: Floats, z: float
) -> tuple[Floats, Floats]:
    """From the shares down and up to their Wilson limits."""
    n = expected * (1 - expected) / variance
    low, high = wilson_limits(observed * n, n, z)
    return observed - low, high - observed


def _together(one: Floats, other: Floats, correlation: Floats) -> Floats:
    squares = np.square(one) + np.square(other) - 2 * correlation * one * other
    return np.sqrt(np.maximum(squares, 0.0))
