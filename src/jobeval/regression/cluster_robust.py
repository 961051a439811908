"""Cluster-robust covariances and their degrees of freedom, from the arrays of a fit.

Notation as in ``least_squares``: ``U = XB = W^{-½}Q`` with ``BB' = (X'WX)⁻¹``, so that the hat
matrix is ``H = UU'W``. The products of a cluster with its adjustment matrix ``A`` are formed
in the span of its rows of ``U``; no matrix is wider than a few times the number of columns.
"""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
ClusterKind = Literal["CR0", "CR1", "CR2", "CR3"]


class WorkingCovariance(NamedTuple):
    """Errors with variance ``own + shared`` and, within clusters, covariance ``shared``."""

    own: float = 1.0
    shared: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class ClusterPart:
    """One cluster: its rows of the data, of ``U``, its weights, and ``U'WA``, ``k × n_g``."""

    mine: Integers
    rows: Floats
    weights: Floats
    loading: Floats


def cluster_scores(
    basis: Floats, weights: Floats, residuals: Floats, cluster: NDArray[Any], kind: ClusterKind
) -> Floats:
    """The sums ``U'WAe`` of the clusters, shape ``(m, k)``; CR1's factor is left to the caller.

    Parameters
    ----------
    basis, weights
        Of a ``LeastSquaresFit``, shapes ``(n, k)`` and ``(n,)``.
    residuals
        Shape ``(n,)``.
    cluster
        Shape ``(n,)``, whole numbers from 0 without gaps.
    kind
        ``A`` is ``I`` under CR0 and CR1, ``[(I−H)(I−H)']^{-½}`` of the cluster under CR2
        (Bell & McCaffrey 2002 in the form of Pustejovsky & Tipton 2018, working covariance
        I), and ``(I − H)⁻¹`` of the cluster under CR3 (the jackknife, as in clubSandwich).
    """
    if kind in {"CR0", "CR1"}:
        sums = np.zeros((int(cluster.max()) + 1, basis.shape[1]))
        np.add.at(sums, cluster, basis * (np.sqrt(weights) * residuals)[:, None])
        return sums
    parts = cluster_parts(basis, weights, cluster, kind)
    return np.stack([part.loading @ residuals[part.mine] for part in parts])


def cluster_parts(
    basis: Floats, weights: Floats, cluster: NDArray[Any], kind: ClusterKind
) -> list[ClusterPart]:
    """The clusters with their adjustment folded in."""
    scaled = basis / np.sqrt(weights)[:, None]
    inner = basis.T @ (weights[:, None] * basis)
    ends = np.cumsum(np.bincount(cluster))[:-1]
    parts: list[ClusterPart] = []
    for mine in np.split(np.argsort(cluster, kind="stable"), ends):
        rows = scaled[mine]
        loading = _loading(rows, weights[mine, None] * rows, inner, kind)
        parts.append(ClusterPart(mine, rows, weights[mine], loading))
    return parts


def _loading(rows: Floats, heavy: Floats, inner: Floats, kind: ClusterKind) -> Floats:
    if kind == "CR2":
        basis, shrink = _inverse_root(rows, heavy, inner)
        return heavy.T + ((heavy.T @ basis) @ shrink) @ basis.T
    return _jackknife(rows, heavy) if kind == "CR3" else heavy.T


def _inverse_root(rows: Floats, heavy: Floats, inner: Floats) -> tuple[Floats, Floats]:
    """``(V, T)`` with ``[I − UU'W − WUU' + U P U']^{−½} = I + V T V'`` for one cluster.

    The matrix differs from I only in the span of ``U`` and ``WU``, at most ``2k`` wide, so
    the cost grows with the cluster's size and not with its cube. Directions in which the
    residuals of a cluster are zero by construction are left out.
    """
    k = rows.shape[1]
    basis, triangle = np.linalg.qr(np.hstack([rows, heavy]))
    middle = np.block([[inner, -np.eye(k)], [-np.eye(k), np.zeros((k, k))]])
    values, vectors = np.linalg.eigh(np.eye(len(triangle)) + triangle @ middle @ triangle.T)
    roots = np.where(values > 1e-10, 1 / np.sqrt(np.maximum(values, 1e-10)), 0.0)
    return basis, (vectors * roots) @ vectors.T - np.eye(len(triangle))


