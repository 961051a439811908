"""Covariate adjustment with one slope for both arms."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.regression.least_squares import LeastSquaresFit, fit_least_squares


def fit_ancova(
    outcome: NDArray[Any],
    assigned: NDArray[np.int64],
    adjusters: NDArray[np.float64],
    weights: NDArray[np.float64] | None = None,
) -> LeastSquaresFit:
    """Regress the outcome on treatment and adjusters (Freedman 2008; Fisher's ANCOVA).

    Where the allocation differs between strata, stratum indicators among the adjusters make
    the coefficient a mean of stratum effects by ``nₛ pₛ (1 − pₛ)``; weights ``nₛ / nₛₐ``
    bring it back to the mean over everyone drawn.

    Parameters
    ----------
    outcome, assigned
        Shape ``(n,)``.
    adjusters
        Shape ``(n, p)``: stratum indicators and covariates, linearly independent.
    weights
        Shape ``(n,)`` or ``None``.

    Returns
    -------
    A fit with columns: constant, treatment, adjusters.

    Examples
    --------
    >>> x = np.array([[1.0], [2], [3], [5]])
    >>> fit = fit_ancova(np.array([1.0, 4, 3, 7]), np.array([0, 1, 0, 1]), x)
    >>> fit.coef.round(12).tolist()  # y = x, and 2 more when treated
    [0.0, 2.0, 1.0]
    """
    return fit_least_squares(ancova_design(assigned, adjusters), outcome, weights)


def ancova_design(
    assigned: NDArray[np.int64], adjusters: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Constant, treatment and adjusters, shape ``(n, 2 + p)``."""
    return np.column_stack([np.ones(len(assigned)), assigned.astype(float), adjusters])
