"""Whether an effect is the same in all levels of a column: tested jointly, in one test."""

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from jobeval.effects.itt.adjusters import read_adjusters
from jobeval.effects.itt.analysed import Analysed
from jobeval.effects.itt.contrast import TREATMENT
from jobeval.effects.itt.options import IttOptions
from jobeval.effects.itt.weighting import choose_weights
from jobeval.regression.ancova import fit_ancova
from jobeval.regression.cluster_robust import ClusterKind
from jobeval.regression.least_squares import LeastSquaresFit
from jobeval.regression.lin import fit_lin
from jobeval.regression.wald import FTest, contrast_f_test

Floats = NDArray[np.float64]


def welch_f_test(estimates: Floats, std_errors: Floats, df: Floats) -> FTest:
    """Welch's test that independent estimates have one mean, with weights ``1 / sᵢ²``.

    ``F = Q / (k − 1) / (1 + 2(k − 2) Λ / (k² − 1))`` with Cochran's ``Q``,
    ``Λ = Σ (1 − wᵢ / Σw)² / dfᵢ`` and ``(k² − 1) / 3Λ`` degrees of freedom in the
    denominator (Welch 1951). With two estimates it is the square of their Welch t.

    Parameters
    ----------
    estimates, std_errors, df
        Shape ``(k,)`` with ``k`` at least 2, finite but ``df``, errors above zero.

    Examples
    --------
    >>> found = welch_f_test(np.array([1.0, 5]), np.array([1.0, 1]), np.array([8.0, 8]))
    >>> found.statistic, found.df, found.df_denominator
    (8.0, 1.0, 16.0)
    """
    k, weights = len(estimates), 1 / np.square(std_errors)
    mean = np.average(estimates, weights=weights)
    q = float(weights @ np.square(estimates - mean))
    spread = float((np.square(1 - weights / weights.sum()) / df).sum())
    statistic = q / (k - 1) / (1 + 2 * (k - 2) * spread / (k**2 - 1))
    return FTest(statistic, float(k - 1), (k**2 - 1) / (3 * spread) if spread else np.inf)


def interacted_f_test(
    levels: Sequence[Analysed], clusters: Sequence[NDArray[np.int64]], options: IttOptions
) -> FTest:
    """Test the treatment's coefficients of the levels' regressions, seen as one regression.

    The levels' designs stand block by block in one interacted design, so that the estimates
    are those of the levels while clusters may span levels. Each level has at least two
    clusters an arm.

    Parameters
    ----------
    levels
        The persons of each level.
    clusters
        Their clusters, coded alike in all levels.
    """
    fits = [_fit_level(level, options) for level in levels]
    cluster = np.unique(np.concatenate(clusters), return_inverse=True)[1]
    starts = np.cumsum([0, *(len(fit.coef) for fit in fits)])
    effects = np.eye(starts[-1])[starts[:-1] + TREATMENT]
    kind = cast("ClusterKind", options.vcov or "CR2")
    return contrast_f_test(_stack(fits), cluster, effects[1:] - effects[0], kind)


def _fit_level(data: Analysed, options: IttOptions) -> LeastSquaresFit:
    """The regression behind the estimate of one level."""
    weights, _ = choose_weights(data, options)
    adjusters = read_adjusters(data, options.adjustment).values
    drawn = data.assignment
    if options.adjustment == "ancova":
        return fit_ancova(data.outcome, drawn.assigned, adjusters, weights)
    masses = np.ones(len(adjusters)) if data.weights is None else data.weights
    everyone = masses @ adjusters / masses.sum()
    return fit_lin(data.outcome, drawn.assigned, adjusters, weights, everyone)


def _stack(fits: Sequence[LeastSquaresFit]) -> LeastSquaresFit:
    """One fit of a design in blocks, from the fits of the blocks."""
    return LeastSquaresFit(
        coef=np.concatenate([fit.coef for fit in fits]),
        residuals=np.concatenate([fit.residuals for fit in fits]),
        leverage=np.concatenate([fit.leverage for fit in fits]),
        df_resid=sum(fit.df_resid for fit in fits),
        basis=np.asarray(block_diag(*(fit.basis for fit in fits))),
        root=np.asarray(block_diag(*(fit.root for fit in fits))),
        weights=np.concatenate([fit.weights for fit in fits]),
    )
