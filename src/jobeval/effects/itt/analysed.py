"""The persons, outcome and covariates of one analysis, read from columns."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.options import IttOptions
from jobeval.errors import DataError, DesignError, Problem
from jobeval.inference.assignment import Assignment, read_assignment
from jobeval.inference.covariates import CovariateColumns, read_covariates
from jobeval.inference.redraw import drawn_units
from jobeval.plan.lottery import Lottery

Columns = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Analysed:
    """The ``n`` persons of the two arms whose outcome is known.

    ``outcome`` has shape ``(n,)`` and is finite; ``assignment``, ``covariates`` and the
    sampling ``weights`` (positive, shape ``(n,)``, or ``None``) are of the same persons in the
    same order. ``drawn`` is the lottery of everyone whose weight is not 0.
    """

    outcome: Floats
    assignment: Assignment
    drawn: Assignment
    covariates: CovariateColumns
    notes: tuple[str, ...] = ()
    weights: Floats | None = None

    def subset(self, keep: NDArray[np.bool_]) -> "Analysed":
        """The persons of ``keep``, shape ``(n,)``; ``drawn`` stays."""
        return replace(
            self,
            outcome=self.outcome[keep],
            assignment=self.assignment.subset(keep),
            covariates=replace(self.covariates, values=self.covariates.values[keep]),
            weights=None if self.weights is None else self.weights[keep],
        )


def read_analysed(
    columns: Columns, outcome: str, lottery: Lottery, options: IttOptions
) -> Analysed:
    """Read one analysis; persons whose outcome is missing are left out with a note.

    So are persons whose sampling weight is 0: the analysis is not about them.

    Raises
    ------
    DataError
        When the outcome is text or infinite, or the lottery's columns, the covariates or the
        weights are not as they must be.
    """
    drawn = read_assignment(columns, lottery)
    values = _read_outcome(columns[outcome][drawn.rows], outcome)
    known = ~np.isnan(values)
    notes: tuple[str, ...] = ()
    weights = None
    if options.weights is not None:
        weights = _read_weights(columns[options.weights][drawn.rows], options.weights, known)
        counted = weights != 0
        notes = _uncounted_note(options.weights, counted)
        if not counted.all():
            drawn, values, known = drawn.subset(counted), values[counted], known[counted]
            weights = weights[counted]
    assignment = drawn if known.all() else drawn.subset(known)
    return Analysed(
        outcome=values[known],
        assignment=assignment,
        drawn=drawn,
        covariates=read_covariates(columns, options.covariates, assignment.rows),
        notes=(*notes, *_missing_note(drawn.assigned, known)),
        weights=None if weights is None else weights[known],
    )


def require_comparable(data: Analysed, options: IttOptions) -> None:
    """Raise ``DesignError`` when the persons who are left cannot be compared.

    That is a stratum without both arms, or too few persons or clusters for an error. For
    estimators that cannot do with one person or cluster in an arm of a stratum; one that can
    calls ``require_both_arms``.
    """
    require_both_arms(data)
    if data.assignment.cluster is not None:
        _require_clusters(data.assignment, options)
    elif options.adjustment != "ancova":
        _require_two_persons(data.assignment)


def require_both_arms(data: Analysed) -> None:
    """Raise ``DesignError`` where a stratum of the lottery has lost one of its arms."""
    assignment, drawn = data.assignment, data.drawn
    lost = set(drawn.stratum_labels) - set(assignment.stratum_labels)
    sizes = assignment.stratum_sizes()
    lonely = len(lost) + int((sizes == 0).any(axis=1).sum())
    if lonely or not len(assignment.assigned):
        raise DesignError(
            f"without the persons whose outcome is missing, {max(lonely, 1)} of "
            f"{drawn.n_strata} strata do not hold both arms. Mend: find the outcomes, or "
            "merge the strata with a neighbour before the analysis."
        )


def unit_sizes(assignment: Assignment) -> NDArray[np.int64]:
    """Persons, or clusters where those were drawn, by stratum and arm, shape ``(S, 2)``."""
    first, _ = drawn_units(assignment)
    cell = assignment.stratum[first] * 2 + assignment.assigned[first]
    return np.bincount(cell, minlength=2 * assignment.n_strata).reshape(-1, 2)


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


def _read_weights(values: NDArray[Any], name: str, known: NDArray[np.bool_]) -> Floats:
    """Sampling weights, shape ``(n,)``; where the outcome is unknown they may be missing."""
    place = f"weights {name!r}"
    if values.dtype.kind not in "biuf":
        problem = Problem(place, "is not a column of numbers.", "Deliver it as numbers.")
        raise DataError("weights", [problem])
    weights = np.where(np.isnan(values) & ~known, 1.0, values.astype(float))
    faults = {
        "is missing for {} persons in the analysis.": np.isnan(weights),
        "is below zero for {} persons.": weights < 0,
        "is infinite for {} persons.": np.isinf(weights),
    }
    problems = [Problem(place, rule.format(int(f.sum()))) for rule, f in faults.items() if f.any()]
    if not problems and not (weights[known] > 0).any():
        problems = [Problem(place, "is above zero for nobody in the analysis.")]
    if problems:
        raise DataError("weights", problems)
    return weights


def _uncounted_note(name: str, counted: NDArray[np.bool_]) -> tuple[str, ...]:
    left = int((~counted).sum())
    return (f"weight {name!r} is zero and left out: {left} persons",) if left else ()


def _missing_note(assigned: NDArray[np.int64], known: NDArray[np.bool_]) -> tuple[str, ...]:
    if known.all():
        return ()
    missing = [int((~known[assigned == arm]).sum()) for arm in (0, 1)]
    drawn = [int((assigned == arm).sum()) for arm in (0, 1)]
    return (
        f"outcome missing and left out: {missing[1]} of {drawn[1]} in the treatment arm, "
        f"{missing[0]} of {drawn[0]} in the control arm",
    )


def _require_two_persons(assignment: Assignment) -> None:
    small = int((assignment.stratum_sizes() < 2).any(axis=1).sum())
    if small:
        raise DesignError(
            f"{small} of {assignment.n_strata} strata have one person only in an arm, so no "
            "error can be estimated there. Mend: merge them with a neighbour before the "
            'analysis, or ask for adjustment="ancova" or "none".'
        )


def _require_clusters(assignment: Assignment, options: IttOptions) -> None:
    """At least two clusters an arm; in each stratum where every stratum has its own effect."""
    sizes = unit_sizes(assignment)
    within = options.adjustment != "ancova"
    small = int(((sizes if within else sizes.sum(axis=0, keepdims=True)) < 2).any(axis=1).sum())
    if small:
        where = f"{small} of {assignment.n_strata} strata have" if within else "the lottery has"
        raise DesignError(
            f"{where} fewer than two clusters in an arm, so no error can be estimated. "
            "Mend: merge strata before the analysis."
        )
