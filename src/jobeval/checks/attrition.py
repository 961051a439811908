"""Is the outcome missing more often in one arm than in the other?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.inference.assignment import Assignment
from jobeval.inference.redraw import aggregate_units
from jobeval.results import CheckResult

ALARM = 0.05
STATUSES = ("observed", "not_observed", "out_of_population")


def check_attrition(
    assignment: Assignment,
    statuses: Mapping[str, NDArray[np.object_]],
    arms: tuple[str, str],
) -> CheckResult:
    """Count who has an outcome, by endpoint and arm, and test whether the arms differ.

    The test is Cochran–Mantel–Haenszel over the lottery's strata, or its like over clusters
    where those were drawn; an endpoint that everyone has, or that everyone lacks, cannot
    differ and has no p-value.

    Parameters
    ----------
    assignment
        The lottery of ``n`` persons.
    statuses
        Endpoint → array of shape ``(n,)`` with ``"observed"``, ``"not_observed"`` or
        ``"out_of_population"``.
    arms
        Names of (control, treatment).

    Returns
    -------
    CheckResult
        ``"attrition"``; failed when the smallest p-value, Bonferroni-adjusted over the
        endpoints, is below 0.05.

    Examples
    --------
    >>> lottery = Assignment(np.ones(4, bool), np.array([0, 1, 0, 1]), np.zeros(4, int), ("all",))
    >>> seen = {"hours": np.array(["observed"] * 4, dtype=object)}
    >>> check_attrition(lottery, seen, ("control", "treatment")).passed
    True
    """
    rows: list[dict[str, object]] = []
    tested: list[float] = []
    for endpoint, status in statuses.items():
        for code, arm in enumerate(arms):
            of_arm = status[assignment.assigned == code]
            counts = {name: int((of_arm == name).sum()) for name in STATUSES}
            rows.append({"endpoint": endpoint, "arm": arm, "persons": len(of_arm), **counts})
        observed = np.asarray(status == "observed", dtype=bool)
        if 0 < observed.sum() < len(observed):
            tested.append(_lottery_p(observed, assignment))
    smallest = min(1.0, min(tested) * len(tested)) if tested else np.nan
    passed = not smallest < ALARM
    sentence = _sentence(tested, smallest, passed)
    return CheckResult(
        name="attrition",
        passed=passed,
        sentence=sentence,
        values={"p_value": float(smallest), "tested": float(len(tested))},
        table=pd.DataFrame(rows, columns=["endpoint", "arm", "persons", *STATUSES]),
    )


def _sentence(tested: list[float], smallest: float, passed: bool) -> str:
    if not tested:
        return "No endpoint is observed for some persons and missing for others."
    verdict = "does not differ" if passed else "differs"
    return f"The share with an outcome {verdict} between the arms (smallest p = {smallest:.3g})."


def _lottery_p(observed: NDArray[np.bool_], assignment: Assignment) -> float:
    """p-value of the treated who are observed, with their exact variance under the lottery.

    For persons this is Cochran–Mantel–Haenszel without continuity correction (Agresti 2013,
    eq. 6.6); where clusters were drawn, their totals take the place of persons.
    """
    from scipy.special import chdtrc

    drawn, totals = aggregate_units(assignment, observed[:, None].astype(np.float64))
    sizes = drawn.stratum_sizes().astype(np.float64)
    n = sizes.sum(axis=1)
    mean = np.bincount(drawn.stratum, totals[:, 0], drawn.n_strata) / n
    centred = totals[:, 0] - mean[drawn.stratum]
    spread = np.bincount(drawn.stratum, centred**2, drawn.n_strata)
    variance = (sizes.prod(axis=1) / (n * np.maximum(n - 1, 1)) * spread).sum()
    surplus = float(drawn.assigned @ centred)
    return float(chdtrc(1, surplus**2 / variance)) if variance > 0 else np.nan
