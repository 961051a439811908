"""Weights that make both arms stand for everyone drawn."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.analysed import Analysed
from jobeval.effects.itt.options import IttOptions
from jobeval.errors import DesignError
from jobeval.inference.assignment import Assignment

Floats = NDArray[np.float64]
SMALL_SHIFT = 0.02
"""Weight that strata may win or lose, in all, while they still count as drawn alike."""


def choose_weights(data: Analysed, options: IttOptions) -> tuple[Floats | None, tuple[str, ...]]:
    """Weights (``None`` where none are needed) and the notes that tell of them.

    Sampling weights are multiplied with those that the lottery asks for.
    """
    weights, notes = data.weights, tuple(_sampling_note(options))
    if data.assignment.probability_varies:
        weights = _times(inverse_probability_weights(data.assignment), data.weights)
        note = "the probability of treatment varies within strata: weighted by its inverse"
        notes = (*notes, note)
    elif options.adjustment == "ancova" and allocation_differs(data.assignment.stratum_sizes()):
        weights = _times(inverse_allocation_weights(data.assignment, data.weights), data.weights)
        note = (
            "strata differ in allocation: weighted by its inverse, so that the effect is "
            "the average over everyone drawn"
        )
        notes = (*notes, note)
    if weights is not None and options.vcov == "classical":
        raise DesignError('vcov="classical" does not hold under weights. Mend: use "HC2".')
    return weights, notes


def _sampling_note(options: IttOptions) -> Iterator[str]:
    if options.weights is not None:
        yield f"persons weigh by {options.weights!r}"


def _times(weights: Floats, sampling: Floats | None) -> Floats:
    return weights if sampling is None else weights * sampling


def allocation_differs(sizes: NDArray[np.int64]) -> bool:
    """Whether strata differ in their share of treatment by more than whole persons force.

    Either one stratum does, by a person or more; or many small ones do together, so that
    ``n₁n₀/n``, by which a common effect weighs them, is not their share of everyone.

    Parameters
    ----------
    sizes
        Shape ``(S, 2)``: control, treatment.

    Examples
    --------
    >>> allocation_differs(np.array([[2, 3], [10, 10]]))
    False
    >>> allocation_differs(np.array([[10, 10], [5, 15]]))
    True
    >>> allocation_differs(np.array([[1, 1], [9, 1]]))  # a pair, and one among ten
    True
    """
    drawn = sizes.sum(axis=1)
    expected = drawn * sizes[:, 1].sum() / drawn.sum()
    common = sizes.prod(axis=1) / drawn
    apart = np.abs(common / common.sum() - drawn / drawn.sum()).sum() / 2
    return bool((np.abs(sizes[:, 1] - expected) >= 1).any() or apart > SMALL_SHIFT)


def inverse_allocation_weights(assignment: Assignment, sampling: Floats | None = None) -> Floats:
    """``nₛ / nₛₐ``: in each stratum, each arm weighs as much as both together.

    Under sampling weights, shape ``(n,)``, their sums stand in the place of the counts.
    """
    cell = assignment.stratum * 2 + assignment.assigned
    sizes = np.bincount(cell, sampling, 2 * assignment.n_strata).reshape(-1, 2)
    weights = sizes.sum(axis=1, keepdims=True) / sizes
    return weights[assignment.stratum, assignment.assigned]


def inverse_probability_weights(assignment: Assignment) -> Floats:
    """One over the probability of the arm that was drawn (Horvitz & Thompson 1952)."""
    if assignment.probability is None:
        raise ValueError("the lottery names no probability")
    drawn = np.where(assignment.assigned == 1, assignment.probability, 1 - assignment.probability)
    return 1 / drawn


def weighted_cell_means(outcome: Floats, assignment: Assignment, weights: Floats) -> Floats:
    """Weighted (Hájek) means by stratum and arm, shape ``(S, 2)``: control, treatment."""
    cell, size = assignment.stratum * 2 + assignment.assigned, 2 * assignment.n_strata
    means = np.bincount(cell, weights * outcome, size) / np.bincount(cell, weights, size)
    return means.reshape(-1, 2)


def stratum_masses(assignment: Assignment, sampling: Floats | None) -> Floats:
    """Persons in each stratum, or their sampling weights, shape ``(S,)``."""
    return np.bincount(assignment.stratum, sampling, assignment.n_strata).astype(float)


def weighted_arm_means(
    outcome: Floats, assignment: Assignment, weights: Floats, sampling: Floats | None = None
) -> Floats:
    """Means of control and treatment over the strata's shares of everyone, shape ``(2,)``."""
    masses = stratum_masses(assignment, sampling)
    return masses / masses.sum() @ weighted_cell_means(outcome, assignment, weights)
