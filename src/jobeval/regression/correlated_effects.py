"""Effects of places whose errors go together, shrunken jointly.

With covariance ``V = UΛU'`` of the estimates the rotated ones, ``U'y``, are independent with
variances ``λᵢ + τ²``, so that the random effects of ``fit_random_effects`` hold for them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobeval.regression.random_effects import fit_random_effects

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ShrunkenEffects:
    """What ``shrink_correlated_effects`` finds about ``k`` places.

    Attributes
    ----------
    effects
        Shape ``(k,)``: the empirical-Bayes means.
    covariance
        Shape ``(k, k)``, of the true effects about them.
    mean
        The mean over places like these.
    tau_squared
        The variance of the true effects between places, by REML.
    """

    effects: Floats
    covariance: Floats
    mean: float
    tau_squared: float


def shrink_correlated_effects(estimates: Floats, covariance: Floats) -> ShrunkenEffects:
    """The empirical-Bayes means of effects that were estimated together.

    The best linear prediction ``μ + τ²(V + τ²I)⁻¹(y − μ)``, with ``τ²`` by REML. Its covariance
    accounts for the uncertainty in ``μ`` and, to the first order, in ``τ²`` (Kass & Steffey
    1989), as that of ``shrink_effects``, with which it agrees where ``V`` is diagonal.

    Parameters
    ----------
    estimates
        Shape ``(k,)``, at least two.
    covariance
        Shape ``(k, k)``, positive definite.

    Examples
    --------
    >>> found = shrink_correlated_effects(np.array([1.0, 5.0]), np.eye(2))
    >>> found.effects.round(9).tolist(), round(found.tau_squared, 9)
    ([1.25, 4.75], 7.0)
    """
    variances, turn = np.linalg.eigh(covariance)
    rotated, ones = turn.T @ estimates, turn.sum(axis=0)
    found = fit_random_effects(rotated, np.sqrt(variances), ones[:, None])
    distance = rotated - found.fitted
    weight = variances / (variances + found.tau_squared)
    of_mean = weight * ones * found.std_error[0]
    of_tau = distance * variances / np.square(variances + found.tau_squared)
    of_tau *= found.tau_squared_error
    known = np.diag((1 - weight) * variances)
    spread = known + np.outer(of_mean, of_mean) + np.outer(of_tau, of_tau)
    return ShrunkenEffects(
        effects=turn @ (rotated - weight * distance),
        covariance=turn @ spread @ turn.T,
        mean=float(found.coef[0]),
        tau_squared=found.tau_squared,
    )
