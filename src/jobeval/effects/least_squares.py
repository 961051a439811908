"""Least squares on arrays: one factorisation, a frozen fit, and its covariances.

Notation: ``X`` is the design (n × k), ``W`` the diagonal weights, ``M = (X'WX)⁻¹``. The
weighted design is factorised as ``W^½ X = Q B⁻¹`` with orthonormal ``Q``, so ``M = BB'``,
the leverages are the squared row lengths of ``Q``, and no product ``X'X`` is ever formed.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr, solve_triangular

from jobeval.errors import DesignError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Vcov = Literal["classical", "HC0", "HC1", "HC2", "HC3", "CR0", "CR1", "CR2"]

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
    half = np.sqrt(weights) if outcome.ndim == 1 else np.sqrt(weights)[:, None]
    basis, root, rank = _factorise(np.sqrt(weights)[:, None] * design)
    if rank < design.shape[1]:
        raise DesignError(
            f"the design has {design.shape[1]} columns but rank {rank}: some columns are "
            "combinations of others. Mend: leave them out."
        )
    loading = basis.T @ (half * outcome)
    return LeastSquaresFit(
        coef=root @ loading,
        residuals=outcome - (basis @ loading) / half,
        leverage=np.square(basis).sum(axis=1),
        df_resid=len(design) - design.shape[1],
        basis=basis,
        root=root,
        weights=weights,
    )


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
    while keep.any():
        scaled = design[:, keep] / lengths[keep]
        triangle = np.linalg.qr(scaled, mode="r")
        left = np.zeros(scaled.shape[1])  # columns beyond the rows have nothing left
        left[: len(triangle)] = np.abs(np.diag(triangle))
        dependent = np.flatnonzero(left <= RANK_TOLERANCE)
        if not len(dependent):
            break
        keep[np.flatnonzero(keep)[dependent[0]]] = False
    return keep


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
        Pustejovsky & Tipton 2018).
    cluster
        Shape ``(n,)``, whole numbers from 0; for the kinds ``CR`` only.

    Returns
    -------
    Shape ``(k, k)``; all ``nan`` for HC2 and HC3 where a leverage is 1.

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
        raise ValueError("clusters belong to the kinds CR0, CR1 and CR2, and to them only")
    if kind == "classical":
        squared = fit.weights @ np.square(fit.residuals)
        return squared / fit.df_resid * fit.root @ fit.root.T
    if cluster is None:
        scores = fit.basis * _hc_residuals(fit, kind)[:, None]
    elif kind == "CR2":
        scores = np.stack([part.loading @ part.residuals for part in _cr2_parts(fit, cluster)])
    else:
        scores = _cluster_sums(fit.basis * _scaled_residuals(fit)[:, None], cluster)
    half = fit.root @ scores.T
    return half @ half.T * (_cr1_factor(fit, len(scores)) if kind == "CR1" else 1.0)


def _scaled_residuals(fit: LeastSquaresFit) -> Floats:
    return np.sqrt(fit.weights) * fit.residuals


def _hc_residuals(fit: LeastSquaresFit, kind: str) -> Floats:
    residuals = _scaled_residuals(fit)
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


def _cluster_sums(rows: Floats, cluster: Integers) -> Floats:
    """Sums of ``rows`` (n × k) by cluster, shape ``(m, k)``."""
    sums = np.zeros((int(cluster.max()) + 1, rows.shape[1]))
    np.add.at(sums, cluster, rows)
    return sums


@dataclass(frozen=True, slots=True, eq=False)
class _ClusterPart:
    """One cluster in CR2: its rows of ``U = XB``, weights, residuals, and ``U'WA``."""

    rows: Floats
    weights: Floats
    residuals: Floats
    loading: Floats


def _cr2_parts(fit: LeastSquaresFit, cluster: Integers) -> list[_ClusterPart]:
    """The clusters with their adjustment ``A = [(I−H)(I−H)']^{−½}`` folded in.

    The root is the symmetric one, and its inverse leaves out directions in which the
    residuals of a cluster are zero by construction (Pustejovsky & Tipton 2018).
    """
    scaled = fit.basis / np.sqrt(fit.weights)[:, None]
    inner = fit.basis.T @ (fit.weights[:, None] * fit.basis)
    parts: list[_ClusterPart] = []
    for code in range(int(cluster.max()) + 1):
        mine = cluster == code
        rows, weights = scaled[mine], fit.weights[mine]
        heavy = weights[:, None] * rows
        basis, shrink = _inverse_root(rows, heavy, inner)
        loading = heavy.T + ((heavy.T @ basis) @ shrink) @ basis.T
        parts.append(_ClusterPart(rows, weights, fit.residuals[mine], loading))
    return parts


def _inverse_root(rows: Floats, heavy: Floats, inner: Floats) -> tuple[Floats, Floats]:
    """``(V, T)`` with ``[I − UU'W − WUU' + U P U']^{−½} = I + V T V'`` for one cluster.

    The matrix differs from I only in the span of ``U`` and ``WU``, at most ``2k`` wide, so
    the cost grows with the cluster's size and not with its cube.
    """
    k = rows.shape[1]
    basis, triangle = np.linalg.qr(np.hstack([rows, heavy]))
    middle = np.block([[inner, -np.eye(k)], [-np.eye(k), np.zeros((k, k))]])
    values, vectors = np.linalg.eigh(np.eye(len(triangle)) + triangle @ middle @ triangle.T)
    roots = np.where(values > 1e-10, 1 / np.sqrt(np.maximum(values, 1e-10)), 0.0)
    return basis, (vectors * roots) @ vectors.T - np.eye(len(triangle))


def bell_mccaffrey_df(fit: LeastSquaresFit, cluster: NDArray[Any], contrast: Floats) -> float:
    """Satterthwaite degrees of freedom of a contrast under CR2.

    Bell & McCaffrey 2002; Pustejovsky & Tipton 2018, with working covariance I
    (not the random-effects working model of Imbens & Kolesár 2016).

    Parameters
    ----------
    fit, cluster
        As for ``estimate_vcov``.
    contrast
        Shape ``(k,)``: the degrees of freedom are those of ``contrast @ coef``.
    """
    parts = _cr2_parts(fit, cluster)
    loads = [part.loading.T @ (fit.root.T @ contrast) for part in parts]
    plain = np.stack([part.rows.T @ load for part, load in zip(parts, loads, strict=True)])
    heavy = np.stack(
        [part.rows.T @ (part.weights * load) for part, load in zip(parts, loads, strict=True)]
    )
    inner = fit.basis.T @ (fit.weights[:, None] * fit.basis)
    cross = plain @ heavy.T
    gram = np.diag([load @ load for load in loads]) - cross - cross.T + plain @ inner @ plain.T
    return float(np.trace(gram) ** 2 / np.square(gram).sum())
