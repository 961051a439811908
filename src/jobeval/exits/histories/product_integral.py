"""State occupation from the moves between states, and what each person adds to it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.endpoints.histories import UNSEEN

Counts = NDArray[np.int64]
Codes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
ROUNDING = 1e-12
"""What products of shares leave where a share is 0."""


class Occupation(NamedTuple):
    """Probabilities of states by week, and of what they rest on.

    Attributes
    ----------
    values
        Shape ``(…, T, K)``; sums to 1 over the states.
    steps
        Shape ``(…, T, K, K)``: the chance of being in ``k`` in week ``t`` after ``j`` in the
        week before. Where nobody is at risk, one stays.
    resting
        Shape ``(…, T)``: the largest share, in any week so far, that was in states that can be
        left and in which nobody was observed any more.
    ended
        Shape ``(…, T)``: nobody is observed any more in any state that can be left, although
        not everybody has left them; or nobody was observed in week 0.
    """

    values: Floats
    steps: Floats
    resting: Floats
    ended: Bools


def multiply_steps(first: Floats, moves: Counts, absorbing: Bools) -> Occupation:
    """The Aalen–Johansen estimate ``p(t) = p(0) Π_{u ≤ t} P(u)`` with ``P_jk = N_jk / Y_j``.

    Aalen & Johansen (1978). As an estimate of state occupation it needs no Markov assumption,
    only that censoring has nothing to do with the history (Datta & Satten 2001, Statistics &
    Probability Letters 55, 403–411).

    Parameters
    ----------
    first
        Shape ``(…, K)``: shares in week 0.
    moves
        Shape ``(…, T, K, K)``, as in ``TransitionGrid``.
    absorbing
        Shape ``(K,)``.

    Examples
    --------
    >>> moves = np.array([[[0, 0], [0, 0]], [[3, 1], [0, 0]], [[1, 1], [1, 0]]])
    >>> multiply_steps(np.array([1.0, 0.0]), moves, np.array([False, False])).values.tolist()
    [[1.0, 0.0], [0.75, 0.25], [0.625, 0.375]]
    """
    at_risk = moves.sum(axis=-1)
    stay = np.broadcast_to(np.eye(moves.shape[-1]), moves.shape)
    steps = np.where(at_risk[..., None] > 0, moves / np.maximum(at_risk, 1)[..., None], stay)
    values = np.empty(at_risk.shape)
    values[..., 0, :] = first
    for week in range(1, moves.shape[-3]):
        values[..., week, :] = np.einsum(
            "...j,...jk->...k", values[..., week - 1, :], steps[..., week, :, :]
        )
    resting, ended = np.zeros(values.shape[:-1]), np.zeros(values.shape[:-1], dtype=bool)
    alive = np.where(absorbing, 0.0, values[..., :-1, :])
    alone = (alive > ROUNDING) & (at_risk[..., 1:, :] == 0)
    resting[..., 1:] = np.where(alone, alive, 0.0).sum(axis=-1)
    watched = np.where(absorbing, 0, at_risk[..., 1:, :]).any(axis=-1)
    ended[..., 1:] = ~watched & (alive > ROUNDING).any(axis=-1)
    ended[..., 0] = np.isnan(first).any(axis=-1)
    return Occupation(
        values,
        steps,
        np.maximum.accumulate(resting, axis=-1),
        np.logical_or.accumulate(ended, axis=-1),
    )


def occupation_influence(
    states: Codes, values: Floats, steps: Floats, at_risk: Counts, n_first: int
) -> Floats:
    """What each of ``n`` persons of one group adds to its occupation, shape ``(T, n, K)``.

    The derivative of ``multiply_steps`` by the person's weight (infinitesimal jackknife), as in
    R's survival: ``U(t) = U(t−1) P(t) + p_j(t−1) (e_k − P_j(t)) / Y_j(t)`` for a person who
    goes from ``j`` to ``k``, and ``U(0) = (e_k − p(0)) / n``. Its squares add up to a variance
    that holds whether or not the process is Markov; without censoring and late entry ``U(t)``
    is ``(e_k − p(t)) / n``, the influence on a plain share.

    Parameters
    ----------
    states
        Shape ``(n, T)``.
    values, steps, at_risk
        Of the group: shapes ``(T, K)``, ``(T, K, K)`` and ``(T, K)``.
    n_first
        Persons behind the shares of week 0; 0 when these are given and not estimated.
    """
    n, weeks = states.shape
    n_states = values.shape[1]
    influence = np.zeros((weeks, n, n_states))
    if n_first:
        influence[0] = _beyond(states[:, 0], values[0], n_first)
    for week in range(1, weeks):
        kick = _kicks(values[week - 1], steps[week], at_risk[week])
        was, now = states[:, week - 1].astype(np.int64), states[:, week]
        moves = (was != UNSEEN) & (now != UNSEEN)
        pair = np.where(moves, was * n_states + now, n_states**2)
        influence[week] = influence[week - 1] @ steps[week] + kick[pair]
    return influence


def _kicks(before: Floats, step: Floats, at_risk: Counts) -> Floats:
    """``p_j (e_k − P_j) / Y_j`` by pair ``(j, k)``, and nothing as the last row."""
    n_states = len(before)
    scale = before / np.maximum(at_risk, 1)
    kicks = scale[:, None, None] * (np.eye(n_states)[None] - step[:, None])
    return np.vstack([kicks.reshape(-1, n_states), np.zeros(n_states)])


def share_influence(states: Codes, shares: Floats, observed: Counts) -> Floats:
    """The same for the plain shares of those observed, shape ``(T, n, K)``.

    ``shares`` has shape ``(T, K)``, ``observed`` ``(T,)``.
    """
    pairs = zip(states.T, shares, observed, strict=True)
    return np.stack([_beyond(now, share, int(size)) for now, share, size in pairs])


def _beyond(now: Codes, share: Floats, size: int) -> Floats:
    """``(e_k − p) / n`` of the observed, 0 of the others: shape ``(n, K)``."""
    own = now[:, None] == np.arange(len(share))
    return np.where((now != UNSEEN)[:, None], (own - share) / max(size, 1), 0.0)
