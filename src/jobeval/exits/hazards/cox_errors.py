"""Who counts as one in the errors of a Cox model, and how many there are."""

import math
from typing import NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DesignError
from jobeval.exits.curves.curves import FEW_CLUSTERS
from jobeval.exits.grid.durations import Durations
from jobeval.exits.hazards.cox_options import CoxOptions

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
ROUNDING = 1e-20
"""A robust variance below this share of the model's tells of rounding alone."""


class ErrorGroups(NamedTuple):
    """Rows whose score residuals are summed; ``codes`` is ``None`` where each stands alone."""

    robust: bool
    codes: Counts | None = None
    notes: tuple[str, ...] = ()


class Sizes(TypedDict):
    """Persons drawn and persons who left, by arm."""

    n_treatment: int
    n_control: int
    n_clusters: int | None
    n_apart_treatment: int
    n_apart_control: int


def error_groups(durations: Durations, options: CoxOptions) -> ErrorGroups:
    """Clusters where some were drawn, else persons; what is to be said of them.

    Raises
    ------
    DesignError
        When an option that has the likelihood's errors only meets clusters or exits that recur.
    """
    cluster, person = durations.assignment.cluster, durations.person
    why = "clusters were drawn" if cluster is not None else ""
    if not why and person is not None and _leaves_again(durations, person):
        why = "some persons left several times"
    robust = bool(why) if options.robust is None else options.robust
    if robust and options.of_likelihood:
        because = f"{why}, and " if options.robust is None else "robust=True: "
        raise DesignError(
            f"{because}{options.of_likelihood} has errors of the likelihood only, as if persons "
            "were independent. Mend: leave it out, or robust=False to take those errors."
        )
    if not robust:
        ignored = ("standard error of the model, as if persons were independent",) if why else ()
        return ErrorGroups(False, None, ignored)
    return _grouped(cluster, person)


def sizes_by_arm(
    durations: Durations, rows: Counts | None = None, left: Counts | None = None
) -> Sizes:
    """Persons, not rows, of all rows or of some, and of those rows that left."""
    rows = np.arange(len(durations.weeks)) if rows is None else rows
    left = np.flatnonzero(durations.cause > 0) if left is None else left
    persons, leavers = _persons_by_arm(durations, rows), _persons_by_arm(durations, left)
    return Sizes(
        n_treatment=persons[1],
        n_control=persons[0],
        n_clusters=durations.assignment.n_clusters,
        n_apart_treatment=leavers[1],
        n_apart_control=leavers[0],
    )


def standard_errors(vcov: Floats, of_model: Floats) -> list[float]:
    """Roots of the variances; ``nan`` where they are nothing beside those of the model."""
    pairs = zip(np.diag(vcov).tolist(), np.diag(of_model).tolist(), strict=True)
    return [math.sqrt(own) if own > ROUNDING * model else math.nan for own, model in pairs]


def _persons_by_arm(durations: Durations, rows: Counts) -> list[int]:
    if durations.person is not None:
        rows = rows[np.unique(durations.person[rows], return_index=True)[1]]
    return np.bincount(durations.assignment.assigned[rows], minlength=2).tolist()


def _leaves_again(durations: Durations, person: Counts) -> bool:
    return bool((np.bincount(person[durations.cause > 0], minlength=1) > 1).any())


def _grouped(cluster: Counts | None, person: Counts | None) -> ErrorGroups:
    note = "robust standard error (Lin–Wei)"
    if cluster is None:
        return ErrorGroups(True, person, (note if person is None else f"{note} over persons",))
    size = int(cluster.max()) + 1
    few = ", too few for a normal reference" if size < FEW_CLUSTERS else ""
    return ErrorGroups(True, cluster, (f"{note} over {size} clusters{few}",))
