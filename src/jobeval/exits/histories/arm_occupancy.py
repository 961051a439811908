"""State occupation of both arms, standardised over strata, with what each person adds to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import require_one_of
from jobeval.exits.curves.curves import FEW_CLUSTERS
from jobeval.exits.histories.histories import Histories
from jobeval.exits.histories.product_integral import (
    Occupation,
    multiply_steps,
    occupation_influence,
    share_influence,
)
from jobeval.exits.histories.transition_grid import TransitionGrid, count_transitions

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
OccupancyMethod = Literal["aalen-johansen", "observed"]
AT_REST = 0.05
"""Beyond this share in states in which nobody is observed any more, an arm is unknown."""
PERSONS = 4096
"""Persons whose influence is held at once."""


@dataclass(frozen=True, slots=True, eq=False)
class ArmOccupancy:
    """Occupation by arm × stratum, and the persons behind it.

    Attributes
    ----------
    histories
        The ``n`` persons.
    method
        ``"aalen-johansen"`` or ``"observed"``.
    stratum
        Shape ``(n,)``: codes of the ``S`` strata, one when not standardised.
    weights
        Shape ``(S,)``: the share of each among the persons of both arms.
    grid
        Counts, shapes ``(2, S, T, …)``.
    occupation
        Of the same shapes.
    n_first
        Shape ``(2, S)``: persons behind the shares of week 0; 0 when these are given.
    """

    histories: Histories
    method: OccupancyMethod
    stratum: Counts
    weights: Floats
    grid: TransitionGrid
    occupation: Occupation
    n_first: Counts

    @property
    def resting(self) -> Floats:
        """Share of each arm in states in which nobody is observed any more, ``(2, T)``."""
        return np.einsum("s,ast->at", self.weights, self.occupation.resting)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Shape ``(2, T)``."""
        late = np.nan_to_num(self.resting, nan=1.0) > AT_REST
        return ~(late | self.occupation.ended.any(axis=1))

    @property
    def values(self) -> Floats:
        """Shape ``(2, T, K)``; ``nan`` where unknown."""
        values = np.einsum("s,astk->atk", self.weights, self.occupation.values)
        return np.where(self.known[..., None], values, np.nan)

    def sum_influence(self, reduce: Callable[[Floats], Floats]) -> Floats:
        """``Σ reduce(U)`` for each arm, over blocks ``U`` of shape ``(T, b, K)``."""
        return np.stack([sum(reduce(block) for block in self._influence(arm)) for arm in (0, 1)])

    def _influence(self, arm: int) -> Iterator[Floats]:
        """Weighted influence of the independent units of an arm, persons or clusters."""
        drawn = self.histories.assignment
        for stratum, weight in enumerate(self.weights):
            mine = np.flatnonzero((drawn.assigned == arm) & (self.stratum == stratum))
            blocks = (weight * self._of(mine[rows], arm, stratum) for rows in _blocks(len(mine)))
            if drawn.cluster is None:
                yield from blocks
            else:
                yield _sum(blocks, drawn.cluster[mine], self.occupation.values.shape[-2:])

    def _of(self, persons: Counts, arm: int, stratum: int) -> Floats:
        states, at = np.ascontiguousarray(self.histories.states[persons]), (arm, stratum)
        values = self.occupation.values[at]
        if self.method == "observed":
            return share_influence(states, values, self.grid.occupied[at].sum(axis=-1))
        return occupation_influence(
            states, values, self.occupation.steps[at], self.grid.at_risk[at], int(self.n_first[at])
        )

    def variance(self) -> Floats:
        """Shape ``(2, T, K)``."""
        return self.sum_influence(lambda u: (u**2).sum(axis=1))

    def covariance(self) -> Floats:
        """Of the weeks of each state, shape ``(2, K, T, T)``."""
        return self.sum_influence(lambda u: np.stack([own @ own.T for own in np.moveaxis(u, 2, 0)]))

    def area_variance(self, weeks: int) -> Floats:
        """Of the sum over the first weeks, shape ``(2, K)``."""
        return self.sum_influence(lambda u: (u[:weeks].sum(axis=0) ** 2).sum(axis=0))

    def notes(self) -> list[str]:
        """How the numbers were put together, and where they end."""
        strata, clusters = len(self.weights), self.histories.assignment.n_clusters
        notes = [f"standardised over {strata} strata"] if strata > 1 else []
        if clusters is not None:
            few = ", too few for a normal reference" if clusters < FEW_CLUSTERS else ""
            notes.append(f"standard errors summed over {clusters} clusters{few}")
        return notes

    def end_notes(self, arm: int, first_week: int = 0) -> list[str]:
        """What is not observed in an arm."""
        known, name, notes = self.known[arm], self.histories.arms[arm], list[str]()
        share = float(self.resting[arm][known].max(initial=0.0))
        if share > 0:
            notes.append(
                f"up to {share:.2g} of arm {name!r} rests in states in which nobody is observed "
                "any more"
            )
        if not known.all():
            where = "of some stratum " if len(self.weights) > 1 else ""
            notes.append(
                f"unknown from week {first_week + int(np.argmin(known))} on: too few {where}in arm "
                f"{name!r} are observed" + (" (standardise=False ignores strata)" * bool(where))
            )
        return notes


