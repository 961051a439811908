"""Covariate adjustment with slopes of their own in each arm."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.least_squares import LeastSquaresFit, fit_least_squares


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
    centred = adjusters - centre
    design = [np.ones(len(assigned)), assigned, centred, assigned[:, None] * centred]
    return fit_least_squares(np.column_stack(design), outcome, weights)
