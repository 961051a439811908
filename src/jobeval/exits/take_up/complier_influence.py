"""Exits and take-up together: what arms, strata and groups of persons tell of the compliers.

Exits of those who took part and of those who did not are competing exits of the whole arm, so
that the joint incidence ``P(T ≤ t, D = d | Z)`` is Aalen & Johansen's and adds up to the
incidence of the arm: the effect on compliers *is* the effect of the lottery over that on
take-up, also under censoring.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.destinations.aalen_johansen import aalen_johansen
from jobeval.exits.grid.grid import remaining
from jobeval.exits.grid.influence import incidence_influence

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
TAKER = 1


class Moves(NamedTuple):
    """Effects of the lottery, standardised over strata.

    Attributes
    ----------
    incidence
        Shape ``(T, 2)``: on ``P(T ≤ t, D = d)``, ``d = 0, 1``.
    take_up
        On ``P(D = 1)``: the share of compliers.
    shares
        Shape ``(2,)``: who took part in control and in treatment.
    """

    incidence: Floats
    take_up: float
    shares: Floats


class GroupInfluence(NamedTuple):
    """What ``G`` groups of persons of one arm and stratum add to the effects.

    Attributes
    ----------
    incidence, take_up
        Shapes ``(G, T, 2)`` and ``(G,)``: influence on the effects of ``Moves``.
    times
        Shape ``(G,)``: how often the square of a group counts.
    df
        Degrees of freedom of the part; infinite where persons were drawn.
    """

    incidence: Floats
    take_up: Floats
    times: Floats
    df: float


def measure_moves(ends: Counts, weights: Floats) -> Moves:
    """Effects from counts of shape ``(2, S, T, 2, 2)`` and weights of shape ``(S,)``."""
    at_risk = remaining(ends.sum(axis=(-2, -1)))
    joint = aalen_johansen(at_risk, ends[..., 1, :]).values
    joint = np.einsum("s,astd->atd", weights, joint)
    taken = ends[..., TAKER].sum(axis=(-2, -1)) / np.maximum(ends.sum(axis=(-3, -2, -1)), 1)
    shares = taken @ weights
    return Moves(joint[1] - joint[0], float(shares[1] - shares[0]), shares)


def influences(
    ends: Counts,
    weights: Floats,
    clusters: Callable[[int, int], Counts] | None = None,
) -> Iterator[GroupInfluence]:
    """What the groups of each arm and stratum add, from counts as ``measure_moves`` takes.

    ``clusters(arm, stratum)`` gives the counts of each cluster, shape ``(G, T, 2, 2)``; without
    it persons were drawn.
    """
    for arm, stratum in np.ndindex(*ends.shape[:2]):
        whole = ends[arm, stratum]
        if clusters is None:
            own, times, df = _kinds(whole)
        else:
            own = clusters(arm, stratum)
            df = len(own) - 1.0
            times = np.full(len(own), len(own) / df if df else np.nan)
        sign = weights[stratum] if arm else -weights[stratum]
        incidence, take_up = _influence(whole, own)
        yield GroupInfluence(sign * incidence, sign * take_up, times, df)


def _kinds(ends: Counts) -> tuple[Counts, Floats, float]:
    """The kinds of persons of one arm and stratum, and how many there are of each.

    Of one person alone nothing is known.
    """
    kinds = np.flatnonzero(ends)
    own = np.zeros((len(kinds), ends.size), dtype=np.int64)
    own[np.arange(len(kinds)), kinds] = 1
    times = ends.ravel()[kinds].astype(np.float64)
    times = times if times.sum() > 1 else np.full_like(times, np.nan)
    return own.reshape(len(kinds), *ends.shape), times, np.inf


def _influence(ends: Counts, own: Counts) -> tuple[Floats, Floats]:
    """Of groups with counts of shape ``(G, T, 2, 2)`` on the joint incidence and the take-up."""
    at_risk, own_at_risk = (remaining(counts.sum(axis=(-2, -1))) for counts in (ends, own))
    incidence = incidence_influence(at_risk, ends[:, 1], own_at_risk, own[:, :, 1])
    size, takers = ends.sum(), ends[..., TAKER].sum()
    own_size, own_takers = own.sum(axis=(1, 2, 3)), own[..., TAKER].sum(axis=(1, 2))
    return incidence, (own_takers - own_size * takers / size) / size
