"""Is the outcome missing more often in one arm than in the other?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.checks.attrition_boundaries import Grade, grade_attrition
from jobeval.checks.balance import compare_jointly, mark_unknown
from jobeval.inference.assignment import Assignment
from jobeval.inference.redraw import aggregate_units
from jobeval.results import CheckResult

ALARM = 0.05
SEED = 20160301
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

    The endpoint that fares worst is graded against the boundaries of the What Works
    Clearinghouse, by the shares of persons over the strata's shares of everyone drawn. The
    grade informs; the test decides.

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
        endpoints, is below 0.05. ``values`` holds the ``p_value``, the number ``tested``, and
        of the endpoint graded worst ``overall_attrition`` and ``differential_attrition``
        (whole percentages as shares), ``boundary_cautious``, ``boundary_optimistic`` (``nan``
        beyond the table) and ``grade``: 2 low also under the cautious assumption, 1 under the
        optimistic one only, 0 high.

    Examples
    --------
    >>> lottery = Assignment(np.ones(4, bool), np.array([0, 1, 0, 1]), np.zeros(4, int), ("all",))
    >>> seen = {"hours": np.array(["observed"] * 4, dtype=object)}
    >>> check_attrition(lottery, seen, ("control", "treatment")).passed
    True
    """
    rows: list[dict[str, object]] = []
    tested: list[float] = []
    grades: list[Grade] = []
    for endpoint, status in statuses.items():
        for code, arm in enumerate(arms):
            of_arm = status[assignment.assigned == code]
            counts = {name: int((of_arm == name).sum()) for name in STATUSES}
            rows.append({"endpoint": endpoint, "arm": arm, "persons": len(of_arm), **counts})
        observed = np.asarray(status == "observed", dtype=bool)
        if 0 < observed.sum() < len(observed):
            tested.append(_lottery_p(observed, assignment))
        grades.append(grade_attrition(*_attrition_rates(observed, assignment)))
    smallest = min(1.0, min(tested) * len(tested)) if tested else np.nan
    passed = not smallest < ALARM
    worst = min(grades, default=grade_attrition(0.0, 0.0))
    return CheckResult(
        name="attrition",
        passed=passed,
        sentence=_sentence(tested, smallest, passed, worst),
        values={"p_value": float(smallest), "tested": float(len(tested)), **worst.to_values()},
        table=pd.DataFrame(rows, columns=["endpoint", "arm", "persons", *STATUSES]),
    )


def check_attrition_pattern(
    assignment: Assignment,
    observed: NDArray[np.bool_],
    names: tuple[str, ...],
    values: NDArray[np.float64],
    *,
    draws: int = 2000,
    seed: int = SEED,
) -> CheckResult:
    """Is who is missing, by baseline covariates, the same in both arms?

    Under the lottery, being missing and its products with the covariates are balanced when
    treatment moves nobody in or out of sight. The joint statistic of ``check_balance`` tests
    them together, and the lottery drawn again gives its p-value: so strata, clusters and
    small samples do no harm.

    Parameters
    ----------
    assignment
        The lottery of ``n`` persons.
    observed
        Shape ``(n,)``.
    names, values
        The ``p`` covariates, shape ``(n, p)``; unknown values as in ``check_balance``.
    draws, seed
        Re-drawn lotteries and their seed.

    Returns
    -------
    CheckResult
        ``"attrition_pattern"``; failed when p < 0.05, ``None`` when nobody or everybody is
        missing.

    Examples
    --------
    >>> n = 200
    >>> assigned, age = np.arange(n) % 2, np.arange(n) // 2 % 10
    >>> lottery = Assignment(np.ones(n, bool), assigned, np.zeros(n, int), ("all",))
    >>> observed = np.where(assigned == 1, age > 1, age < 8)  # as many, but not the same
    >>> check_attrition_pattern(lottery, observed, ("age",), age[:, None], draws=200).passed
    False
    """
    missing = (~observed).astype(float)
    if not 0 < missing.sum() < len(missing):
        sentence = "Nobody is missing, or everybody is: there is no pattern to compare."
        return CheckResult(name="attrition_pattern", passed=None, sentence=sentence)
    _, known = mark_unknown(names, np.asarray(values, dtype=float))
    centred = known - known.mean(axis=0)
    tested = np.column_stack([missing, missing[:, None] * centred])
    statistic, df, p_value, p_chi2 = compare_jointly(assignment, tested, draws, seed)
    numbers = {"statistic": statistic, "df": float(df), "p_value": p_value, "p_value_chi2": p_chi2}
    passed = p_value >= ALARM
    verdict = "no more than chance would give" if passed else "more than chance would give"
    return CheckResult(
        name="attrition_pattern",
        passed=passed,
        sentence=f"Those missing differ between the arms, in number or in baseline covariates, "
        f"{verdict} (p = {p_value:.3g}).",
        values={**numbers, "draws": float(draws)},
    )


def _sentence(tested: list[float], smallest: float, passed: bool, worst: Grade) -> str:
    if not tested:
        return "No endpoint is observed for some persons and missing for others."
    verdict = "does not differ" if passed else "differs"
    return (
        f"The share with an outcome {verdict} between the arms (smallest p = {smallest:.3g}). "
        f"{worst.sentence}"
    )


def _attrition_rates(observed: NDArray[np.bool_], assignment: Assignment) -> tuple[float, float]:
    """Share of everyone that is missing, and treatment minus control over the strata's shares."""
    sizes = assignment.stratum_sizes()
    cell = assignment.stratum * 2 + assignment.assigned
    missing = np.bincount(cell, ~observed, sizes.size).reshape(sizes.shape) / sizes
    control, treatment = sizes.sum(axis=1) / sizes.sum() @ missing
    return float(1 - observed.mean()), float(treatment - control)


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
