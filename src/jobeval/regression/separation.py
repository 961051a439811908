"""Separation: outcomes that covariates predict perfectly, and a penalised answer to it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from jobeval.regression.logit import LogitFit, fit_logit

Floats = NDArray[np.float64]


def is_separated(design: NDArray[Any], outcome: NDArray[Any]) -> bool:
    """Whether some combination of columns splits the outcomes, ties allowed.

    Then the likelihood of a logistic regression has no maximum (Albert & Anderson 1984). A
    linear programme decides (Konis 2007): is there a direction along which no person's fit
    worsens, and some person's improves?

    Parameters
    ----------
    design
        Shape ``(n, k)``, with its own column of ones.
    outcome
        Shape ``(n,)``, 0 or 1.

    Examples
    --------
    >>> design = np.array([[1, 0], [1, 0], [1, 1], [1, 1]])
    >>> is_separated(design, np.array([0, 1, 1, 1])), is_separated(design, np.array([0, 1, 0, 1]))
    (True, False)
    """
    from scipy.optimize import linprog

    design = np.asarray(design, dtype=float)
    scaled = design / np.maximum(np.abs(design).max(axis=0), 1e-300)
    signed = np.unique(np.where(np.asarray(outcome) > 0, 1.0, -1.0)[:, None] * scaled, axis=0)
    found: Any = linprog(
        -signed.mean(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1)
    )
    return bool(-found.fun > 1e-9)


def fit_penalised_logit(
    design: NDArray[Any], outcome: NDArray[Any], weights: NDArray[Any] | None = None
) -> LogitFit:
    """Firth's logistic regression with corrected intercept, for probabilities (FLIC).

    Firth's penalty draws probabilities towards one half. The intercept is set anew by
    maximum likelihood, so that predicted and observed events agree in number (Puhr, Heinze,
    Nold, Lusa & Geroldinger 2017); the other coefficients and their covariances are Firth's.

    Parameters
    ----------
    design
        Shape ``(n, k)``; the first column is of ones.
    outcome, weights
        As for ``fit_logit``.

    Examples
    --------
    >>> design = np.array([[1, 0]] * 4 + [[1, 1]] * 4)
    >>> fit = fit_penalised_logit(design, np.array([0, 0, 0, 0, 0, 1, 1, 1]))
    >>> bool(0 < fit.probability[0] < 0.1), round(float(fit.probability.sum()), 9)
    (True, 3.0)
    """
    fit = fit_logit(design, outcome, weights, penalised=True)
    design, ones = np.asarray(design, dtype=float), np.ones(len(outcome))
    weights = ones if weights is None else np.asarray(weights, dtype=float)
    shift = _intercept_shift(design @ fit.coef, float(weights @ outcome), weights)
    coef = fit.coef + shift * np.eye(len(fit.coef))[0]
    return LogitFit(coef, fit.vcov, expit(design @ coef), fit.converged)


def _intercept_shift(predictor: Floats, events: float, weights: Floats) -> float:
    """What to add to every linear predictor so that the expected events are ``events``."""
    from scipy.optimize import brentq

    def excess(shift: float) -> float:
        return float(weights @ expit(predictor + shift)) - events

    root: Any = brentq(excess, -50.0, 50.0, xtol=1e-12)
    return float(root)
