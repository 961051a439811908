"""The difference of two arms' means within strata, where strata may lack an arm."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
FULL = 1e-9
"""A person whose value no other person helps to foretell leaves no residual."""


RANK = 1e-9
"""Directions with less than this share of the largest spread are combinations of others."""


def uncorrelated(x: Floats, stratum: Counts) -> Floats:
    """The same covariates as columns that are uncorrelated within strata, each of variance 1.

    Slopes learned in an arm in which columns are combinations of others, such as one without
    anybody of some level, are the shortest that fit. Of these columns they do not depend on the
    unit of a covariate or the reference of a factor.

    Parameters
    ----------
    x
        Shape ``(n, p)``.
    stratum
        Shape ``(n,)``, codes from 0 on.

    Returns
    -------
    Shape ``(n, q)``, ``q ≤ p``: what is a combination of others within strata has no column.

    Examples
    --------
    >>> age = np.array([[20.0], [30.0], [40.0], [50.0]])
    >>> columns = uncorrelated(np.hstack([age, 2 * age]), np.zeros(4, dtype=int))
    >>> columns.shape, bool(np.isclose(columns.var(), 1))
    ((4, 1), True)
    """
    x = x - x.mean(axis=0)
    size = np.maximum(np.bincount(stratum), 1)
    means = [np.bincount(stratum, weights=column) / size for column in x.T]
    within = x - np.stack(means, axis=1)[stratum] if means else x
    scale, whole = (np.sqrt((columns**2).mean(axis=0)) for columns in (within, x))
    varies = scale > RANK * whole
    within, x = within[:, varies] / scale[varies], x[:, varies] / scale[varies]
    spread, axes = np.linalg.eigh(within.T @ within / max(len(x), 1))
    own = spread > RANK * spread.max(initial=0)
    return x @ (axes[:, own] / np.sqrt(spread[own]))


class StrataMeans(NamedTuple):
    """Means of both arms, weighted alike over strata, and the error of their difference."""

    control: float
    treatment: float
    std_error: float


def compare_within_strata(
    values: Floats, assigned: Counts, stratum: Counts, cluster: Counts | None = None
) -> StrataMeans:
    """Means over strata with weights ``n₁ n₀ / n``, which no stratum without an arm has.

    The difference is the coefficient of treatment beside an intercept for each stratum
    (Mantel & Haenszel's for shares). Its error is HC2 (MacKinnon & White 1985), Welch's in one
    stratum, or residuals summed over clusters when they are given.

    Parameters
    ----------
    values, assigned, stratum, cluster
        Shape ``(n,)``; codes from 0 on.

    Returns
    -------
    StrataMeans
        ``nan`` when no stratum holds both arms; the error also when nothing is left to
        estimate it from.

    Examples
    --------
    >>> share = np.array([1.0, 0, 1, 1, 0, 0])
    >>> arm = np.array([1, 1, 1, 0, 0, 0])
    >>> [round(one, 4) for one in compare_within_strata(share, arm, np.zeros(6, dtype=int))]
    [0.3333, 0.6667, 0.4714]
    """
    size = np.maximum(np.bincount(stratum), 1)
    treated = np.bincount(stratum, weights=assigned, minlength=len(size))
    weights = treated * (size - treated) / size
    total = float(weights.sum())
    if not total:
        return StrataMeans(math.nan, math.nan, math.nan)
    sums = [
        np.bincount(stratum, weights=values * (assigned == a), minlength=len(size)) for a in (0, 1)
    ]
    means = [s / np.maximum(n, 1) for s, n in zip(sums, (size - treated, treated), strict=True)]
    control, treatment = (float(weights @ mean) / total for mean in means)
    centred = assigned - (treated / size)[stratum]
    residual = values - ((sums[0] + sums[1]) / size)[stratum] - (treatment - control) * centred
    if cluster is not None:
        variance = (np.bincount(cluster, weights=centred * residual) ** 2).sum()
    else:
        left = 1 - 1 / size[stratum] - centred**2 / total
        moves = centred != 0
        if (left[moves] < FULL).any():
            return StrataMeans(control, treatment, math.nan)
        variance = ((centred * residual)[moves] ** 2 / left[moves]).sum()
    return StrataMeans(control, treatment, math.sqrt(variance) / total)
