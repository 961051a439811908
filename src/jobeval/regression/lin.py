"""Covariate adjustment with slopes of their own in each arm."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.regression.least_squares import LeastSquaresFit, fit_least_squares


def fit_lin(
    outcome: NDArray[Any],
    assigned: NDArray[np.int64],
    adjusters: NDArray[np.float64],
    weights: NDArray[np.float64] | None = None,
    centre: NDArray[np.float64] | None = None,
) -> LeastSquaresFit:
    """Regress the outcome on treatment, centred adjusters and their products (Lin 2013).

    The coefficient of treatment is the mean, over the persons at whose means the adjusters
    are centred, of the difference of two regressions, one an arm. With stratum indicators
    alone it is the blocked difference, and HC2 is its variance.

    Parameters
    ----------
    outcome, assigned
        Shape ``(n,)``.
    adjusters
        Shape ``(n, p)``: stratum indicators and covariates, linearly independent.
    weights
        Shape ``(n,)`` or ``None``.
    centre
        Shape ``(p,)``, the means of the population that the effect is about; ``None`` for
        the (weighted) means of the adjusters.

    Returns
    -------
    A fit with columns: constant, treatment, centred adjusters, their products.

    Examples
    --------
    >>> outcome, assigned = np.array([0.0, 1, 2, 4, 6, 9]), np.array([0, 0, 0, 1, 1, 1])
    >>> fit = fit_lin(outcome, assigned, np.array([[0.0], [1], [2], [0], [1], [2]]))
    >>> round(float(fit.coef[1]), 9), round(19 / 3 - 1, 9)
    (5.333333333, 5.333333333)
    """
    centre = np.average(adjusters, axis=0, weights=weights) if centre is None else centre
    return fit_least_squares(lin_design(assigned, adjusters, centre), outcome, weights)


def lin_design(
    assigned: NDArray[np.int64], adjusters: NDArray[np.float64], centre: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Constant, treatment, adjusters less ``centre`` and their products, ``(n, 2 + 2p)``."""
    centred = adjusters - centre
    parts = [np.ones(len(assigned)), assigned, centred, assigned[:, None] * centred]
    return np.asarray(np.column_stack(parts), dtype=float)


def effects_by_person(fit: LeastSquaresFit, centred: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each person's effect as a fit of ``fit_lin`` predicts it, shape ``(n,)``.

    Parameters
    ----------
    fit
        Of one outcome.
    centred
        Shape ``(n, p)``: the adjusters, centred as in the fit.

    Examples
    --------
    >>> outcome, assigned = np.array([0.0, 1, 2, 4, 6, 9]), np.array([0, 0, 0, 1, 1, 1])
    >>> x = np.array([[0.0], [1], [2], [0], [1], [2]])
    >>> effects_by_person(fit_lin(outcome, assigned, x), x - 1)[:3].round(9).tolist()
    [3.833333333, 5.333333333, 6.833333333]
    """
    return fit.coef[1] + centred @ fit.coef[2 + centred.shape[1] :]
