"""Least squares on arrays: one factorisation, a frozen fit, and its covariances.

Notation: ``X`` is the design (n × k), ``W`` the diagonal weights, ``M = (X'WX)⁻¹``. The
weighted design is factorised as ``W^½ X = Q B⁻¹`` with orthonormal ``Q``, so ``M = BB'``,
the leverages are the squared row lengths of ``Q``, and no product ``X'X`` is ever formed.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr, solve_triangular

from jobeval.errors import DesignError
from jobeval.regression.cluster_robust import (
    ClusterKind,
    WorkingCovariance,
    cluster_scores,
    person_df,
    random_effects_covariance,
    satterthwaite_df,
)

Floats = NDArray[np.float64]
Vcov = Literal["classical", "HC0", "HC1", "HC2", "HC3", "CR0", "CR1", "CR2", "CR3"]

RANK_TOLERANCE = 1e-12
"""A column counts as dependent when what is left of it is below this share of its length."""


@dataclass(frozen=True, slots=True, eq=False)
class LeastSquaresFit:
    """What a least-squares fit leaves behind.

    Attributes
    ----------
    coef
        Shape ``(k,)``, or ``(k, m)`` for ``m`` outcomes.
    residuals
        Shape ``(n,)`` or ``(n, m)``, ``y − Xβ``, not multiplied by any weight.
    leverage
        Shape ``(n,)``, the diagonal of the (weighted) hat matrix.
    df_resid
        ``n − k``.
    basis
        Shape ``(n, k)``, ``Q``.
    root
        Shape ``(k, k)``, ``B`` with ``BB' = (X'WX)⁻¹``.
    weights
        Shape ``(n,)``; ones when the fit is not weighted.
    """

    coef: Floats
    residuals: Floats
    leverage: Floats
    df_resid: int
    basis: Floats
    root: Floats
    weights: Floats


def fit_least_squares(
    design: NDArray[Any], outcome: NDArray[Any], weights: NDArray[Any] | None = None
) -> LeastSquaresFit:
    """Fit by QR with scaled columns and column pivoting.

    Parameters
    ----------
    design
        Shape ``(n, k)``, with its own column of ones where there is an intercept.
    outcome
        Shape ``(n,)`` or ``(n, m)``, finite.
    weights
        Shape ``(n,)``, positive, or ``None``. Minimised is ``Σ wᵢ (yᵢ − xᵢβ)²``.

    Raises
    ------
    DesignError
        When the columns are linearly dependent, or more than the rows. Never a
        pseudo-inverse: a coefficient that is not identified has no value.

    Examples
    --------
    >>> fit = fit_least_squares(np.array([[1, 0], [1, 0], [1, 1]]), np.array([1.0, 3, 7]))
    >>> fit.coef.round(12).tolist(), fit.df_resid
    ([2.0, 5.0], 1)
    """
    design = np.asarray(design, dtype=float)
    outcome = np.asarray(outcome, dtype=float)
    weights = np.ones(len(design)) if weights is None else np.asarray(weights, dtype=float)
    if not (weights > 0).all():
        raise ValueError("weights must be above zero: leave out rows that shall not count")
    basis, root, rank = _factorise(np.sqrt(weights)[:, None] * design)
    if rank < design.shape[1]:
        raise DesignError(
            f"the design has {design.shape[1]} columns but rank {rank}: some columns are "
            "combinations of others. Mend: leave them out."
        )
    leverage = np.square(basis).sum(axis=1)
    empty = np.empty(0)
    fit = LeastSquaresFit(empty, empty, leverage, len(design) - rank, basis, root, weights)
    return refit(fit, outcome)


def refit(fit: LeastSquaresFit, outcome: Floats) -> LeastSquaresFit:
    """The fit of another outcome, shape ``(n,)`` or ``(n, m)``, without a new factorisation.

    Examples
    --------
    >>> fit = fit_least_squares(np.ones((3, 1)), np.zeros(3))
    >>> refit(fit, np.array([1.0, 2, 6])).coef.round(12).tolist()
    [3.0]
    """
    half = np.sqrt(fit.weights) if outcome.ndim == 1 else np.sqrt(fit.weights)[:, None]
    loading = fit.basis.T @ (half * outcome)
    residuals = outcome - (fit.basis @ loading) / half
    return replace(fit, coef=fit.root @ loading, residuals=residuals)


def _factorise(design: Floats) -> tuple[Floats, Floats, int]:
    """``(Q, B, rank)`` with ``design = Q B⁻¹``; ``B`` is empty below full rank."""
    lengths = np.sqrt(np.square(design).sum(axis=0))
    lengths[lengths == 0] = 1.0
    factors: Any = qr(design / lengths, mode="economic", pivoting=True)
    basis, triangle, order = factors
    diagonal = np.abs(np.diag(triangle))
    rank = int((diagonal > RANK_TOLERANCE).sum())
    size = design.shape[1]
    if rank < size:
        return basis, np.empty((0, 0)), rank
    root = np.empty((size, size))
    root[order] = solve_triangular(triangle, np.eye(size))
    return basis, root / lengths[:, None], rank


def independent_columns(design: NDArray[Any]) -> NDArray[np.bool_]:
    """Which columns are no combination of the columns before them.

    Parameters
    ----------
    design
        Shape ``(n, k)``. The order of the columns says which of several wins.

    Returns
    -------
    Shape ``(k,)``.

    Examples
    --------
    >>> independent_columns(np.array([[1, 2, 0], [1, 2, 1], [1, 2, 5]])).tolist()
    [True, False, True]
    """
    design = np.asarray(design, dtype=float)
    lengths = np.sqrt(np.square(design).sum(axis=0))
    keep = lengths > 0
    scaled = _triangle(design / np.where(keep, lengths, 1.0))
    while keep.any():
        triangle = _triangle(scaled[:, keep])
        left = np.zeros(triangle.shape[1])  # columns beyond the rows have nothing left
        left[: len(triangle)] = np.abs(np.diag(triangle))
        dependent = np.flatnonzero(left <= RANK_TOLERANCE)
        if not len(dependent):
            break
        keep[np.flatnonzero(keep)[dependent[0]]] = False
    return keep


def _triangle(design: Floats) -> Floats:
    return np.asarray(np.linalg.qr(design, mode="r"))


def estimate_vcov(fit: LeastSquaresFit, kind: Vcov, cluster: NDArray[Any] | None = None) -> Floats:
    """The covariance matrix of the coefficients of one outcome.

    Parameters
    ----------
    fit
        A fit of one outcome.
    kind
        ``"classical"``; ``"HC0"`` to ``"HC3"`` (MacKinnon & White 1985; HC2 without any
        factor ``n/(n−k)``); ``"CR0"``; ``"CR1"`` with Stata's factor
        ``m/(m−1) · (n−1)/(n−k)``; ``"CR2"`` (Bell & McCaffrey 2002, in the form of
        Pustejovsky & Tipton 2018); ``"CR3"``, the jackknife over clusters without the factor
        ``(m−1)/m``, as in clubSandwich.
    cluster
        Shape ``(n,)``, whole numbers from 0; for the kinds ``CR`` only.

    Returns
    -------
    Shape ``(k, k)``; all ``nan`` for HC2 and HC3 where a leverage is 1, and for CR3 where a
    cluster alone determines a coefficient.

    Notes
    -----
    Under weights, HC treats ``W^½ X`` and ``W^½ y`` as the data, and CR2 takes the errors
    as independent with one variance (working covariance I). These are the conventions of
    estimatr and of clubSandwich for weighted ``lm``.

    Examples
    --------
    >>> fit = fit_least_squares(np.ones((4, 1)), np.array([1.0, 2, 3, 6]))
    >>> estimate_vcov(fit, "HC2").round(6).tolist()  # the variance of a mean: 14 / 3 / 4
    [[1.166667]]
    """
    if fit.residuals.ndim != 1:
        raise ValueError("a covariance matrix belongs to one outcome: fit them one by one")
    if kind.startswith("CR") != (cluster is not None):
        raise ValueError("clusters belong to the kinds CR0 to CR3, and to them only")
    match kind:
        case "classical":
            squared = fit.weights @ np.square(fit.residuals)
            return squared / fit.df_resid * fit.root @ fit.root.T
        case "HC0" | "HC1" | "HC2" | "HC3":
            scores = fit.basis * _hc_residuals(fit, kind)[:, None]
        case _:
            assert cluster is not None
            scores = cluster_scores(fit.basis, fit.weights, fit.residuals, cluster, kind)
    half = fit.root @ scores.T
    return half @ half.T * (_cr1_factor(fit, len(scores)) if kind == "CR1" else 1.0)


def _hc_residuals(fit: LeastSquaresFit, kind: str) -> Floats:
    residuals = np.sqrt(fit.weights) * fit.residuals
    if kind == "HC0":
        return residuals
    if kind == "HC1":
        return residuals * np.sqrt(len(residuals) / fit.df_resid)
    left = 1 - fit.leverage
    left = np.where(left > 1e-10, left, np.nan)  # leverage 1: the residual says nothing
    return residuals / (np.sqrt(left) if kind == "HC2" else left)


def _cr1_factor(fit: LeastSquaresFit, clusters: int) -> float:
    n = len(fit.residuals)
    return clusters / (clusters - 1) * (n - 1) / fit.df_resid


def bell_mccaffrey_df(
    fit: LeastSquaresFit,
    cluster: NDArray[Any] | None,
    contrast: Floats,
    kind: ClusterKind = "CR2",
) -> float:
    """Satterthwaite degrees of freedom of a contrast under CR, or under HC2 without clusters.

    Bell & McCaffrey 2002; Pustejovsky & Tipton 2018, with working covariance I: errors that
    are independent with one variance.

    Parameters
    ----------
    fit, cluster
        As for ``estimate_vcov``.
    contrast
        Shape ``(k,)``: the degrees of freedom are those of ``contrast @ coef``.
    kind
        The covariance they belong to; CR0 and CR1 have the same.
    """
    if cluster is None:
        return person_df(fit.basis, fit.leverage, fit.root.T @ contrast)
    loaded = fit.root.T @ contrast
    return satterthwaite_df(fit.basis, fit.weights, cluster, loaded, kind, WorkingCovariance())


def imbens_kolesar_df(
    fit: LeastSquaresFit, cluster: NDArray[Any], contrast: Floats, kind: ClusterKind = "CR2"
) -> float:
    """As ``bell_mccaffrey_df``, with errors that share an effect of their cluster.

    Imbens & Kolesár 2016, section III.B: the working covariance is that of random effects,
    estimated from the residuals.

    Examples
    --------
    >>> x, cluster = np.arange(8.0), np.array([0, 0, 0, 1, 1, 2, 2, 3])
    >>> fit = fit_least_squares(np.column_stack([np.ones(8), x]), np.square(x))
    >>> slope = np.array([0.0, 1.0])
    >>> imbens_kolesar_df(fit, cluster, slope) < bell_mccaffrey_df(fit, cluster, slope)
    True
    """
    working = random_effects_covariance(fit.residuals, cluster)
    loaded = fit.root.T @ contrast
    return satterthwaite_df(fit.basis, fit.weights, cluster, loaded, kind, working)