def _jackknife(rows: Floats, heavy: Floats) -> Floats:
    """``U'W(I − UU'W)⁻¹ = (I − U'WU)⁻¹U'W``; ``nan`` where the cluster alone sets a value."""
    values, vectors = np.linalg.eigh(np.eye(rows.shape[1]) - heavy.T @ rows)
    inverse = 1 / np.where(values > 1e-10, values, np.nan)
    return (vectors * inverse) @ vectors.T @ heavy.T


def random_effects_covariance(residuals: Floats, cluster: NDArray[Any]) -> WorkingCovariance:
    """The working covariance of Imbens & Kolesár (2016), section III.B.

    ``shared`` is the mean product of the residuals of two members of a cluster, which may be
    below zero; ``own`` is the mean square less that.
    """
    total = residuals @ residuals
    sums, sizes = np.bincount(cluster, residuals), np.bincount(cluster)
    pairs = np.square(sizes).sum() - len(residuals)
    shared = float((sums @ sums - total) / pairs) if pairs else 0.0
    return WorkingCovariance(max(float(total / len(residuals)) - shared, 0.0), shared)


def satterthwaite_df(
    basis: Floats,
    weights: Floats,
    cluster: NDArray[Any],
    contrast: Floats,
    kind: ClusterKind,
    working: WorkingCovariance,
) -> float:
    """``tr(G)² / tr(G²)`` of the quadratic form that is the variance of a contrast.

    ``G = F'ΩF``, where column ``g`` of ``F`` is ``(I − H)'`` on cluster ``g`` times
    ``A W U c`` and ``Ω`` the working covariance (Bell & McCaffrey 2002; Pustejovsky & Tipton
    2018, eq. 11; Imbens & Kolesár 2016, eq. 19). ``G`` is a diagonal plus a product of low
    rank, so that it is never formed.

    Parameters
    ----------
    contrast
        Shape ``(k,)``, ``root.T @ c`` for the contrast ``c`` of the coefficients.
    """
    parts = cluster_parts(basis, weights, cluster, kind)
    loads = [part.loading.T @ contrast for part in parts]
    paired = list(zip(parts, loads, strict=True))
    reach = np.stack([part.rows.T @ load for part, load in paired])
    heavy = np.stack([part.rows.T @ (part.weights * load) for part, load in paired])
    masses = np.stack([part.rows.T @ part.weights for part in parts])
    squares, sums = (np.array([f(load) for load in loads]) for f in (_square, np.sum))
    inner = basis.T @ (weights[:, None] * basis)
    diagonal = working.own * squares + working.shared * np.square(sums)
    cross = working.own * heavy + working.shared * sums[:, None] * masses
    middle = working.own * inner + working.shared * masses.T @ masses
    return _satterthwaite(diagonal, reach, reach @ middle / 2 - cross)


def _square(load: Floats) -> float:
    return float(load @ load)


def _satterthwaite(diagonal: Floats, left: Floats, right: Floats) -> float:
    """``tr(G)² / tr(G²)`` for ``G = diag(d) + LR' + RL'``; ``nan`` where ``G`` is zero."""
    overlap = (left * right).sum(axis=1)
    trace = diagonal.sum() + 2 * overlap.sum()
    product = right.T @ left
    squared = (
        diagonal @ diagonal
        + 4 * diagonal @ overlap
        + 2 * ((left.T @ left) * (right.T @ right)).sum()
        + 2 * (product * product.T).sum()
    )
    return float(trace**2 / squared) if squared > 0 else float("nan")


def person_df(basis: Floats, leverage: Floats, contrast: Floats) -> float:
    """``satterthwaite_df`` of HC2: every person a cluster, errors of one variance.

    ``nan`` where a leverage is 1. Under weights, ``W^½ X`` and ``W^½ y`` are taken as the
    data, as HC2 does.
    """
    if leverage.max() > 1 - 1e-10:
        return float("nan")
    load = basis @ contrast / np.sqrt(1 - leverage)
    reach = load[:, None] * basis
    return _satterthwaite(np.square(load), reach, -reach / 2)