def _blocks(size: int) -> list[slice]:
    return [slice(start, start + PERSONS) for start in range(0, max(size, 1), PERSONS)]


def _sum(blocks: Iterator[Floats], cluster: Counts, shape: tuple[int, int]) -> Floats:
    """Influence of the ``G`` clusters of persons, shape ``(T, G, K)``; ``shape`` is ``(T, K)``."""
    labels, codes = np.unique(cluster, return_inverse=True)
    total = np.zeros((shape[0], len(labels), shape[1]))
    for rows, block in zip(_blocks(len(cluster)), blocks, strict=True):
        order = np.argsort(codes[rows], kind="stable")
        present, starts = np.unique(codes[rows][order], return_index=True)
        if len(present):
            total[:, present] += np.add.reduceat(block[:, order], starts, axis=1)
    return total


def estimate_arms_occupancy(
    histories: Histories,
    method: OccupancyMethod = "aalen-johansen",
    standardise: bool | None = None,
    *,
    start_state: int | None = None,
) -> ArmOccupancy:
    """Occupation of both arms.

    Parameters
    ----------
    standardise
        Whether over the strata of the lottery; left out: exactly when it has some.
    start_state
        The state of everybody in the first week; left out: as observed then.
    """
    require_one_of("method", method, get_args(OccupancyMethod))
    drawn, n_states = histories.assignment, len(histories.labels)
    apart = bool(histories.lottery.strata) if standardise is None else standardise
    stratum = drawn.stratum if apart else np.zeros_like(drawn.stratum)
    sizes = np.bincount(stratum, minlength=1)
    group = drawn.assigned * len(sizes) + stratum
    counted = count_transitions(histories.states, group, 2 * len(sizes), n_states)
    moves, entries = (
        part.reshape(2, len(sizes), *part.shape[1:]) for part in (counted.moves, counted.entries)
    )
    grid = TransitionGrid(moves, entries)
    first, n_first = _shares(entries[..., 0, :]), entries[..., 0, :].sum(axis=-1)
    if start_state is not None:
        first, n_first = np.eye(n_states)[start_state], np.zeros_like(n_first)
    if method == "aalen-johansen":
        occupation = multiply_steps(first, moves, histories.absorbing)
    else:
        occupation = _observed(grid)
    return ArmOccupancy(histories, method, stratum, sizes / sizes.sum(), grid, occupation, n_first)


def _shares(counts: Counts) -> Floats:
    total = counts.sum(axis=-1, keepdims=True)
    return np.where(total > 0, counts / np.maximum(total, 1), np.nan)


def _observed(grid: TransitionGrid) -> Occupation:
    values = _shares(grid.occupied)
    ended = np.logical_or.accumulate(np.isnan(values[..., 0]), axis=-1)
    return Occupation(values, np.empty(0), np.zeros(ended.shape), ended)
