"""Who started the effort, by what the lottery said."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.inference.assignment import Assignment
from jobeval.results import CheckResult


def check_take_up(
    assignment: Assignment, started: NDArray[np.bool_], arms: tuple[str, str]
) -> CheckResult:
    """The share of each arm that started the effort (``"take_up"``, informative).

    Parameters
    ----------
    assignment
        The lottery of ``n`` persons.
    started
        Shape ``(n,)``.
    arms
        Names of (control, treatment).

    Examples
    --------
    >>> lottery = Assignment(np.ones(4, bool), np.array([0, 0, 1, 1]), np.zeros(4, int), ("all",))
    >>> check_take_up(lottery, np.array([False, False, True, False]), ("c", "t")).values
    {'share_treatment': 0.5, 'share_control': 0.0, 'difference': 0.5}
    """
    persons = np.bincount(assignment.assigned, minlength=2)
    counts = np.bincount(assignment.assigned[started], minlength=2)
    control, treatment = counts / persons
    sentence = f"{treatment:.1%} of {arms[1]} and {control:.1%} of {arms[0]} started the effort."
    return CheckResult(
        name="take_up",
        passed=None,
        sentence=sentence,
        values={
            "share_treatment": float(treatment),
            "share_control": float(control),
            "difference": float(treatment - control),
        },
        table=pd.DataFrame({"arm": arms, "persons": persons, "started": counts}),
    )
