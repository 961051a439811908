"""Weighted ANCOVA and Lin's regression in every re-drawn lottery, for persons and clusters.

What depends on the draw (weights, interactions, means within arms) is built anew in each.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.drawn_ancova import covariate_basis, residualise
from jobeval.inference.drawn_sample import DrawnSample, Kernel, Weighing, weigh_persons

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class _Regression(NamedTuple):
    """One draw's regression within cells.

    ``regressors`` (n × k) are those beside the means of the cells (codes ``cell``). The
    effect is ``direction @ coefficients`` plus the contrast ``shares`` (one a cell) of the
    cells' means of the outcomes.
    """

    regressors: Floats
    cell: Integers
    shares: Floats
    weights: Floats


def drawn_least_squares(
    sample: DrawnSample, form: Literal["ancova", "lin"], weighing: Weighing, studentised: bool
) -> Kernel:
    """A kernel for the effect by ANCOVA or by Lin's regression, of any lottery.

    Studentised by HC2 for persons, by CR1 without its factor in ``n`` for clusters. A draw
    in which the effect is not identified gives ``nan``.
    """
    basis = covariate_basis(sample)
    residuals = residualise(sample, basis)
    m = residuals.shape[1]

    def kernel(tile: Floats) -> tuple[Floats, Floats]:
        estimate = np.full((len(tile), m), np.nan)
        variance = np.full((len(tile), m), np.nan)
        for row, drawn in enumerate(sample.persons_drawn(tile)):
            found = _regression(sample, form, weighing, basis, drawn)
            if found is not None:
                estimate[row], variance[row] = _solve(sample, found, residuals, studentised)
        return estimate, np.sqrt(variance)

    return kernel


def _regression(
    sample: DrawnSample, form: str, weighing: Weighing, basis: Floats, drawn: Floats
) -> _Regression | None:
    n_strata = sample.n_strata
    cell = sample.stratum * 2 + drawn.astype(np.int64)
    if (np.bincount(cell, minlength=2 * n_strata) == 0).any():
        return None
    weights = weigh_persons(sample, weighing, drawn)
    if form == "ancova":
        regressors = np.column_stack([drawn, basis])
        return _Regression(regressors, sample.stratum, np.zeros(n_strata), weights)
    share = np.bincount(sample.stratum) / len(drawn)
    regressors = np.hstack([drawn[:, None] * basis, (1 - drawn)[:, None] * basis])
    shares = np.column_stack([-share, share]).ravel()
    return _Regression(regressors, cell, shares, weights)


def _solve(
    sample: DrawnSample, model: _Regression, outcomes: Floats, studentised: bool
) -> tuple[Floats, Floats]:
    """The effects and their variances, shape ``(m,)`` each."""
    weights, cell = model.weights, model.cell
    both = np.hstack([model.regressors, outcomes])
    size = np.bincount(cell, weights)
    indicator = (cell[:, None] == np.arange(len(size))).astype(float)
    means = (indicator.T @ (weights[:, None] * both)) / size[:, None]
    within = both - means[cell]
    k = model.regressors.shape[1]
    x, y = within[:, :k], within[:, k:]
    inverse = _inverse((x.T * weights) @ x)
    # Lin: slopes carry the means of the arms to those of everyone, which are 0 in the basis
    direction = -model.shares @ means[:, :k] if model.shares.any() else np.eye(k)[0]
    coefficients = inverse @ ((x.T * weights) @ y)
    estimate = model.shares @ means[:, k:] + direction @ coefficients
    if not studentised:
        return estimate, np.full_like(estimate, np.nan)
    loading = weights * (model.shares[cell] / size[cell] + x @ (inverse @ direction))
    scores = loading[:, None] * (y - x @ coefficients)
    if sample.clustered:
        totals = sample.group_sums(scores)
        return estimate, np.square(totals).sum(axis=0) * len(totals) / (len(totals) - 1)
    leverage = weights * (1 / size[cell] + np.einsum("ij,jk,ik->i", x, inverse, x))
    remaining = np.where(leverage < 1 - 1e-10, 1 - leverage, np.nan)
    return estimate, (np.square(scores) / remaining[:, None]).sum(axis=0)


def _inverse(gram: Floats) -> Floats:
    """The inverse of a symmetric matrix, ``nan`` where it is singular."""
    if not len(gram):
        return gram
    values, vectors = np.linalg.eigh(gram)
    if values[0] < 1e-10 * values[-1]:
        return np.full_like(gram, np.nan)
    return (vectors / values) @ vectors.T
