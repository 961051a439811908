"""Log-rank statistics with weights over the weeks, from counts."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


class LogRank(NamedTuple):
    """Weighted exits of the treatment arm, for ``m`` weights.

    Attributes
    ----------
    observed, expected
        Shape ``(m,)``: exits seen, and expected if both arms had one hazard.
    covariance
        Shape ``(m, m)``: of their differences.
    """

    observed: Floats
    expected: Floats
    covariance: Floats

    @property
    def difference(self) -> Floats:
        """``O − E``, shape ``(m,)``."""
        return self.observed - self.expected

    @property
    def variance(self) -> Floats:
        """Of the differences, shape ``(m,)``."""
        return np.diag(self.covariance)

    @property
    def statistic(self) -> Floats:
        """``(O − E)² / V``, each chi-square with one degree of freedom; ``nan`` without ``V``."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.variance > 0, self.difference**2 / self.variance, np.nan)


def logrank(at_risk: Counts, events: Counts, weights: Floats | None = None) -> LogRank:
    """Stratified log-rank statistics, from counts of shape ``(2, S, T)``: control, treatment.

    Mantel (1966); Kalbfleisch & Prentice (2002), eq. 1.21: hypergeometric variance
    ``n₁ n₀ d (n − d) / (n² (n − 1))`` in each stratum and week. With weights of shape
    ``(m, S, T)``, sums are weighted, and covariances by the products of two weights
    (Fleming & Harrington 1991, chapter 7).

    >>> test = logrank(np.array([[[2, 1]], [[2, 1]]]), np.array([[[1, 0]], [[0, 1]]]))
    >>> test.observed.tolist(), test.expected.tolist(), test.variance.tolist()
    ([1.0], [1.0], [0.5])
    """
    n, d = at_risk.sum(axis=0), events.sum(axis=0)
    share = at_risk[1] / np.maximum(n, 1)
    variance = share * (1 - share) * d * (n - d) / np.maximum(n - 1, 1)
    flat = np.ones((1, n.size)) if weights is None else weights.reshape(len(weights), -1)
    return LogRank(
        flat @ events[1].ravel(), flat @ (share * d).ravel(), (flat * variance.ravel()) @ flat.T
    )


def fleming_harrington(at_risk: Counts, events: Counts, powers: Floats) -> Floats:
    """Weights ``S(t−)^ρ (1 − S(t−))^γ`` with the survival of both arms within each stratum.

    Harrington & Fleming (1982); Fleming & Harrington (1991), eq. 7.1.1.

    Parameters
    ----------
    at_risk, events
        Shape ``(2, S, T)``.
    powers
        Shape ``(m, 2)``: pairs of ρ and γ, at least 0.

    Returns
    -------
    array of shape ``(m, S, T)``

    Examples
    --------
    >>> at_risk, events = np.array([[[2, 1]], [[2, 1]]]), np.array([[[1, 0]], [[1, 1]]])
    >>> fleming_harrington(at_risk, events, np.array([[0.0, 0.0], [1.0, 0.0]]))[:, 0].tolist()
    [[1.0, 1.0], [1.0, 0.5]]
    """
    n, d = at_risk.sum(axis=0), events.sum(axis=0)
    survival = np.cumprod(1 - d / np.maximum(n, 1), axis=-1)
    before = np.concatenate([np.ones_like(survival[:, :1]), survival[:, :-1]], axis=-1)
    rho, gamma = powers[:, 0, None, None], powers[:, 1, None, None]
    return before**rho * (1 - before) ** gamma


class WeeklyScores(NamedTuple):
    """What persons add to ``O − E``, by the week of their exit or censoring.

    An exit in week ``t`` adds ``gain(t) − spent(t)``, a censoring ``−spent(t)``, and who
    entered after week ``e`` gets ``spent(e)`` back. Shapes ``(m, S, T)``.
    """

    gain: Floats
    spent: Floats


def weekly_scores(at_risk: Counts, events: Counts, weights: Floats) -> WeeklyScores:
    """The scores ``w d − ∫ w dH`` with the hazard of both arms; they do not know the lottery."""
    n, d = at_risk.sum(axis=0), events.sum(axis=0)
    return WeeklyScores(weights, np.cumsum(weights * d / np.maximum(n, 1), axis=-1))
