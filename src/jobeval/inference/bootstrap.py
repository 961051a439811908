"""The persons drawn again within the cells of the lottery: all effects in the same draws."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.assignment import Assignment
from jobeval.inference.redraw import require_seed

Floats = NDArray[np.float64]
TILE = 256
"""Draws that are made together."""


def bootstrap_effects(outcomes: Floats, assignment: Assignment, *, draws: int, seed: int) -> Floats:
    """The effects on several outcomes when the persons are drawn again, jointly.

    From each stratum × arm of ``n`` persons (clusters, where those were drawn) ``n − 1`` are
    drawn with replacement, so that the variance of a cell's mean is ``s²/n``, the same as in
    the formula of the blocked difference, and not ``(n − 1)/n`` of it (McCarthy & Snowden
    1985). Cells of one stay as they are.

    Parameters
    ----------
    outcomes
        Shape ``(n, K)``, finite.
    assignment
        The lottery of the ``n`` persons. Where the probability of treatment varies within
        strata, persons weigh by its inverse.
    draws, seed
        Number and origin of the draws.

    Returns
    -------
    array of shape ``(draws, K)``
        Treatment minus control in each draw, over the strata's shares of everyone drawn.

    Examples
    --------
    >>> from jobeval.inference.assignment import Assignment
    >>> arm = np.array([0, 0, 0, 1, 1, 1])
    >>> lottery = Assignment(np.ones(6, bool), arm, np.zeros(6, int), ("all",))
    >>> effects = bootstrap_effects(np.column_stack([arm, 2 * arm]), lottery, draws=3, seed=1)
    >>> effects.tolist()
    [[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]
    """
    require_seed(seed)
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    masses = _masses(assignment)
    weighted = np.column_stack([outcomes * masses[:, None], masses])
    units, cell = _sum_units(weighted, assignment)
    sizes = np.bincount(assignment.stratum, minlength=assignment.n_strata)
    effects = np.zeros((draws, outcomes.shape[1]))
    for code in range(2 * assignment.n_strata):
        share = sizes[code // 2] / sizes.sum() * (1 if code % 2 else -1)
        own = units[cell == code]
        for start in range(0, draws, TILE):
            part = slice(start, min(start + TILE, draws))
            sums = _draw_sums(own, part.stop - start, rng)
            effects[part] += share * sums[:, :-1] / sums[:, -1:]
    return effects


def _masses(assignment: Assignment) -> Floats:
    """One a person, or over the probability of its arm where that varies within strata."""
    if not assignment.probability_varies or assignment.probability is None:
        return np.ones(len(assignment.assigned))
    treated = assignment.assigned == 1
    return 1 / np.where(treated, assignment.probability, 1 - assignment.probability)


def _sum_units(weighted: Floats, assignment: Assignment) -> tuple[Floats, NDArray[np.int64]]:
    """The sums of each unit that was drawn, and its cell, ``2 × stratum + arm``."""
    cell = 2 * assignment.stratum + assignment.assigned
    if assignment.cluster is None:
        return weighted, cell
    sums = np.zeros((int(assignment.cluster.max()) + 1, weighted.shape[1]))
    np.add.at(sums, assignment.cluster, weighted)
    home = np.zeros(len(sums), dtype=np.int64)
    home[assignment.cluster] = cell
    return sums, home


def _draw_sums(units: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Sums over the units drawn, shape ``(draws, K)``."""
    n = len(units)
    if n < 2:
        return np.broadcast_to(units.sum(axis=0), (draws, units.shape[1]))
    counts = rng.multinomial(n - 1, np.full(n, 1 / n), size=draws)
    return counts.astype(float) @ units
