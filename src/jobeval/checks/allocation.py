"""Did the lottery give each arm the persons that it should have?"""

import numpy as np
import pandas as pd

from jobeval.inference.assignment import Assignment
from jobeval.inference.redraw import aggregate_units
from jobeval.results import CheckResult

ALARM = 0.001
"""A sample-ratio mismatch is called below this p-value (Fabijan et al. 2019, KDD)."""


def check_allocation(assignment: Assignment, arms: tuple[str, str]) -> CheckResult:
    """Compare the persons of each arm with the declared probabilities (sample-ratio mismatch).

    The statistic is (observed − expected treated)² / Σ p(1 − p) on one degree of freedom. It
    is conservative where the lottery drew fixed numbers, and counts clusters where clusters
    were drawn. ``values`` also holds the sum of the strata's own statistics, ``chi2_strata`` on
    ``df_strata``.

    Parameters
    ----------
    assignment
        The lottery of ``n`` persons. Without ``probability`` the check only informs.
    arms
        Names of (control, treatment).

    Returns
    -------
    CheckResult
        ``"allocation"``; failed when either p-value is below 0.001.

    Examples
    --------
    >>> assigned = np.array([1] * 600 + [0] * 400)
    >>> lottery = Assignment(np.ones(1000, bool), assigned, np.zeros(1000, int), ("all",),
    ...                      probability=np.full(1000, 0.5))
    >>> check_allocation(lottery, ("control", "treatment")).passed
    False
    """
    drawn = np.array([(assignment.assigned == code).sum() for code in (0, 1)])
    table = pd.DataFrame({"arm": arms, "persons": drawn})
    if assignment.probability is None:
        sentence = f"{drawn[1]} of {drawn.sum()} persons were drawn to {arms[1]}."
        sentence += " The plan declares no probability to compare with."
        return CheckResult(name="allocation", passed=None, sentence=sentence, table=table)
    values = _mismatch(assignment)
    expected = float(assignment.probability.sum())
    table["expected"] = [float(drawn.sum()) - expected, expected]
    passed = min(values["p_value"], values["p_value_strata"]) >= ALARM
    verdict = "as declared" if passed else "off the plan"
    sentence = (
        f"The allocation is {verdict}: {drawn[1]} persons in {arms[1]}, {expected:.1f} expected "
        f"(p = {values['p_value']:.3g}; by stratum p = {values['p_value_strata']:.3g})."
    )
    return CheckResult(
        name="allocation", passed=bool(passed), sentence=sentence, values=values, table=table
    )


def _mismatch(assignment: Assignment) -> dict[str, float]:
    """Counted in what was drawn: a lottery of 20 clusters is 20 draws, not 1,000."""
    from scipy.special import chdtrc

    drawn, _ = aggregate_units(assignment, np.empty((len(assignment.assigned), 0)))
    assert drawn.probability is not None
    surplus = np.bincount(drawn.stratum, drawn.assigned - drawn.probability)
    spread = np.bincount(drawn.stratum, drawn.probability * (1 - drawn.probability))
    total = float(surplus.sum() ** 2 / spread.sum())
    strata = float((surplus**2 / spread).sum())
    df = drawn.n_strata
    return {
        "chi2": total,
        "df": 1.0,
        "p_value": float(chdtrc(1, total)),
        "chi2_strata": strata,
        "df_strata": float(df),
        "p_value_strata": float(chdtrc(df, strata)),
    }
