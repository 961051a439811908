"""What the wild cluster bootstrap needs of the persons, summed up by cluster.

Notation: ``x`` is the coefficient's column with the other columns of the design projected out,
``S = x'x``, ``Z`` an orthonormal basis of the whole design. A bootstrap sample multiplies the
residuals ``u`` of cluster ``g`` by a random ``v_g``. Then ``S β* = a'v`` with
``a_g = x_g'u_g``, and the cluster scores of the refitted regression are ``A v`` with
``A = diag(a) − L K'``, ``L_g = Z_g'x_g`` and ``K_g = Z_g'u_g``: everything a draw needs has one
row a cluster, so its cost does not depend on the number of persons.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DesignError

Floats = NDArray[np.float64]
RANK_TOLERANCE = 1e-12


class ClusterLoads(NamedTuple):
    """What the persons leave behind; the last of the ``m + 1`` columns is ``x`` itself.

    ``a`` has shape ``(G, m + 1)``, ``scores`` (the matrices ``A``) ``(m + 1, G, G)``,
    ``squares`` (of the observed cluster scores) ``(m,)``. The residuals are the unrestricted
    ones; those under the null ``β = b`` are ``u + (β̂ − b) x``.
    """

    estimate: Floats
    length: float
    a: Floats
    scores: Floats
    squares: Floats
    cr1_factor: float


def cluster_loads(
    design: Floats, outcomes: Floats, cluster: NDArray[Any], column: int
) -> ClusterLoads:
    """Sum up ``design`` (n × k), ``outcomes`` (n × m) and ``cluster`` (n) by cluster.

    Raises
    ------
    DesignError
        With fewer than two clusters, or a coefficient that is not identified.
    """
    n, size = design.shape
    basis, length = _basis(design, column)
    x = basis[:, -1] * np.sqrt(length)
    residuals = outcomes - basis @ (basis.T @ outcomes)
    both = np.column_stack([residuals, x])
    k = np.stack([both[rows].T @ basis[rows] for rows in _cluster_rows(cluster)])
    groups = np.arange(len(k))
    a = k[:, :, -1] * np.sqrt(length)
    scores = -np.einsum("gk,hjk->jgh", k[:, -1], k)
    scores[:, groups, groups] += a.T
    squares = np.square(a[:, :-1]).sum(axis=0)
    rounding = 1e-13 * np.sqrt(length) * np.linalg.norm(outcomes, axis=0)
    return ClusterLoads(
        estimate=x @ outcomes / length,
        length=length,
        a=a,
        scores=scores,
        squares=np.where(squares > np.square(rounding), squares, np.nan),
        cr1_factor=len(k) / (len(k) - 1) * (n - 1) / (n - size),
    )


def _basis(design: Floats, column: int) -> tuple[Floats, float]:
    """An orthonormal basis whose last vector is ``x / √S``, and ``S``."""
    last = np.column_stack([np.delete(design, column, axis=1), design[:, column]])
    if len(last) <= last.shape[1]:
        raise DesignError(
            f"{last.shape[1]} coefficients for {len(last)} persons. Mend: leave columns out."
        )
    basis, triangle = np.linalg.qr(last)
    left = np.abs(np.diag(triangle))
    if (left <= RANK_TOLERANCE * np.linalg.norm(last, axis=0)).any():
        raise DesignError(
            "some columns of the design are combinations of others. Mend: leave them out."
        )
    return basis * np.sign(np.diag(triangle)), float(left[-1] ** 2)


def _cluster_rows(cluster: NDArray[Any]) -> list[NDArray[np.int64]]:
    _, codes = np.unique(cluster, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    rows = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    if len(rows) < 2:
        raise DesignError("there is one cluster only, so that no error can be estimated.")
    return rows
