"""What a place would have had if its persons had done as persons like them do everywhere."""

import numpy as np
from numpy.typing import NDArray

from jobeval.regression.least_squares import fit_least_squares, independent_columns
from jobeval.regression.logit import fit_logit
from jobeval.regression.separation import fit_penalised_logit

Floats = NDArray[np.float64]


def expect_outcomes(outcome: Floats, covariates: Floats, *, share: bool) -> Floats:
    """Each person's expected outcome from a case-mix model that knows no places.

    Logistic regression for shares and least squares else, fitted on the persons of all places.
    Both give as much in all as was observed. Where covariates split the outcomes perfectly,
    the logistic regression is Firth's with its intercept set anew (FLIC).

    Parameters
    ----------
    outcome
        Shape ``(n,)``, finite; for shares 0 or 1, and not all the same.
    covariates
        Shape ``(n, p)``; columns that are combinations of others add nothing.

    Returns
    -------
    Shape ``(n,)``.

    Examples
    --------
    >>> sex = np.array([0.0, 0, 0, 0, 1, 1, 1, 1])[:, None]
    >>> hours = np.array([0.0, 0, 0, 1, 0, 1, 1, 1])
    >>> expect_outcomes(hours, sex, share=True).round(9).tolist()
    [0.25, 0.25, 0.25, 0.25, 0.75, 0.75, 0.75, 0.75]
    """
    design = np.column_stack([np.ones(len(outcome)), covariates])
    design = design[:, independent_columns(design)]
    if not share:
        return outcome - fit_least_squares(design, outcome).residuals
    fit = fit_logit(design, outcome)
    return (fit if fit.converged else fit_penalised_logit(design, outcome)).probability
