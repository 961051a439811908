"""Gray's statistic for the incidence of one exit among several, from counts of two arms."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.grid.grid import remaining

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


class Gray(NamedTuple):
    """Score of the treatment arm and its variance, summed over strata: shape ``(…,)``."""

    score: Floats
    variance: Floats

    @property
    def statistic(self) -> Floats:
        """Chi-square with one degree of freedom; ``nan`` without variance."""
        known = self.variance > 0
        return np.where(known, self.score**2 / np.where(known, self.variance, 1.0), np.nan)


class _Curves(NamedTuple):
    """Risk sets and curves, shape ``(…, 2, S, T)``; what both arms share has no second axis."""

    at_risk: Floats
    survival: Floats
    survival_before: Floats
    incidence_before: Floats
    exits: Floats
    weighted: Floats
    """``Ĝ₁`` of Gray: at-risk counts over survival."""
    pooled: Floats
    pooled_before: Floats


def gray(counts: Counts, cause: int, rho: float = 0.0) -> Gray:
    """Gray (1988, Annals of Statistics 16), stratified.

    Parameters
    ----------
    counts
        Shape ``(…, 2, S, T, K + 1)``: control and treatment, strata, weeks, the censored first
        among the causes. Leading axes hold different draws.
    cause
        Of interest, 1 … K.
    rho
        Weeks weigh ``(1 − F(t−))^ρ`` with the incidence of both arms.

    Returns
    -------
    Gray
        As ``cmprsk::cuminc`` in R computes it, with its correction of the variance for ties.

    Examples
    --------
    >>> counts = np.array([[[[0, 1, 0], [0, 1, 1]]], [[[0, 0, 1], [1, 1, 0]]]])
    >>> test = gray(counts, cause=1)
    >>> round(float(test.score), 4), round(float(test.statistic), 4)
    (-0.7, 0.8189)
    """
    other = counts[..., 1:].sum(axis=-1) - counts[..., cause]
    curves = _estimate(remaining(counts.sum(axis=-1)), counts[..., cause], other)
    weights = (1 - curves.pooled_before) ** rho
    return Gray(_score(curves, weights), _variance(curves, other.astype(float), weights))


def _estimate(at_risk: Counts, exits: Counts, other: Counts) -> _Curves:
    n = np.maximum(at_risk, 1)
    survival = np.cumprod(1 - (exits + other) / n, axis=-1, dtype=np.float64)
    before = _shift(survival, 1.0)
    weighted = np.where(at_risk > 0, at_risk / np.where(before > 0, before, 1.0), 0.0)
    total = _positive(weighted.sum(axis=-3))
    pooled = np.cumsum(exits.sum(axis=-3) / total, axis=-1)
    return _Curves(
        at_risk=at_risk.astype(float),
        survival=survival,
        survival_before=before,
        incidence_before=_shift(np.cumsum(before * exits / n, axis=-1), 0.0),
        exits=exits.astype(float),
        weighted=weighted,
        pooled=np.minimum(pooled, 1.0),
        pooled_before=np.minimum(_shift(pooled, 0.0), 1.0),
    )


def _score(curves: _Curves, weights: Floats) -> Floats:
    staying = curves.weighted * (1 - curves.incidence_before)
    share = _treated(staying) / _positive(staying.sum(axis=-3))
    beyond = _treated(curves.exits) - curves.exits.sum(axis=-3) * share
    return (weights * beyond).sum(axis=(-2, -1))


def _variance(curves: _Curves, other: Floats, weights: Floats) -> Floats:
    """Gray's eq. 2.11 for two arms: squared influence of the exits of each week, by cause."""
    d, total = curves.exits.sum(axis=-3), _positive(curves.weighted.sum(axis=-3))
    own = weights * curves.weighted.prod(axis=-3) / total
    summed = np.cumsum(own * d / (total * _positive(1 - curves.pooled_before)), axis=-1)
    later = _both(summed[..., -1:] - summed)
    alive, before = curves.survival > 0, curves.survival_before
    ratio = _both(1 - curves.pooled) / np.where(alive, curves.survival, 1.0)
    n, total, d = _positive(curves.at_risk), _both(total), _both(d)
    ties = 1 - np.where(d > 1, (d - 1) / _positive(total * before - 1), 0.0)
    size = np.where(curves.at_risk > 0, ties * before * d / (total * n), 0.0)
    variance = size * (_both(own) + np.where(alive, 1 - ratio, 1.0) * later) ** 2
    ties = 1 - np.where(other > 1, (other - 1) / _positive(n - 1), 0.0)
    size = np.where(alive, ties * before**2 * other / n**2, 0.0)
    variance += size * (ratio * later) ** 2
    return variance.sum(axis=(-3, -2, -1))


def _shift(values: Floats, first: float) -> Floats:
    """Values just before each week."""
    return np.concatenate([np.full_like(values[..., :1], first), values[..., :-1]], axis=-1)


def _positive(values: Floats) -> Floats:
    return np.where(values > 1e-12, values, 1.0)


def _treated(values: Floats) -> Floats:
    return values[..., 1, :, :]


def _both(values: Floats) -> Floats:
    """Of both arms, for arithmetic with the values of each."""
    return values[..., None, :, :]
