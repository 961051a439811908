"""Firth's penalised likelihood: finite also where the likelihood is monotone.

Heinze & Schemper (2001, Biometrics 57) add ``½ log |I(β)|`` to Cox's log partial likelihood, and
so ``½ tr(I⁻¹ ∂I/∂β)`` to the score. At one exit, with chances ``p`` of those at risk, mean ``m``
of ``x`` and ``V = I⁻¹``, the trace is ``Σ p (x − m) (x − m)′V(x − m)``.
"""

from itertools import chain

import numpy as np

from jobeval.exits.hazards.cox_arrange import Floats
from jobeval.exits.hazards.cox_likelihood import PartialLikelihood
from jobeval.exits.hazards.cox_newton import Point

STEP = 1e-5
"""Of the differences that give the curvature; columns have spread 1."""


def penalised_point(likelihood: PartialLikelihood, beta: Floats) -> Point:
    """The penalised log-likelihood, its score and, by differences of it, its curvature.

    With few exits the curvature is up to twice the information, too much to step by the latter.
    """
    loglik, score, information = _penalised(likelihood, beta)
    if not np.isfinite(loglik):
        return Point(loglik, score, information)
    moved = [_penalised(likelihood, beta + STEP * unit)[1] for unit in np.eye(len(beta))]
    curvature = (score - np.array(moved)) / STEP
    curvature = (curvature + curvature.T) / 2
    concave = np.isfinite(curvature).all() and np.linalg.eigvalsh(curvature)[0] > 0
    return Point(loglik, score, curvature if concave else information)


def _penalised(likelihood: PartialLikelihood, beta: Floats) -> tuple[float, Floats, Floats]:
    """Penalised log-likelihood and score, and the information, which is not penalised."""
    sums = likelihood.sums(beta)
    information = likelihood.information(sums)
    sign, log_volume = np.linalg.slogdet(information)
    if not sign > 0:
        return -np.inf, np.full(len(beta), np.nan), information
    inverse = np.asarray(np.linalg.inv(information), dtype=np.float64)
    score = likelihood.score(sums) + _third_moments(likelihood, sums.weights, inverse) / 2
    return sums.loglik + float(log_volume) / 2, score, information


def _third_moments(likelihood: PartialLikelihood, weights: Floats, inverse: Floats) -> Floats:
    """``tr(V ∂I/∂β)``, shape ``(p,)``: summed over all exits, with Efron's chances for ties."""
    z, cells = likelihood.z, likelihood.cells
    p = len(z)
    length = weights * np.einsum("jm,jk,km->m", z, inverse, z)
    first = (weights * column for column in z)
    products = (weights * column * other for column in z for other in z)
    last = (length * column for column in z)
    risk, dead = likelihood.cell_sums(chain([weights], first, products, [length], last))
    each = np.repeat(risk, cells.deaths, axis=1)
    each -= cells.fractions * np.repeat(dead, cells.deaths, axis=1)
    each /= each[0]
    mean, second = each[1 : p + 1], each[p + 1 : p + 1 + p * p].reshape(p, p, -1)
    turned = inverse @ mean
    skew = each[-p:] - 2 * np.einsum("jke,ke->je", second, turned) - mean * each[-p - 1]
    return (skew + 2 * mean * (mean * turned).sum(axis=0)).sum(axis=1)
