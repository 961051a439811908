"""Joint tests of several contrasts of a fit whose persons were drawn in clusters."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import sqrtm

from jobeval.regression.cluster_robust import ClusterKind, cluster_parts
from jobeval.regression.least_squares import LeastSquaresFit, estimate_vcov

Floats = NDArray[np.float64]


class FTest(NamedTuple):
    """An F statistic with its two degrees of freedom."""

    statistic: float
    df: float
    df_denominator: float

    @property
    def p_value(self) -> float:
        """Upper tail; ``nan`` where the test cannot be made."""
        from scipy.special import fdtrc

        if math.isnan(self.statistic) or not self.df_denominator > 0:
            return math.nan
        return float(fdtrc(self.df, self.df_denominator, self.statistic))


def contrast_f_test(
    fit: LeastSquaresFit, cluster: NDArray[Any], contrasts: Floats, kind: ClusterKind
) -> FTest:
    """Test that several contrasts of the coefficients are all zero.

    Under CR2 this is the approximate Hotelling test HTZ (Tipton & Pustejovsky 2015,
    Pustejovsky & Tipton 2018, section 3.2, working covariance I): ``Q`` is
    ``η / (η − q + 1) · q · F`` with ``q`` and ``η − q + 1`` degrees of freedom, for one
    contrast Bell & McCaffrey's. Under CR0, CR1 and CR3 it is ``F = Q / q`` with clusters − 1
    in the denominator.

    Parameters
    ----------
    fit, cluster
        As for ``estimate_vcov``.
    contrasts
        Shape ``(q, k)``, linearly independent.

    Returns
    -------
    All ``nan`` but ``df`` where the clusters are too few for ``q`` contrasts.
    """
    q = len(contrasts)
    covariance = contrasts @ estimate_vcov(fit, kind, cluster) @ contrasts.T
    values = contrasts @ fit.coef
    try:
        squared = float(values @ np.linalg.solve(covariance, values))
    except np.linalg.LinAlgError:
        squared = math.nan
    eta = _hotelling_df(fit, cluster, contrasts) if kind == "CR2" else float(cluster.max()) + q - 1
    left = eta - q + 1
    if not (left > 0 and squared >= 0) or np.linalg.cond(covariance) > 1e12:
        return FTest(math.nan, q, math.nan)
    scale = left / eta if kind == "CR2" else 1.0
    return FTest(scale * squared / q, q, left)


def _hotelling_df(fit: LeastSquaresFit, cluster: NDArray[Any], contrasts: Floats) -> float:
    """``η = q(q + 1) / Σ var(dₛₜ)``, of the covariance standardised to have mean ``I``.

    With ``pₛ`` of cluster ``g`` the column that the standardised contrast ``s`` puts on the
    errors, ``var(dₛₜ)`` sums ``(pₛ'pₛ)(pₜ'pₜ) + (pₛ'pₜ)(pₜ'pₛ)`` over pairs of clusters.
    """
    parts = cluster_parts(fit.basis, fit.weights, cluster, "CR2")
    inner = fit.basis.T @ (fit.weights[:, None] * fit.basis)
    loaded = fit.root.T @ contrasts.T
    loaded = loaded @ np.linalg.inv(np.real(sqrtm(loaded.T @ inner @ loaded)))
    loads = [part.loading.T @ loaded for part in parts]
    paired = list(zip(parts, loads, strict=True))
    reach = np.stack([part.rows.T @ load for part, load in paired])  # (m, k, q)
    heavy = np.stack([part.rows.T @ (part.weights[:, None] * load) for part, load in paired])
    own = np.stack([load.T @ load for load in loads])  # (m, q, q)
    products = _error_products(reach, heavy, own, inner)
    same = np.einsum("gshs->gh", products)
    total = np.square(same).sum() + np.einsum("gsht,gths->", products, products)
    q = len(contrasts)
    return q * (q + 1) / float(total)


def _error_products(reach: Floats, heavy: Floats, own: Floats, inner: Floats) -> Floats:
    """``pₛ'pₜ`` of every two clusters, shape ``(m, q, m, q)``."""
    cross = np.einsum("gks,hkt->gsht", reach, heavy)
    products = np.einsum("gks,kl,hlt->gsht", reach, inner, reach, optimize=True)
    products -= cross + np.einsum("gsht->htgs", cross)
    every = np.arange(len(own))
    products[every, :, every, :] += own
    return products
