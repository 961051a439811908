"""Risks of both arms standardised to everyone drawn, after a logistic regression."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from jobeval.regression.logit import LogitFit

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Contrast(NamedTuple):
    """A difference or a log ratio of two risks, with its standard error."""

    estimate: float
    std_error: float


def arm_designs(assigned: Integers, adjusters: Floats) -> tuple[Floats, Floats, Floats]:
    """The design as drawn, with everyone in control, and with everyone in treatment.

    Parameters
    ----------
    assigned
        Shape ``(n,)``.
    adjusters
        Shape ``(n, p)``: stratum indicators and covariates.

    Returns
    -------
    Three arrays of shape ``(n, p + 2)``: constant, treatment, adjusters.
    """
    drawn = np.column_stack([np.ones(len(assigned)), assigned.astype(np.float64), adjusters])
    nobody, everybody = drawn.copy(), drawn.copy()
    nobody[:, 1], everybody[:, 1] = 0.0, 1.0
    return drawn, nobody, everybody


def predict_risks(fit: LogitFit, nobody: Floats, everybody: Floats) -> Floats:
    """Each person's risk under control and under treatment, shape ``(n, 2)``."""
    return np.column_stack([expit(nobody @ fit.coef), expit(everybody @ fit.coef)])


def ge_covariance(fit: LogitFit, nobody: Floats, everybody: Floats) -> Floats:
    """The covariance of the two mean risks given the covariates, shape ``(2, 2)``.

    The delta method on the coefficients (Ge, Durham, Meyer, Xie & Thomas 2011): it trusts
    the model and takes the covariates as given.
    """
    risks = predict_risks(fit, nobody, everybody)
    slopes = risks * (1 - risks)
    gradient = np.stack([slopes[:, 0] @ nobody, slopes[:, 1] @ everybody]) / len(risks)
    return gradient @ fit.vcov @ gradient.T


def ye_covariance(outcome: Floats, assigned: Integers, stratum: Integers, risks: Floats) -> Floats:
    """The covariance of the two mean risks for new persons, whatever the true model.

    Ye, Bannick, Yi & Shao 2023, eq. 4, in each stratum of the lottery, added up with squared
    shares of everyone drawn; without covariates it is the variance of the blocked
    difference in means.

    Parameters
    ----------
    outcome, assigned, stratum
        Shape ``(n,)``; at least two persons an arm in each stratum.
    risks
        Shape ``(n, 2)``: predicted under control, under treatment.

    Returns
    -------
    Shape ``(2, 2)``.
    """
    total = np.zeros((2, 2))
    for code in range(int(stratum.max()) + 1):
        mine = stratum == code
        share = mine.sum() / len(stratum)
        total += share**2 * _ye_stratum(outcome[mine], assigned[mine], risks[mine])
    return total


def _ye_stratum(outcome: Floats, assigned: Integers, risks: Floats) -> Floats:
    size, within = len(outcome), np.zeros((2, 2))
    residual_part = np.zeros((2, 2))
    for arm in (0, 1):
        mine = assigned == arm
        joint = np.cov(outcome[mine], risks[mine].T)
        within[arm] = joint[0, 1:]  # of the arm's outcome with both predictions
        residual = float((outcome[mine] - risks[mine, arm]).var(ddof=1))
        residual_part[arm, arm] = residual / mine.sum()
    return residual_part + (within + within.T - np.cov(risks.T)) / size


def contrast_risks(risks: Floats, covariance: Floats, ratio: bool) -> Contrast:
    """The difference of two risks, or the log of their ratio, by the delta method.

    Parameters
    ----------
    risks
        Shape ``(2,)``: control, treatment.
    covariance
        Shape ``(2, 2)``.

    Examples
    --------
    >>> risks, covariance = np.array([0.2, 0.3]), np.diag([0.0016, 0.0009])
    >>> found = contrast_risks(risks, covariance, ratio=False)
    >>> round(found.estimate, 9), round(found.std_error, 9)
    (0.1, 0.05)
    """
    control, treatment = (float(risk) for risk in risks)
    gradient = np.array([-1.0, 1.0])
    if ratio:
        if not (control > 0 and treatment > 0):
            return Contrast(math.nan, math.nan)
        gradient = gradient / risks
        estimate = math.log(treatment / control)
    else:
        estimate = treatment - control
    variance: Any = gradient @ covariance @ gradient
    return Contrast(estimate, math.sqrt(variance) if variance > 0 else math.nan)
