"""A design factorised once, and the loadings of its covariances, for outcomes yet to come."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

from jobeval.regression.cluster_robust import ClusterKind, cluster_parts
from jobeval.regression.least_squares import LeastSquaresFit, Vcov, fit_least_squares

Floats = NDArray[np.float64]
WELL_CONDITIONED = 1e-10
"""Smallest share of the largest eigenvalue of ``X'X`` (columns of length 1) for Cholesky."""


def factorise_design(design: Floats, weights: Floats | None = None) -> LeastSquaresFit:
    """A fit without outcome, by Cholesky with one refinement where the design allows it.

    ``Q = XR⁻¹`` from the Cholesky factor of ``X'X``, then the same of ``Q`` (Yamamoto,
    Nakatsukasa, Yanagisawa & Fukaya 2015): as orthogonal as Householder's, at the speed of
    matrix products. An ill-conditioned design goes to the pivoted QR of ``fit_least_squares``,
    which refuses what is rank-deficient.

    Parameters
    ----------
    design
        Shape ``(n, k)``.
    weights
        Shape ``(n,)`` or ``None``.

    Examples
    --------
    >>> fit = factorise_design(np.array([[1.0, 0], [1, 0], [1, 1]]))
    >>> fit.leverage.round(12).tolist(), fit.df_resid
    ([0.5, 0.5, 1.0], 1)
    """
    ones = np.ones(len(design)) if weights is None else weights
    scaled = design if weights is None else np.sqrt(weights)[:, None] * design
    found = _cholesky_basis(scaled) if len(design) > design.shape[1] else None
    if found is None:
        return fit_least_squares(design, np.zeros(len(design)), weights)
    basis, root = found
    return LeastSquaresFit(
        coef=np.zeros(len(root)),
        residuals=np.zeros(len(design)),
        leverage=np.einsum("ij,ij->i", basis, basis),
        df_resid=len(design) - len(root),
        basis=basis,
        root=root,
        weights=ones,
    )


def _cholesky_basis(design: Floats) -> tuple[Floats, Floats] | None:
    """``(Q, B)`` with ``design = Q B⁻¹``; ``None`` where Cholesky would lose digits."""
    gram = design.T @ design
    lengths = np.sqrt(np.diag(gram))
    if not (lengths > 0).all():
        return None
    gram /= np.outer(lengths, lengths)
    values = np.linalg.eigvalsh(gram)
    if values[0] < WELL_CONDITIONED * values[-1]:
        return None
    root = _inverse_factor(gram) / lengths[:, None]
    basis = design @ root
    refine = _inverse_factor(basis.T @ basis)
    return basis @ refine, root @ refine


def _inverse_factor(gram: Floats) -> Floats:
    """``R⁻¹`` with ``R'R`` the Gram matrix."""
    factor = cholesky(gram, check_finite=False)
    return np.asarray(solve_triangular(factor, np.eye(len(gram)), check_finite=False))


def contrast_loadings(
    fit: LeastSquaresFit, contrasts: Floats, kind: Vcov, cluster: NDArray[np.int64] | None = None
) -> Floats:
    """The loadings ``ℓ`` of the covariance ``kind``, shape ``(q, n)``.

    The scores' squares add up to what ``estimate_vcov`` gives for each contrast.

    Parameters
    ----------
    contrasts
        Shape ``(q, k)``.
    cluster
        Shape ``(n,)``, whole numbers from 0 without gaps; for the kinds ``CR``.

    Examples
    --------
    >>> fit = fit_least_squares(np.ones((4, 1)), outcome := np.array([1.0, 2, 3, 6]))
    >>> scores = contrast_loadings(fit, np.ones((1, 1)), "HC2") * fit.residuals
    >>> round(float(scores[0] @ scores[0]), 6)  # 14 / 3 / 4
    1.166667
    """
    lines = contrasts @ fit.root
    half = np.sqrt(fit.weights)
    if kind == "classical":
        return np.sqrt(np.square(lines).sum(axis=1) / fit.df_resid)[:, None] * half
    if cluster is not None and kind in {"CR2", "CR3"}:
        loadings = np.empty((len(contrasts), len(half)))
        for part in cluster_parts(fit.basis, fit.weights, cluster, cast(ClusterKind, kind)):
            loadings[:, part.mine] = lines @ part.loading
        return loadings
    return (lines @ fit.basis.T) * half * _inflation(fit, kind, cluster)


def _inflation(fit: LeastSquaresFit, kind: Vcov, cluster: NDArray[np.int64] | None) -> Any:
    """The factor by which a kind multiplies the residuals, a number or shape ``(n,)``."""
    n = len(fit.leverage)
    left = np.where(fit.leverage < 1 - 1e-10, 1 - fit.leverage, np.nan)
    match kind:
        case "HC1":
            return np.sqrt(n / fit.df_resid)
        case "HC2":
            return 1 / np.sqrt(left)
        case "HC3":
            return 1 / left
        case "CR1" if cluster is not None:
            clusters = int(cluster.max()) + 1
            return np.sqrt(clusters / (clusters - 1) * (n - 1) / fit.df_resid)
        case _:
            return 1.0
