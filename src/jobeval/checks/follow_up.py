"""For how many weeks is how much of each arm followed?"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.inference.assignment import Assignment
from jobeval.results import CheckResult


def check_follow_up(
    assignment: Assignment, followed_weeks: NDArray[np.int64], arms: tuple[str, str]
) -> CheckResult:
    """Count the persons whose outcome is known, by week since randomisation and arm.

    Parameters
    ----------
    assignment
        The lottery of ``n`` persons.
    followed_weeks
        Shape ``(n,)``: weeks ``0 … followed_weeks − 1`` are observed.
    arms
        Names of (control, treatment).

    Returns
    -------
    CheckResult
        ``"follow_up"``, informative. ``values``: ``common_weeks``, observed for everyone, and
        ``max_weeks``, observed for anyone.

    Examples
    --------
    >>> lottery = Assignment(np.ones(3, bool), np.array([0, 1, 1]), np.zeros(3, int), ("all",))
    >>> result = check_follow_up(lottery, np.array([2, 1, 2]), ("control", "treatment"))
    >>> result.values, result.table["treatment"].tolist()
    ({'common_weeks': 1.0, 'max_weeks': 2.0}, [2, 1])
    """
    common, longest = int(followed_weeks.min(initial=10**6)), int(followed_weeks.max(initial=0))
    weeks = np.arange(longest)
    table = pd.DataFrame({"week": weeks})
    for code, arm in enumerate(arms):
        of_arm = np.sort(followed_weeks[assignment.assigned == code])
        table[arm] = len(of_arm) - np.searchsorted(of_arm, weeks, side="right")
    sentence = f"Everyone is followed for {common} weeks, the first drawn for {longest}."
    return CheckResult(
        name="follow_up",
        passed=None,
        sentence=sentence,
        values={"common_weeks": float(common), "max_weeks": float(longest)},
        table=table,
    )
