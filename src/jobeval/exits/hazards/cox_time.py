"""Whether and how log hazard ratios change over the weeks: score and information by functions
of time.

With ``x · g(t)`` added to a fitted model, Grambsch & Therneau's (1994) test is the score test of
its coefficients at 0. Score and information of the addition are those of the model with every
cell weighted by ``g`` and ``g²``, so that nothing is expanded over time.
"""

from typing import NamedTuple

import numpy as np

from jobeval.exits.hazards.cox_arrange import Counts, Floats
from jobeval.exits.hazards.cox_fit import MaximisedCox, sum_by
from jobeval.exits.hazards.cox_likelihood import weighted_by


class TimeEffects(NamedTuple):
    """A model of ``p`` columns to which ``K`` columns ``x_j g_k(t)`` are added, at 0.

    The scores of the fitted columns and of the added ones, less what the fitted ones tell of
    them, are uncorrelated under the model.
    """

    score: Floats  # (K,), of the added
    fitted: Floats  # (p, p), information on the fitted
    taken: Floats  # (p, K), what a unit of an added coefficient takes from the fitted
    information: Floats  # (K, K), on the added, less what the fitted tell
    spread: Floats  # (p + K, p + K), variance of both scores: the information, or over groups


def added_over_time(
    model: MaximisedCox,
    functions: Floats,
    columns: Counts,
    *,
    robust: bool = False,
    groups: Counts | None = None,
) -> TimeEffects:
    """Score and information of columns that are multiplied by functions of the week.

    Parameters
    ----------
    model
        A fitted model with ``M`` cells and ``p`` columns, in the units of its scaled columns.
    functions
        Shape ``(K, M)``: the functions in the weeks of the cells.
    columns
        Shape ``(K,)``: which column of the model each one multiplies.
    robust, groups
        Whether the spread is Lin & Wei's, summed over groups of rows (shape ``(n,)``).

    Raises
    ------
    LinAlgError
        When the fitted columns have no information.
    """
    likelihood = model.likelihood
    sums = likelihood.sums(model.maximum.beta)
    added = [
        (weighted_by(sums, g), int(j)) for g, j in zip(functions, columns.tolist(), strict=True)
    ]
    score = np.array([likelihood.score(weighted)[j] for weighted, j in added])
    across = np.array([likelihood.information(weighted)[j] for weighted, j in added])
    fitted = likelihood.information(sums)
    taken = np.asarray(np.linalg.solve(fitted, across.T), dtype=np.float64)
    own = np.empty((len(added), len(added)))
    for k, (weighted, j) in enumerate(added):
        for other in range(k + 1):
            twice = likelihood.information(weighted_by(weighted, functions[other]))
            own[k, other] = own[other, k] = twice[j, columns[other]]
    information = own - across @ taken
    if not robust:
        return TimeEffects(score, fitted, taken, information, block_diag(fitted, information))
    of_fitted = likelihood.score_residuals(sums)
    of_added = np.array([likelihood.score_residuals(weighted)[j] for weighted, j in added])
    residuals = np.vstack([of_fitted, of_added - taken.T @ of_fitted])
    if groups is not None:
        residuals = sum_by(groups[likelihood.cells.order], residuals)
    return TimeEffects(score, fitted, taken, information, residuals @ residuals.T)


def block_diag(first: Floats, second: Floats) -> Floats:
    """Two square matrices with nothing between them."""
    p = len(first)
    matrix = np.zeros((p + len(second), p + len(second)))
    matrix[:p, :p], matrix[p:, p:] = first, second
    return matrix
