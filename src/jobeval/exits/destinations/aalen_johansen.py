"""The Aalen–Johansen estimate on the weekly grid: its variance, covariances and areas.

A person's influence on the incidence ``F_k(t)`` of one stratum is ``Σ_{u ≤ t} Σ_j c_j(u) m_j(u)``,
where ``m_j = dN_j − Y d_j / n`` are the person's exits beyond expectation and
``c_j(u) = [j = k] p + F_k(u) b − F_k(t) b`` with ``p = S(u−) / n`` and ``b = 1 / (n − d)``.
It is linear in ``F_k(t)``, so three sums over the weeks give the variance at every week, the
covariance of any two and the variance of any area under the curve. Exits of a week are
multinomial, and different weeks are uncorrelated. Without late entries that is, to the last
digit, the sum of squared influences (infinitesimal jackknife) of R's ``survfit``; with one
cause it is Greenwood's formula.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.kaplan_meier import after_end

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
ROUNDING = 1e-15
"""What running sums leave where a variance is 0; one exit of a million gives 1e-12."""


class Incidence(NamedTuple):
    """Cumulative incidence of each cause and its variance, of the shape of the events."""

    values: Floats
    variance: Floats


class IncidenceTerms(NamedTuple):
    """Incidence, what each week adds to the three sums, and where nothing is known.

    ``own`` is the variance of ``Σ_j (c_j + F_k(t) b) m_j`` in a week, ``mixed`` its covariance
    with ``b m`` and ``every`` the variance of ``b m``.
    """

    values: Floats  # (…, T, K)
    share: Floats  # (…, T, 1) p, what one exit adds to its incidence
    own: Floats  # (…, T, K)
    mixed: Floats  # (…, T, K)
    every: Floats  # (…, T, 1)
    ended: NDArray[np.bool_]  # (…, T, 1)


def aalen_johansen(at_risk: Counts, events: Counts) -> Incidence:
    """``F_k(t) = Σ_{u ≤ t} S(u−) d_k / n`` with its variance.

    Parameters
    ----------
    at_risk, events
        Shapes ``(…, T)`` and ``(…, T, K)``.

    Returns
    -------
    Incidence
        Aalen & Johansen (1978). With ``h = d / n`` and ``ΔF = F_k(t) − F_k(u)``, the variance
        is ``Σ_{u ≤ t} S(u−)² h_k (1 − h_k) / n + ΔF² d / (n (n − d)) − 2 S(u−) ΔF h_k / n``,
        Greenwood's when there is one cause. ``nan`` from the week on in which nobody is at
        risk although not everybody has left.

    Examples
    --------
    >>> aalen_johansen(np.array([4, 2]), np.array([[1, 0], [1, 1]])).values.tolist()
    [[0.25, 0.0], [0.625, 0.375]]
    """
    values, _, own, mixed, every, ended = incidence_terms(at_risk, events)
    own, mixed, every = (np.cumsum(term, axis=-2) for term in (own, mixed, every))
    variance = rounded(own - values * (2 * mixed - values * every))
    return Incidence(np.where(ended, np.nan, values), np.where(ended, np.nan, variance))


def incidence_covariance(at_risk: Counts, events: Counts, cause: int) -> Floats:
    """The covariances of ``F_k`` at any two weeks, shape ``(…, T, T)``, for one ``k``.

    ``nan`` where one of the weeks is unknown. The diagonal is the variance of
    ``aalen_johansen``.
    """
    values, _, own, mixed, every, ended = incidence_terms(at_risk, events)
    weeks = np.arange(at_risk.shape[-1])
    earlier = np.minimum.outer(weeks, weeks)
    own, mixed, every = (
        np.cumsum(term, axis=-1)[..., earlier]
        for term in (own[..., cause], mixed[..., cause], every[..., 0])
    )
    row = np.where(ended, np.nan, values)[..., [cause]]
    column = np.swapaxes(row, -1, -2)
    return own - (row + column) * mixed + row * column * every


def incidence_terms(at_risk: Counts, events: Counts) -> IncidenceTerms:
    """The parts of ``aalen_johansen``, from the same counts."""
    n = np.maximum(at_risk, 1)[..., None]
    leavers = events.sum(axis=-1, keepdims=True)
    hazard = events / n
    survival = np.cumprod(1 - leavers / n, axis=-2)
    before = np.concatenate([np.ones_like(survival[..., :1, :]), survival[..., :-1, :]], axis=-2)
    incidence = np.cumsum(before * hazard, axis=-2)
    share = before / n
    every = leavers / (n * np.maximum(n - leavers, 1))
    mixed = share * hazard + incidence * every
    own = share * before * hazard * (1 - hazard) + incidence * (share * hazard + mixed)
    ended = after_end(at_risk, survival[..., 0])[..., None]
    return IncidenceTerms(incidence, share, own, mixed, every, ended)


def rounded(variance: Floats) -> Floats:
    """0 where only rounding is left."""
    return np.where(variance > ROUNDING, variance, 0.0)
