"""Were the arms alike before the lottery?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.errors import DesignError
from jobeval.inference.assignment import Assignment
from jobeval.inference.redraw import aggregate_units, redraw_lottery
from jobeval.plan.parts import Term
from jobeval.results import CheckResult

SEED = 20160301
ALARM = 0.05
_TOLERANCE = 1e-9


def check_balance(
    assignment: Assignment,
    names: tuple[str, ...],
    values: NDArray[np.float64],
    *,
    draws: int = 2000,
    seed: int = SEED,
) -> CheckResult:
    """Standardised differences of baseline covariates, and a joint test by the lottery.

    The joint statistic is the quadratic form of Hansen & Bowers (2008, Statistical Science 23,
    eq. 8): the stratum-adjusted differences of all covariates, weighed with their exact
    covariance under the stratified lottery. Its p-value comes from re-drawing the lottery,
    ``(1 + hits) / (1 + draws)``; ``values`` also holds the χ² approximation.

    Parameters
    ----------
    assignment
        The lottery of ``n`` persons.
    names
        Names of the ``p`` covariates.
    values
        Shape ``(n, p)``. An unknown value (``nan``) is set to the mean of its covariate, and
        a column that marks the unknown joins the test, so "unknown" is itself balanced.
    draws, seed
        Re-drawn lotteries (default 2,000) and their seed.

    Returns
    -------
    CheckResult
        ``"balance"``; failed when p < 0.05. ``table``: covariate, mean_treatment,
        mean_control (with the strata weighted as everyone drawn), standardised_difference
        (by the pooled standard deviation within arms).

    Examples
    --------
    >>> n = 200
    >>> assigned = np.arange(n) % 2
    >>> lottery = Assignment(np.ones(n, bool), assigned, np.zeros(n, int), ("all",))
    >>> check_balance(lottery, ("age",), (50.0 + assigned)[:, None], draws=200).passed
    False
    """
    names, values = mark_unknown(names, values)
    if not names:
        raise DesignError("The balance test needs at least one covariate that varies.")
    table = _differences(assignment, names, values)
    statistic, df, p_value, p_chi2 = compare_jointly(assignment, values, draws, seed)
    passed = p_value >= ALARM
    largest = table["standardised_difference"].abs().max()
    verdict = "no more than chance would give" if passed else "more than chance would give"
    sentence = (
        f"The arms differ before the lottery {verdict} (p = {p_value:.3g}); the largest of "
        f"{len(table)} standardised differences is {largest:.2f}."
    )
    numbers = {
        "statistic": statistic,
        "df": float(df),
        "p_value": p_value,
        "p_value_chi2": p_chi2,
        "draws": float(draws),
        "largest": float(largest),
    }
    return CheckResult(
        name="balance", passed=passed, sentence=sentence, values=numbers, table=table
    )


def code_balance(
    columns: Mapping[str, NDArray[Any]], terms: Sequence[Term]
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Covariates as columns of numbers, with a column for every level of a category.

    Parameters
    ----------
    columns
        Arrays of shape ``(n,)``.
    terms
        What to code; unknown numbers stay ``nan``, an unknown category is a level.

    Examples
    --------
    >>> sex = np.array(["f", "m", None], dtype=object)
    >>> code_balance({"sex": sex}, [Term(column="sex", type="category")])[0]
    ('sex[f]', 'sex[m]', 'sex[unknown]')
    """
    coded: dict[str, NDArray[np.float64]] = {}
    for term in terms:
        column = columns[term.column]
        if term.type == "number":
            coded[term.column] = column.astype(float)
            continue
        texts = np.array(["unknown" if v is None or v != v else str(v) for v in column])
        for level in np.unique(texts):
            coded[f"{term.column}[{level}]"] = (texts == level).astype(float)
    return tuple(coded), np.column_stack(list(coded.values()))


def mark_unknown(
    names: tuple[str, ...], values: NDArray[np.float64]
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Columns that vary, unknown values at their mean with a column that marks them."""
    columns: dict[str, NDArray[np.float64]] = {}
    for name, column in zip(names, values.T, strict=True):
        unknown = np.isnan(column)
        if unknown.all():
            continue
        columns[name] = np.where(unknown, column[~unknown].mean(), column)
        if unknown.any():
            columns[f"{name} (unknown)"] = unknown.astype(float)
    kept = {name: column for name, column in columns.items() if np.ptp(column) > 0}
    if not kept:
        return (), np.empty((len(values), 0))
    return tuple(kept), np.column_stack(list(kept.values()))


def _differences(
    assignment: Assignment, names: tuple[str, ...], values: NDArray[np.float64]
) -> pd.DataFrame:
    sizes = assignment.stratum_sizes()
    share = sizes.sum(axis=1) / sizes.sum()
    cell = assignment.stratum * 2 + assignment.assigned
    rows: list[dict[str, float | str]] = []
    for name, column in zip(names, values.T, strict=True):
        means = (np.bincount(cell, column, sizes.size) / sizes.ravel()).reshape(sizes.shape)
        control, treatment = share @ means
        spread = np.sqrt(np.mean([column[assignment.assigned == a].var(ddof=1) for a in (0, 1)]))
        difference = (treatment - control) / spread if spread > 0 else np.nan
        rows.append(
            {
                "covariate": name,
                "mean_treatment": float(treatment),
                "mean_control": float(control),
                "standardised_difference": float(difference),
            }
        )
    return pd.DataFrame(rows)


def compare_jointly(
    assignment: Assignment, values: NDArray[np.float64], draws: int, seed: int
) -> tuple[float, int, float, float]:
    """Statistic, degrees of freedom, p-value by the lottery drawn again, and by χ²."""
    from scipy.special import chdtrc

    assignment, values = aggregate_units(assignment, values)
    root = _whitened(assignment, values)
    df = root.shape[1]
    if df == 0:
        return np.nan, 0, np.nan, np.nan
    observed = float(np.sum((assignment.assigned @ root) ** 2))
    origin = np.random.SeedSequence(seed)
    hits = sum(
        int((np.sum((block @ root) ** 2, axis=1) >= observed * (1 - _TOLERANCE)).sum())
        for block in redraw_lottery(assignment, draws, origin)
    )
    return observed, df, (1 + hits) / (1 + draws), float(chdtrc(df, observed))


def _whitened(assignment: Assignment, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns ``W`` with ``z'W`` standardised and uncorrelated under the lottery.

    ``values`` are centred within strata and scaled by √(n1 n0 / (n (n − 1))), so that their
    cross-product is the covariance of ``z'x``; its independent directions are kept.
    """
    sizes = assignment.stratum_sizes()
    n = sizes.sum(axis=1)
    means = (
        np.stack([np.bincount(assignment.stratum, column) for column in values.T], 1) / n[:, None]
    )
    centred = values - means[assignment.stratum]
    factor = np.sqrt(sizes.prod(axis=1) / (n * np.maximum(n - 1, 1)))
    scaled = centred * factor[assignment.stratum][:, None]
    length = np.linalg.norm(scaled, axis=0)
    keep = length > _TOLERANCE * np.maximum(np.linalg.norm(values, axis=0), 1)
    _, singular, right = np.linalg.svd(scaled[:, keep] / length[keep], full_matrices=False)
    independent = singular > _TOLERANCE * singular.max(initial=0)
    return (centred[:, keep] / length[keep]) @ (right[independent].T / singular[independent])
