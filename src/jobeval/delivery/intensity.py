"""How much effort each arm received."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.inference.assignment import Assignment
from jobeval.results import CheckResult


def count_intensity(
    assignment: Assignment,
    first_weeks: dict[str, NDArray[np.float64]],
    arms: tuple[str, str],
) -> CheckResult:
    """The share of each arm with at least one activity of each kind since randomisation.

    Registration depends on caseworkers and may differ between the arms, so this informs
    and proves nothing (``"intensity"``).

    Parameters
    ----------
    assignment
        The lottery of ``n`` persons.
    first_weeks
        Kind of activity → week of the person's first one, ``nan`` if none; shape ``(n,)``.
    arms
        Names of (control, treatment).

    Examples
    --------
    >>> lottery = Assignment(np.ones(2, bool), np.array([0, 1]), np.zeros(2, int), ("all",))
    >>> result = count_intensity(lottery, {"mentor": np.array([np.nan, 2.0])}, ("c", "t"))
    >>> result.table["share"].tolist()
    [0.0, 1.0]
    """
    persons = np.bincount(assignment.assigned, minlength=2)
    rows: list[dict[str, str | int | float]] = []
    for kind, week in first_weeks.items():
        counts = np.bincount(assignment.assigned[~np.isnan(week)], minlength=2)
        rows += [
            {"kind": kind, "arm": arm, "persons": n, "with_activity": k, "share": k / n}
            for arm, n, k in zip(arms, persons.tolist(), counts.tolist(), strict=True)
        ]
    columns = ["kind", "arm", "persons", "with_activity", "share"]
    return CheckResult(
        name="intensity",
        passed=None,
        sentence=f"{len(first_weeks)} kinds of activity are registered.",
        table=pd.DataFrame(rows, columns=columns),
    )
