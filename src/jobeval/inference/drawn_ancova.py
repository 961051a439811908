"""The ANCOVA coefficient in every re-drawn lottery of persons, by Frisch–Waugh–Lovell.

With ``M`` the projection off strata and covariates and ``t`` a draw, the coefficient is
``t'My / t'Mt``: ``My`` is found once, and ``t'Mt = Σ tₛ(nₛ − tₛ)/nₛ − |Q't|²`` where ``Q`` is
an orthonormal basis of the covariates within strata and ``tₛ`` the treated of stratum ``s``.
"""

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.drawn_sample import DrawnSample, Kernel
from jobeval.inference.scratch import Scratch

Floats = NDArray[np.float64]

WIDTH = 512
"""Persons whose weights are computed together, so that they stay close to the processor."""

_SCRATCH = Scratch()


def drawn_ancova(sample: DrawnSample, studentised: bool) -> Kernel:
    """A kernel for the coefficient of treatment beside strata and covariates.

    Studentised by HC2 (MacKinnon & White 1985): the leverage of a person is that without
    treatment plus ``(Mt)ᵢ²/t'Mt``. Persons drawn one by one, without weights.
    """
    size = np.bincount(sample.stratum)
    basis = covariate_basis(sample)
    residuals = residualise(sample, basis)
    left = 1 - 1 / size[sample.stratum] - np.square(basis).sum(axis=1)
    strata = (sample.stratum[:, None] == np.arange(len(size))).astype(float)
    columns = np.hstack([residuals, basis])
    spans = -np.hstack([basis, strata / size]).T.copy()
    squared, m = np.square(residuals), residuals.shape[1]

    def kernel(tile: Floats) -> tuple[Floats, Floats]:
        drawn = sample.groups_drawn(tile)
        treated = np.add.reduceat(drawn, sample.stratum_starts, axis=1)
        products = drawn @ columns
        loads = products[:, m:]
        squares = (treated * (1 - treated / size)).sum(axis=1) - np.square(loads).sum(axis=1)
        squares = np.where(squares > 1e-10, squares, np.nan)[:, None]
        estimate = products[:, :m] / squares
        if not studentised:
            return estimate, np.full_like(estimate, np.nan)
        sums = np.zeros((len(tile), 2 * m + 1))
        terms = np.hstack([loads, treated])
        for first in range(0, len(left), WIDTH):
            part = slice(first, first + WIDTH)
            rest = np.matmul(terms, spans[:, part], out=_scratch("rest", drawn[:, part]))
            rest += drawn[:, part]
            sums += _weighted_sums(rest, squares, left[part], residuals[part], squared[part])
        return estimate, np.sqrt(_hc2(estimate, squares, sums))

    return kernel


def covariate_basis(sample: DrawnSample) -> Floats:
    """Orthonormal columns that span the covariates within strata, shape ``(n, p)``.

    The covariates are linearly independent of each other and of the strata.
    """
    values = sample.covariates
    if not values.shape[1]:
        return values
    centred = _within_strata(sample, values)
    return np.linalg.qr(centred / np.linalg.norm(centred, axis=0))[0]


def residualise(sample: DrawnSample, basis: Floats) -> Floats:
    """The outcomes off strata and covariates, shape ``(n, m)``."""
    centred = _within_strata(sample, sample.outcomes)
    residuals = centred - basis @ (basis.T @ centred)
    rounding = 1e-13 * np.linalg.norm(sample.outcomes, axis=0)
    return residuals * (np.linalg.norm(residuals, axis=0) > rounding)


def _within_strata(sample: DrawnSample, values: Floats) -> Floats:
    sums = np.add.reduceat(values, sample.stratum_starts, axis=0)
    return values - (sums / np.bincount(sample.stratum)[:, None])[sample.stratum]


def _weighted_sums(
    rest: Floats, squares: Floats, left: Floats, residuals: Floats, squared: Floats
) -> Floats:
    """Sums of ``w e²``, ``w r e`` and ``w r²`` over persons, shape ``(B, 2m + 1)``.

    ``r`` is ``Mt`` (``rest``), ``w`` is ``r²`` over what the leverage leaves, ``e`` an outcome.
    """
    weight = np.square(rest, out=_scratch("weight", rest))
    remaining = np.multiply(weight, -1 / squares, out=_scratch("remaining", rest))
    remaining += left
    if not remaining.min() > 1e-10:
        remaining[remaining <= 1e-10] = np.nan  # leverage 1: the residual says nothing
    weight /= remaining
    straight = weight @ squared
    weight *= rest
    own = np.einsum("bi,bi->b", weight, rest)[:, None]
    return np.hstack([straight, weight @ residuals, own])


def _scratch(name: str, like: Floats) -> Floats:
    return _SCRATCH.array(name, (len(like), WIDTH))[:, : like.shape[1]]


def _hc2(estimate: Floats, squares: Floats, sums: Floats) -> Floats:
    """HC2 variances, shape ``(B, m)``."""
    straight, crossed, own = np.split(sums, [estimate.shape[1], 2 * estimate.shape[1]], axis=1)
    variance = (straight - 2 * estimate * crossed + estimate**2 * own) / squares**2
    return np.where(variance <= 1e-13 * straight / squares**2, 0.0, variance)
