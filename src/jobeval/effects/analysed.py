"""The persons, outcome and covariates of one analysis, read from columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.options import IttOptions
from jobeval.errors import DataError, DesignError, Problem
from jobeval.inference.assignment import Assignment, read_assignment
from jobeval.inference.covariates import CovariateColumns, read_covariates
from jobeval.plan.lottery import Lottery

Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Analysed:
    """The ``n`` persons of the two arms whose outcome is known.

    ``outcome`` has shape ``(n,)`` and is finite; ``assignment`` and ``covariates`` are of
    the same persons in the same order. ``drawn`` is the lottery of everyone.
    """

    outcome: NDArray[np.float64]
    assignment: Assignment
    drawn: Assignment
    covariates: CovariateColumns
    notes: tuple[str, ...] = ()


def read_analysed(
    columns: Columns, outcome: str, lottery: Lottery, options: IttOptions
) -> Analysed:
    """Read one analysis; persons whose outcome is missing are left out with a note.

    Raises
    ------
    DataError
        When the outcome is text or infinite, or the lottery's columns or the covariates are
        not as they must be.
    """
    drawn = read_assignment(columns, lottery)
    values = _read_outcome(columns[outcome][drawn.rows], outcome)
    known = ~np.isnan(values)
    assignment = drawn if known.all() else drawn.subset(known)
    return Analysed(
        outcome=values[known],
        assignment=assignment,
        drawn=drawn,
        covariates=read_covariates(columns, options.covariates, assignment.rows),
        notes=_missing_note(drawn.assigned, known),
    )


def require_comparable(data: Analysed, options: IttOptions) -> None:
    """Raise ``DesignError`` when the persons who are left cannot be compared.

    That is a stratum without both arms, or too few persons or clusters for an error.
    """
    _require_both_arms(data.assignment, data.drawn)
    if data.assignment.cluster is not None:
        _require_clusters(data.assignment, data.assignment.cluster, options)
    elif options.adjustment != "ancova":
        _require_two_persons(data.assignment)


def _read_outcome(values: NDArray[Any], name: str) -> NDArray[np.float64]:
    place = f"outcome {name!r}"
    if values.dtype.kind not in "biuf":
        problem = Problem(place, "is not a column of numbers.", "Deliver it as numbers.")
        raise DataError("outcome", [problem])
    numbers = values.astype(float)
    infinite = int(np.isinf(numbers).sum())
    if infinite:
        raise DataError("outcome", [Problem(place, f"is infinite for {infinite} persons.")])
    return numbers


def _missing_note(assigned: NDArray[np.int64], known: NDArray[np.bool_]) -> tuple[str, ...]:
    if known.all():
        return ()
    missing = [int((~known[assigned == arm]).sum()) for arm in (0, 1)]
    drawn = [int((assigned == arm).sum()) for arm in (0, 1)]
    return (
        f"outcome missing and left out: {missing[1]} of {drawn[1]} in the treatment arm, "
        f"{missing[0]} of {drawn[0]} in the control arm",
    )


def _require_both_arms(assignment: Assignment, drawn: Assignment) -> None:
    lost = set(drawn.stratum_labels) - set(assignment.stratum_labels)
    sizes = assignment.stratum_sizes()
    lonely = len(lost) + int((sizes == 0).any(axis=1).sum())
    if lonely or not len(assignment.assigned):
        raise DesignError(
            f"without the persons whose outcome is missing, {max(lonely, 1)} of "
            f"{drawn.n_strata} strata do not hold both arms. Mend: find the outcomes, or "
            "merge the strata with a neighbour before the analysis."
        )


def _require_two_persons(assignment: Assignment) -> None:
    small = int((assignment.stratum_sizes() < 2).any(axis=1).sum())
    if small:
        raise DesignError(
            f"{small} of {assignment.n_strata} strata have one person only in an arm, so no "
            "error can be estimated there. Mend: merge them with a neighbour before the "
            'analysis, or ask for adjustment="ancova".'
        )


def _require_clusters(
    assignment: Assignment, cluster: NDArray[np.int64], options: IttOptions
) -> None:
    """At least two clusters an arm; in each stratum where every stratum has its own effect."""
    within = options.adjustment != "ancova"
    stratum = assignment.stratum if within else np.zeros_like(assignment.stratum)
    cells = np.unique(np.stack([stratum, assignment.assigned, cluster]), axis=1)
    counts = np.bincount(cells[0] * 2 + cells[1], minlength=2 * (int(stratum.max()) + 1))
    small = int((counts.reshape(-1, 2) < 2).any(axis=1).sum())
    if small:
        where = f"{small} of {assignment.n_strata} strata have" if within else "the lottery has"
        raise DesignError(
            f"{where} fewer than two clusters in an arm, so no error can be estimated. "
            "Mend: merge strata before the analysis."
        )
