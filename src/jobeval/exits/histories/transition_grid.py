"""Counts of moves between states on the weekly grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobeval.endpoints.histories import UNSEEN

Counts = NDArray[np.int64]
Codes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class TransitionGrid:
    """Moves and entries per group of persons × week, such as arm × stratum × week.

    Attributes
    ----------
    moves
        Shape ``(…, T, K, K)``: persons in state ``j`` in week ``t − 1`` and in ``k`` in week
        ``t``, those who stay among them; none in week 0.
    entries
        Shape ``(…, T, K)``: persons whose first observed week is ``t``, by the state then.
    """

    moves: Counts
    entries: Counts

    @property
    def at_risk(self) -> Counts:
        """Persons at risk of moving in week ``t``, by the state they are in, ``(…, T, K)``."""
        return self.moves.sum(axis=-1)

    @property
    def occupied(self) -> Counts:
        """Persons observed in each state, shape ``(…, T, K)``."""
        return self.moves.sum(axis=-2) + self.entries

    @property
    def censored(self) -> Counts:
        """Persons whose last observed week is ``t``, by the state then, shape ``(…, T, K)``."""
        later = np.zeros_like(self.entries)
        later[..., :-1, :] = self.at_risk[..., 1:, :]
        return self.occupied - later


def count_transitions(states: Codes, group: Counts, n_groups: int, n_states: int) -> TransitionGrid:
    """Count the moves of ``n`` persons by group, shapes ``(G, T, …)``.

    Parameters
    ----------
    states
        Shape ``(n, T)``: codes below ``n_states``, 255 where not observed.
    group
        Shape ``(n,)``: codes below ``n_groups``.

    Examples
    --------
    >>> grid = count_transitions(np.array([[0, 1], [0, 255]], dtype=np.uint8),
    ...     np.array([0, 0]), 1, 2)
    >>> grid.moves[0, 1].tolist(), grid.entries[0, 0].tolist(), grid.censored[0].tolist()
    ([[0, 1], [0, 0]], [2, 0], [[1, 0], [0, 1]])
    """
    weeks = states.shape[1]
    moves = np.zeros((n_groups, weeks, n_states, n_states), dtype=np.int64)
    entries = np.zeros((n_groups, weeks, n_states), dtype=np.int64)
    was, seen_before = np.zeros(len(states), dtype=np.int64), np.zeros(len(states), dtype=bool)
    for week in range(weeks):
        now, seen = states[:, week].astype(np.int64), states[:, week] != UNSEEN
        stays, comes = seen & seen_before, seen & ~seen_before
        pair = (group * n_states + was) * n_states + now
        moves[:, week] = _count(pair[stays], moves[:, week].shape)
        entries[:, week] = _count((group * n_states + now)[comes], entries[:, week].shape)
        was, seen_before = now, seen
    return TransitionGrid(moves, entries)


def _count(cells: Counts, shape: tuple[int, ...]) -> Counts:
    return np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)
