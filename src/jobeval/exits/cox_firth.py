"""Firth's penalised likelihood: finite also where the likelihood is monotone.

Heinze & Schemper (2001, Biometrics 57) add ``½ log |I(β)|`` to Cox's log partial likelihood, and
so ``½ tr(I⁻¹ ∂I/∂β)`` to the score. At one exit, with chances ``p`` of those at risk, mean ``m``
of ``x`` and ``V = I⁻¹``, the trace is ``Σ p (x − m) (x − m)′V(x − m)``.
"""

from itertools import chain

import numpy as np

from jobeval.exits.cox_arrange import Floats
from jobeval.exits.cox_likelihood import PartialLikelihood
from jobeval.exits.cox_newton import Point

DECREMENT = 1e-18
"""Smaller than Newton's, since the information is not the derivative of the penalised score."""


def penalised_point(likelihood: PartialLikelihood, beta: Floats) -> Point:
    """The penalised log-likelihood and score, with the information that is not penalised."""
    sums = likelihood.sums(beta)
    information = likelihood.information(sums)
    sign, log_volume = np.linalg.slogdet(information)
    if not sign > 0:
        return Point(-np.inf, np.full(len(beta), np.nan), information)
    inverse = np.asarray(np.linalg.inv(information), dtype=np.float64)
    skew = _third_moments(likelihood, sums.weights, inverse)
    score = likelihood.score(sums) + skew / 2
    return Point(sums.loglik + float(log_volume) / 2, score, information)


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
