"""Expected weeks in each state until a horizon: areas under incidence curves and survival."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.destinations.aalen_johansen import incidence_terms, rounded
from jobeval.exits.grid.durations import Durations
from jobeval.exits.grid.grid import remaining
from jobeval.exits.means.restricted_mean import (
    ExitInfluence,
    restricted_mean,
    restricted_mean_influence,
)

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


class StateAreas(NamedTuple):
    """Expected weeks by state, the destinations first and then those who have not left.

    ``values`` and ``variance`` have shape ``(…, K + 1)``, and ``longest`` shape ``(…)``: the
    largest horizon up to which the curves are known; infinite once everybody has left.
    """

    values: Floats
    variance: Floats
    longest: Floats


def state_areas(at_risk: Counts, events: Counts, horizon: int) -> StateAreas:
    """``Σ_{t < τ} F_k(t)`` of every destination, and ``Σ_{t < τ} S(t)``, with their variances.

    With ``A(u) = Σ_{u ≤ t < τ} F_k(t)`` and ``ℓ = τ − u``, the influence of week ``u`` on an area
    is ``Σ_j ([j = k] ℓ p + (ℓ F_k(u) − A(u)) b) m_j`` in the symbols of ``aalen_johansen``.

    Parameters
    ----------
    at_risk, events
        Shapes ``(…, T)`` and ``(…, T, K)``.
    horizon
        ``τ``, whole weeks from 1. Weeks are whole, so the sums are the areas under the steps.

    Returns
    -------
    StateAreas
        The areas add up to the horizon. ``nan`` where the curves are not known up to it.

    Examples
    --------
    Half leave in week 1, so that of three weeks each of them has two left:

    >>> area = state_areas(np.array([4, 4, 2]), np.array([[0], [2], [0]]), 3)
    >>> area.values.tolist(), area.variance.tolist()  # 2² · ½ · ½ / 4
    ([1.0, 2.0], [0.25, 0.25])
    """
    stay = restricted_mean(at_risk, events.sum(axis=-1), horizon)
    terms = incidence_terms(at_risk, events)
    left, area = _left(at_risk, horizon), _area_beyond(terms.values, horizon)
    weeks = left * (left * terms.own - 2 * area * terms.mixed) + area**2 * terms.every
    known = (stay.longest >= horizon)[..., None]
    values = np.where(known, area[..., 0, :], np.nan)
    variance = np.where(known, rounded(weeks.sum(axis=-2)), np.nan)
    return StateAreas(
        np.concatenate([values, stay.values[..., None]], axis=-1),
        np.concatenate([variance, stay.variance[..., None]], axis=-1),
        stay.longest,
    )


class AreaInfluence(NamedTuple):
    """Of a person on the area of one state: an exit into it adds ``arriving`` of its week."""

    exit: ExitInfluence
    arriving: Floats

    def of(self, cell: tuple[Counts, ...], durations: Durations, cause: int) -> Floats:
        """The influence of persons, shape ``(n,)``, ``cell`` being the place of their curves."""
        weeks, left = durations.weeks, durations.cause > 0
        arrived = (durations.cause == cause) * self.arriving[(*cell, weeks)]
        return arrived + self.exit.of(cell, weeks, left, durations.entry)


def area_influence(at_risk: Counts, events: Counts, horizon: int) -> tuple[AreaInfluence, ...]:
    """Influences on ``state_areas``, state by state (infinitesimal jackknife).

    Over the states they add up to 0. Without late entries their squares add up to the variance
    of ``state_areas``.
    """
    leavers = events.sum(axis=-1)
    stay = restricted_mean_influence(at_risk, leavers, horizon)
    unknown = np.where(np.isnan(stay.staying[..., :1]), np.nan, 0.0)
    terms = incidence_terms(at_risk, events)
    n, left = np.maximum(at_risk, 1)[..., None], _left(at_risk, horizon)
    arriving = left * terms.share
    lost = _area_beyond(terms.values, horizon) - left * terms.values
    leaving = lost / np.maximum(n - leavers[..., None], 1)
    expected = np.cumsum(arriving * events / n - leaving * leavers[..., None] / n, axis=-2)
    destinations = (
        AreaInfluence(ExitInfluence(unknown - expected[..., k], leaving[..., k]), arriving[..., 0])
        for k in range(events.shape[-1])
    )
    return *destinations, AreaInfluence(stay, np.zeros_like(stay.staying))


def _left(at_risk: Counts, horizon: int) -> Floats:
    """Weeks from each until the horizon, shape ``(T, 1)``; 0 after it."""
    return np.maximum(horizon - np.arange(at_risk.shape[-1], dtype=np.float64), 0.0)[:, None]


def _area_beyond(incidence: Floats, horizon: int) -> Floats:
    """``A(u) = Σ_{u ≤ t < τ} F(t)``; who has left stays away when the grid ends before ``τ``."""
    weeks = np.arange(incidence.shape[-2])[:, None]
    area = np.where(weeks < horizon, incidence, 0.0)
    area[..., -1:, :] *= max(horizon - incidence.shape[-2] + 1, 1)
    return np.swapaxes(remaining(np.swapaxes(area, -1, -2)), -1, -2)
