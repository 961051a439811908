"""Places with persons alike: the mean of each for persons of the average case mix.

Notation: ``mⱼ`` is the adjusted mean of place ``j``, ``V`` the covariance of the ``k`` means,
``nⱼ`` the persons of a place and ``N`` those of all.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobeval.regression.cluster_robust import person_df
from jobeval.regression.least_squares import (
    LeastSquaresFit,
    fit_least_squares,
    independent_columns,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class AdjustedMeans:
    """The adjusted means of ``k`` places.

    Attributes
    ----------
    means, sizes
        Shape ``(k,)``; weighted by ``sizes`` the means average to that of all persons.
    kept
        Shape ``(p,)``: the covariates that differ within places.
    variance
        Of persons within places, given the covariates.
    fit
        Least squares on the places, which come first, and the kept covariates.
    """

    means: Floats
    sizes: Integers
    kept: NDArray[np.bool_]
    variance: float
    fit: LeastSquaresFit


@dataclass(frozen=True, slots=True, eq=False)
class RobustErrors:
    """Errors of adjusted means that hold whatever the places' variances.

    Attributes
    ----------
    covariance
        Shape ``(k, k)``: HC2 (MacKinnon & White 1985).
    alike
        Shape ``(k,)``: places whose persons all have the same outcome, so that they do not
        tell how far it varies; there the variance within all places stands in.
    varying
        Shape ``(n,)``: the persons whose own residuals count.
    """

    covariance: Floats
    alike: NDArray[np.bool_]
    varying: NDArray[np.bool_]


def adjust_means(outcome: Floats, place: Integers, covariates: Floats) -> AdjustedMeans:
    """The mean outcome of each place for persons of the average case mix.

    Least squares on indicators of the places and on the covariates, centred over everybody,
    with the same slopes everywhere: ``mⱼ = ȳⱼ − (x̄ⱼ − x̄)b`` with the slopes ``b`` from within
    the places.

    Parameters
    ----------
    outcome
        Shape ``(n,)``, finite.
    place
        Shape ``(n,)``: codes ``0 … k − 1``, each there.
    covariates
        Shape ``(n, p)``. Those that do not differ within places are left out: nothing can
        tell them from the places.

    Examples
    --------
    The second place is as good as the first: its persons are younger by one.

    >>> age = np.array([0.0, 1, 1, 2])[:, None]
    >>> adjust_means(np.array([1.0, 3, 3, 5]), np.array([0, 0, 1, 1]), age).means.round(9).tolist()
    [3.0, 3.0]
    """
    sizes = np.bincount(place)
    k = len(sizes)
    centred = covariates - covariates.mean(axis=0)
    design = np.column_stack([place[:, None] == np.arange(k), centred])
    kept = independent_columns(design)
    fit = fit_least_squares(design[:, kept], outcome)
    variance = float(np.square(fit.residuals).sum() / max(fit.df_resid, 1))
    return AdjustedMeans(fit.coef[:k], sizes, kept[k:], variance, fit)


def expected_covariance(adjusted: AdjustedMeans, person_variance: Floats) -> Floats:
    """``V``, shape ``(k, k)``, where the variance of each person, shape ``(n,)``, is known.

    With that which the case mix gives it is what chance makes of places that do not differ.
    """
    k = len(adjusted.means)
    half = adjusted.fit.root[:k] @ (adjusted.fit.basis * np.sqrt(person_variance)[:, None]).T
    return half @ half.T


def robust_errors(adjusted: AdjustedMeans, outcome: Floats, place: Integers) -> RobustErrors:
    """``V`` from the residuals of each place's own persons.

    Examples
    --------
    >>> outcome, place = np.array([1.0, 3, 4, 8]), np.array([0, 0, 1, 1])
    >>> adjusted = adjust_means(outcome, place, np.empty((4, 0)))
    >>> robust_errors(adjusted, outcome, place).covariance.round(9).tolist()
    [[1.0, 0.0], [0.0, 4.0]]
    """
    fit, alike = adjusted.fit, _are_alike(outcome, place)
    left = 1 - fit.leverage
    varying = ~alike[place] & (left > 1e-10)
    own = np.square(fit.residuals) / np.where(varying, left, 1.0)
    variance = np.where(varying, own, adjusted.variance)
    return RobustErrors(expected_covariance(adjusted, variance), alike, varying)


def _are_alike(outcome: Floats, place: Integers) -> NDArray[np.bool_]:
    """Whether all persons of a place have the same outcome, shape ``(k,)``."""
    order = np.argsort(place, kind="stable")
    first = np.searchsorted(place[order], np.arange(place.max() + 1))
    least, most = (part.reduceat(outcome[order], first) for part in (np.minimum, np.maximum))
    return np.equal(least, most)


def contrast_df(adjusted: AdjustedMeans, robust: RobustErrors, weights: Floats) -> Floats:
    """Degrees of freedom, after Bell & McCaffrey (2002), of each place's contrast.

    Those of the fit for a place whose persons are all alike.

    Parameters
    ----------
    weights
        Shape ``(k, k)``: one contrast of the means a row.
    """
    fit, rows, k = adjusted.fit, robust.varying, len(weights)
    found = [
        float(fit.df_resid)
        if robust.alike[j]
        else person_df(fit.basis[rows], fit.leverage[rows], fit.root[:k].T @ row)
        for j, row in enumerate(weights)
    ]
    return np.array(found)
