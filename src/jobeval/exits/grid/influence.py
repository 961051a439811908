"""What each cluster adds to an incidence curve: errors when clusters were drawn."""

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.grid.grid import remaining

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


def incidence_influence(
    at_risk: Counts, events: Counts, own_at_risk: Counts, own_events: Counts
) -> Floats:
    """The influence of ``G`` groups of persons on the cumulative incidences of one stratum.

    Parameters
    ----------
    at_risk, events
        Shapes ``(T,)`` and ``(T, K)``: everyone in the stratum.
    own_at_risk, own_events
        Shapes ``(G, T)`` and ``(G, T, K)``: the persons of each group.

    Returns
    -------
    array of shape ``(G, T, K)``
        With ``m = dN_k − Y h_k`` a group's exits beyond expectation,
        ``Σ_{u ≤ t} S(u−) m_k(u) / n(u) − Σ_{u ≤ t} (F_k(t) − F_k(u)) m(u) / (n(u) − d(u))``:
        the derivative of the Aalen–Johansen estimate (infinitesimal jackknife).
        With one person a group, its squares add up to the variance of ``aalen_johansen``;
        with one cause, to Greenwood's.
    """
    n = np.maximum(at_risk, 1)
    stay = np.maximum(n - events.sum(axis=-1), 1)
    hazard = events / n[:, None]
    before = np.concatenate([[1.0], np.cumprod(1 - hazard.sum(axis=-1))[:-1]])
    incidence = np.cumsum(before[:, None] * hazard, axis=0)
    beyond = own_events - own_at_risk[..., None] * hazard
    lost = (beyond.sum(axis=-1) / stay)[..., None]
    direct = np.cumsum((before / n)[:, None] * beyond, axis=1)
    return direct - incidence * np.cumsum(lost, axis=1) + np.cumsum(lost * incidence, axis=1)


def cluster_variance(
    at_risk: Counts, events: Counts, own: Counts, entries: Counts | None = None
) -> Floats:
    """``Σ_g`` squared influence, shape ``(T, K)``.

    ``own`` has shape ``(G, T, K + 1)``: persons of each cluster by week and cause, the
    censored first; ``entries`` shape ``(G, T)``: late entries, none when left out.
    """
    leaving = own.sum(axis=-1)
    own_at_risk = remaining(leaving if entries is None else leaving - entries)
    influence = incidence_influence(at_risk, events, own_at_risk, own[..., 1:])
    return (influence**2).sum(axis=0)
